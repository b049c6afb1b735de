package store

import (
	"maps"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/detect"
)

// Rules and hosts stand in rows of findings by their numbers.

func visibleName(rule detect.RuleName) detect.RuleName {
	return detect.RuleName{ID: visible(rule.ID), Title: visible(rule.Title)}
}

// visible is a text as it comes back from JSON: bytes that are no text are each
// U+FFFD.
func visible(text string) string { return string([]rune(text)) }

func (c *Case) ruleNumber(rule *detect.Rule) (int64, error) {
	if c.rules == nil {
		rules, err := c.readRules()
		if err != nil {
			return 0, err
		}
		c.rules = inverse(rules)
	}
	name := rule.Name()
	if number, ok := c.rules[name]; ok {
		return number, nil
	}
	name = detect.RuleName{ID: strings.Clone(name.ID), Title: strings.Clone(name.Title)}
	number := int64(len(c.rules)) + 1
	c.rules[name] = number
	return number, c.exec("INSERT INTO rule (number, id, title) VALUES (?, ?, ?)", number, name.ID, name.Title)
}

func (c *Case) hostNumber(name string) (int64, error) {
	if c.hosts == nil {
		hosts, err := c.readHosts()
		if err != nil {
			return 0, err
		}
		c.hosts = inverse(hosts)
	}
	if number, ok := c.hosts[name]; ok {
		return number, nil
	}
	name = strings.Clone(name)
	number := int64(len(c.hosts)) + 1
	c.hosts[name] = number
	return number, c.exec("INSERT INTO host (number, name) VALUES (?, ?)", number, name)
}

func (c *Case) readRules() (map[int64]detect.RuleName, error) {
	rules := map[int64]detect.RuleName{}
	err := c.rows("SELECT number, id, title FROM rule", nil, func(scan func(...any) error) error {
		var number int64
		var name detect.RuleName
		err := scan(&number, &name.ID, &name.Title)
		rules[number] = name
		return err
	})
	return rules, err
}

func (c *Case) readHosts() (map[int64]string, error) {
	hosts := map[int64]string{}
	err := c.rows("SELECT number, name FROM host", nil, func(scan func(...any) error) error {
		var number int64
		var name string
		err := scan(&number, &name)
		hosts[number] = name
		return err
	})
	return hosts, err
}

// Hosts are the names of hosts that findings have, as their logs write them,
// sorted; "" is not among them.
func (c *Case) Hosts() ([]string, error) {
	hosts, err := c.readHosts()
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Values(hosts))
	return slices.DeleteFunc(names, func(name string) bool { return name == "" }), nil
}

func inverse[T comparable](numbered map[int64]T) map[T]int64 {
	numbers := make(map[T]int64, len(numbered))
	for number, name := range numbered {
		numbers[name] = number
	}
	return numbers
}
