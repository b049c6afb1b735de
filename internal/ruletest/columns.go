package ruletest

import (
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/sigma"
)

// columns are those of an event that is being built. Where the taxonomy makes
// a field out of other columns, its value is taken apart again.
type columns struct{ row row }

func (c *columns) add(p *sigma.Predicate, fields []Field) {
	for _, field := range fields {
		switch {
		case p.Field == "":
			c.set(keywordColumn, field)
		case p.Source == nil:
			c.set(p.Field, field)
		case p.Source.Key != "":
			c.addPair(p.Source, field)
		default:
			c.addParts(p.Source, field)
		}
	}
}

func (c *columns) set(name string, field Field) {
	field.Name = name
	if !slices.Contains(c.row, field) {
		c.row = append(c.row, field)
	}
}

// addPair adds Key=value to a column of such pairs.
func (c *columns) addPair(source *sigma.FieldSource, field Field) {
	pair := source.Key + "=" + field.Text
	between := source.Between
	if between == "" {
		between = "\n"
	}
	for i := range c.row {
		if c.row[i].Name == source.Columns[0] {
			c.row[i].Text += between + pair
			return
		}
	}
	c.set(source.Columns[0], Field{Text: pair})
}

// address takes an address apart into host and path, the columns that are
// joined without anything between them. What is no address is a path; its host
// is one that is there already, or any.
func (c *columns) address(hostColumn, text string) []string {
	known := ""
	for _, field := range c.row {
		if field.Name == hostColumn {
			known = field.Text
		}
	}
	host, path, found := strings.Cut(text, "/")
	switch {
	case known != "" && !strings.EqualFold(host, known), !found && !strings.Contains(host, "."):
		return []string{or(known, "www.example.test"), "/" + strings.TrimPrefix(text, "/")}
	case host == "":
		host = "www.example.test"
	}
	return []string{host, "/" + path}
}

// addParts puts the beginning that the taxonomy replaces back, and spreads a
// joined value over its columns.
func (c *columns) addParts(source *sigma.FieldSource, field Field) {
	for _, prefix := range source.Prefixes {
		if n := len(prefix.New); len(field.Text) >= n && strings.EqualFold(field.Text[:n], prefix.New) {
			field.Text = prefix.Old + field.Text[n:]
			break
		}
	}
	parts := []string{field.Text}
	switch {
	case len(source.Columns) > 1 && source.Separator == "":
		parts = c.address(source.Columns[0], field.Text)
	case source.Separator != "":
		parts = strings.SplitN(field.Text, source.Separator, len(source.Columns))
	}
	for i, part := range parts {
		if i < len(source.Columns) {
			c.set(source.Columns[i], Field{Text: part, Null: field.Null})
		}
	}
}
