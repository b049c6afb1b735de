package language

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// English is what messages are written in first, and the language of what
// another lacks.
const English = "en"

//go:embed messages/*.yml
var embedded embed.FS

// A Catalogue holds the messages of all languages. It does not change, and may
// be used by several goroutines.
type Catalogue struct {
	messages map[string]map[string]*message // by language and key
}

// Load reads the catalogues that the program carries.
func Load() (*Catalogue, error) {
	files, err := fs.Sub(embedded, "messages")
	if err != nil {
		return nil, err
	}
	return Read(files)
}

// Read reads catalogues from files named ROOM.LANGUAGE.yml. Each is a flat map
// from a key to a text with {name} for values, or to the plural forms of one:
//
//	story.logon: "{account} logged on to {host}."
//	story.times: {plural: count, one: "{count} time", other: "{count} times"}
//
// Two braces stand for one. A key is in one file only.
func Read(files fs.FS) (*Catalogue, error) {
	c := &Catalogue{messages: map[string]map[string]*message{}}
	names, err := fs.Glob(files, "*.yml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := c.readFile(files, name); err != nil {
			return nil, fmt.Errorf("messages %s: %w", name, err)
		}
	}
	return c, nil
}

func (c *Catalogue) readFile(files fs.FS, name string) error {
	_, tag, ok := strings.Cut(strings.TrimSuffix(path.Base(name), ".yml"), ".")
	if !ok || languageOf(tag) == nil {
		return fmt.Errorf("%q is no known language", tag)
	}
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	messages, ok := readFlat(string(data))
	if !ok {
		if messages, err = readYAML(data); err != nil {
			return err
		}
	}
	return c.add(tag, messages)
}

func readYAML(data []byte) (map[string]*message, error) {
	var entries map[string]yaml.Node
	if err := yaml.Unmarshal(data, &entries); err != nil {
		return nil, err
	}
	messages := make(map[string]*message, len(entries))
	for key, node := range entries {
		m, err := parseMessage(&node)
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", node.Line, key, err)
		}
		messages[key] = &m
	}
	return messages, nil
}

func (c *Catalogue) add(tag string, messages map[string]*message) error {
	if c.messages[tag] == nil {
		c.messages[tag] = messages
		return nil
	}
	for key, m := range messages {
		if c.messages[tag][key] != nil {
			return fmt.Errorf("%s: another file has it too", key)
		}
		c.messages[tag][key] = m
	}
	return nil
}

// Keys are the keys that a language has, sorted.
func (c *Catalogue) Keys(tag string) []string {
	keys := make([]string, 0, len(c.messages[tag]))
	for key := range c.messages[tag] {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Has says whether a language itself, without English's help, has a message.
func (c *Catalogue) Has(tag, key string) bool {
	_, ok := c.messages[tag][key]
	return ok
}

// Says says whether a message is, in English, this text without values.
func (c *Catalogue) Says(key, text string) bool {
	m, ok := c.messages[English][key]
	return ok && m.plural == "" && len(m.other) == 1 && m.other[0].words == text
}

// find returns a message and the language that it is in.
func (c *Catalogue) find(tag, key string) (m *message, in string, ok bool) {
	for _, tag := range []string{tag, English} {
		if m, ok := c.messages[tag][key]; ok {
			return m, tag, true
		}
	}
	return nil, "", false
}

// A Language is one that messages are written in.
type Language struct {
	Tag  string // BCP 47
	Name string // in the language itself
	// RightToLeft is the direction of its script.
	RightToLeft bool

	group, decimal string // in numbers
}

// languages are those of the catalogues, English first. Arabic has the digits
// of the evidence beside it: the same number must look the same in both.
var languages = []Language{
	{Tag: English, Name: "English", group: ",", decimal: "."},
	{Tag: "sq", Name: "Shqip", group: "\u00a0", decimal: ","},
	{Tag: "ar", Name: "العربية", RightToLeft: true, group: ",", decimal: "."},
}

// Languages are those of the catalogues, English first.
func Languages() []Language { return slices.Clone(languages) }

// languageOf returns nil for a language that there is not.
func languageOf(tag string) *Language {
	for i := range languages {
		if languages[i].Tag == tag {
			return &languages[i]
		}
	}
	return nil
}

// Tags are the tags of Languages.
func Tags() []string {
	var tags []string
	for _, l := range languages {
		tags = append(tags, l.Tag)
	}
	return tags
}

// known is the language of a tag, or English.
func known(tag string) *Language { return cmp.Or(languageOf(tag), &languages[0]) }
