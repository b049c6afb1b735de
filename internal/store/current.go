package store

import (
	"bytes"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/custody"
)

// Evidence is one file of the evidence.
type Evidence struct {
	Name, Format string
	Size         int64
	SHA256       [32]byte
	Records      int64
	First, Last  time.Time
	// Problems are in words: what could not be read, gaps, and so on.
	Problems []string

	// Number is that of its leaf, where it is read.
	Number int64
	// Aliases are other names under which the same content was read.
	Aliases []string
	// Said is what was said of it when it was read; nil is nothing.
	Said *Said
	// Settled are the bytes that stay as they are when the file grows, where its
	// format says so.
	Settled *Settled
	// Origin is the SHA-256 of the first content of which this is the
	// continuation, by which findings are named; zero is that of SHA256.
	Origin [32]byte
	// Supersedes are the leaves of what it takes the place of: the file when
	// there was less of it, or as it was read before. DiffersFrom are those of
	// the same name that it does not continue.
	Supersedes, DiffersFrom []int64
}

// Said is what a user said of a file that it does not say itself.
type Said struct {
	Format   string `json:"format,omitempty"`
	Zone     string `json:"zone,omitempty"`
	Year     int    `json:"year,omitempty"`
	Product  string `json:"product,omitempty"`
	Category string `json:"category,omitempty"`
	Service  string `json:"service,omitempty"`
	Carve    bool   `json:"carve,omitempty"`
}

// Settled are the first bytes of a file that is written anew at its beginning
// and its end only: how many, the head that is written anew, and the SHA-256 of
// all of them, in lower-case hexadecimal.
type Settled struct {
	Size   int64  `json:"size"`
	Head   []byte `json:"head"`
	SHA256 string `json:"sha256"`
}

// evidenceLeaf is Evidence as a leaf has it.
type evidenceLeaf struct {
	Name     string    `json:"name"`
	Format   string    `json:"format"`
	Size     int64     `json:"size"`
	SHA256   string    `json:"sha256"`
	Records  int64     `json:"records"`
	First    time.Time `json:"first,omitzero"`
	Last     time.Time `json:"last,omitzero"`
	Problems []string  `json:"problems,omitempty"`

	Aliases     []string `json:"aliases,omitempty"`
	Said        *Said    `json:"said,omitempty"`
	Settled     *Settled `json:"settled,omitempty"`
	Origin      string   `json:"origin,omitempty"`
	Supersedes  []int64  `json:"supersedes,omitempty"`
	DiffersFrom []int64  `json:"differs_from,omitempty"`
}

// leaf is the file as its leaf has it.
func (e *Evidence) leaf() evidenceLeaf {
	leaf := evidenceLeaf{Name: e.Name, Format: e.Format, Size: e.Size, SHA256: hex.EncodeToString(e.SHA256[:]), Records: e.Records,
		First: e.First.UTC(), Last: e.Last.UTC(), Problems: e.Problems, Aliases: e.Aliases, Said: e.Said, Settled: e.Settled, Supersedes: e.Supersedes, DiffersFrom: e.DiffersFrom}
	if e.Origin != [32]byte{} {
		leaf.Origin = hex.EncodeToString(e.Origin[:])
	}
	return leaf
}

// evidence is the file that a leaf describes.
func (e *evidenceLeaf) evidence(number int64) (Evidence, error) {
	file := Evidence{Name: e.Name, Format: e.Format, Size: e.Size, Records: e.Records, First: e.First, Last: e.Last, Problems: e.Problems,
		Number: number, Aliases: e.Aliases, Said: e.Said, Settled: e.Settled, Supersedes: e.Supersedes, DiffersFrom: e.DiffersFrom}
	if n, err := hex.Decode(file.SHA256[:], []byte(e.SHA256)); len(e.SHA256) != 2*len(file.SHA256) || err != nil || n != len(file.SHA256) {
		return file, fmt.Errorf("%w: leaf %d has no SHA-256", ErrDamaged, number)
	}
	if e.Origin == "" {
		return file, nil
	}
	if n, err := hex.Decode(file.Origin[:], []byte(e.Origin)); len(e.Origin) != 2*len(file.Origin) || err != nil || n != len(file.Origin) {
		return file, fmt.Errorf("%w: the origin of leaf %d is no SHA-256", ErrDamaged, number)
	}
	return file, nil
}

// current is the name under which a file is in the register: two of one name
// with different content are two.
func (e *evidenceLeaf) current() string { return e.Name + "\x00" + e.SHA256 }

// Rules is the identity of a rule set.
type Rules struct {
	Name   string `json:"name"` // in words: "built in", a folder
	Count  int64  `json:"count"`
	SHA256 string `json:"sha256"` // lower-case hexadecimal, over all rules
}

// Knowledge is the identity of the knowledge used.
type Knowledge struct {
	SHA256  string   `json:"sha256"`
	Sources []string `json:"sources,omitempty"` // names and versions
}

// PutEvidence registers files. One that is known, by name and content, with all
// that is said of it, is passed over.
func (c *Case) PutEvidence(files []Evidence) (added int, err error) {
	leaves := make([]namedLeaf, len(files))
	for i := range files {
		file := &files[i]
		leaf := file.leaf()
		leaves[i].name = leaf.current()
		if leaves[i].data, err = json.Marshal(leaf); err != nil {
			return 0, fmt.Errorf("put evidence: %w", err)
		}
	}
	if added, err = c.putMany(custody.KindEvidence, leaves); err != nil {
		return added, fmt.Errorf("put evidence: %w", err)
	}
	for i := range files {
		if err := c.release(files[i].Supersedes); err != nil {
			return added, fmt.Errorf("put evidence: %w", err)
		}
	}
	return added, nil
}

// release takes superseded leaves out of the register.
func (c *Case) release(leaves []int64) error {
	for _, leaf := range leaves {
		var one int
		err := c.row("SELECT 1 FROM current WHERE kind = ? AND leaf = ?", []any{custody.KindEvidence, leaf}, &one)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err == nil {
			err = c.write()
		}
		if err == nil {
			err = c.exec("DELETE FROM current WHERE kind = ? AND leaf = ?", custody.KindEvidence, leaf)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Evidence is the register, by name.
func (c *Case) Evidence() ([]Evidence, error) {
	numbers, err := c.currentLeaves(custody.KindEvidence, "name")
	if err != nil {
		return nil, err
	}
	files := make([]Evidence, 0, len(numbers))
	for _, number := range numbers {
		file, err := c.evidence(number)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// evidence is the file of a leaf. A run asks for all of them several times.
func (c *Case) evidence(number int64) (Evidence, error) {
	if known, ok := c.files[number]; ok {
		return known, nil
	}
	var leaf evidenceLeaf
	if err := c.decode(number, &leaf); err != nil {
		return Evidence{}, err
	}
	file, err := leaf.evidence(number)
	if err == nil {
		c.files[number] = file
	}
	return file, err
}

// PutRules notes the rule set, if the case does not know it yet.
func (c *Case) PutRules(rules Rules) (changed bool, err error) {
	known, err := c.RuleSets()
	if err != nil || slices.Contains(known, rules) {
		return false, err
	}
	return c.put(custody.KindRules, "", rules)
}

// RuleSets are all rule sets that were put, in that order.
func (c *Case) RuleSets() ([]Rules, error) {
	var sets []Rules
	err := c.eachLeaf(custody.KindRules, func(_ int64, data []byte) error {
		var rules Rules
		if err := json.Unmarshal(data, &rules); err != nil {
			return err
		}
		if !slices.Contains(sets, rules) {
			sets = append(sets, rules)
		}
		return nil
	})
	return sets, err
}

// eachLeaf calls each with all leaves of a kind, by number.
func (c *Case) eachLeaf(kind string, each func(number int64, data []byte) error) error {
	var firsts []int64
	err := c.rows("SELECT first FROM block WHERE kind = ? ORDER BY first", []any{kind}, func(scan func(...any) error) error {
		var first int64
		err := scan(&first)
		firsts = append(firsts, first)
		return err
	})
	if err != nil {
		return err
	}
	for _, first := range firsts {
		b, err := c.blocks.holding(first)
		if err != nil {
			return err
		}
		for i, data := range b.leaves {
			if err := each(b.first+int64(i), data); err != nil {
				return fmt.Errorf("%w: leaf %d: %w", ErrDamaged, b.first+int64(i), err)
			}
		}
	}
	return nil
}

// Rules is the rule set put last.
func (c *Case) Rules() (Rules, error) {
	var rules Rules
	_, err := c.get(custody.KindRules, "", &rules)
	return rules, err
}

// PutKnowledge notes the knowledge, if it is not the one before.
func (c *Case) PutKnowledge(knowledge Knowledge) (changed bool, err error) {
	return c.put(custody.KindKnowledge, "", knowledge)
}

// Knowledge is the knowledge put last.
func (c *Case) Knowledge() (Knowledge, error) {
	var knowledge Knowledge
	_, err := c.get(custody.KindKnowledge, "", &knowledge)
	return knowledge, err
}

// withdrawnAssessment says that there is nothing left to attribute.
type withdrawnAssessment struct {
	Withdrawn bool `json:"withdrawn"`
}

// PutAssessment keeps the assessment, if it changed. A nil one withdraws what
// was assessed before.
func (c *Case) PutAssessment(assessment *attribution.Assessment) (changed bool, err error) {
	if assessment != nil {
		return c.put(custody.KindAssessment, "", assessment)
	}
	before, err := c.current(custody.KindAssessment, "")
	if err != nil || before < 0 {
		return false, err
	}
	return c.put(custody.KindAssessment, "", withdrawnAssessment{true})
}

// Assessment is the one put last; nil before, and once it was withdrawn.
func (c *Case) Assessment() (*attribution.Assessment, error) {
	var withdrawn withdrawnAssessment
	found, err := c.get(custody.KindAssessment, "", &withdrawn)
	if err != nil || !found || withdrawn.Withdrawn {
		return nil, err
	}
	assessment := &attribution.Assessment{}
	if _, err := c.get(custody.KindAssessment, "", assessment); err != nil {
		return nil, err
	}
	if err := assessment.Check(); err != nil {
		return nil, fmt.Errorf("%w: the assessment: %w", ErrDamaged, err)
	}
	return assessment, nil
}

// PutArtefact keeps what an analyst or a partner gave, one JSON object, if it is
// new.
func (c *Case) PutArtefact(data []byte) (added bool, err error) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, data); err != nil {
		return false, fmt.Errorf("put an artefact: %w", err)
	}
	leaf := custody.Leaf{Kind: custody.KindArtefact, Data: compact.Bytes()}
	return c.putLeaf(leaf, compact.String())
}

// Artefacts are all that were put, in that order.
func (c *Case) Artefacts() ([][]byte, error) {
	numbers, err := c.currentLeaves(custody.KindArtefact, "leaf")
	if err != nil {
		return nil, err
	}
	var list [][]byte
	for _, number := range numbers {
		leaf, err := c.Leaf(number)
		if err != nil {
			return nil, err
		}
		list = append(list, leaf.Data)
	}
	return list, nil
}

// put makes a value the one that holds for a name, and reports whether it is
// another than before.
func (c *Case) put(kind, name string, value any) (changed bool, err error) {
	data, err := json.Marshal(value)
	if err != nil {
		return false, fmt.Errorf("put %s: %w", kind, err)
	}
	return c.putLeaf(custody.Leaf{Kind: kind, Data: data}, name)
}

func (c *Case) putLeaf(leaf custody.Leaf, name string) (changed bool, err error) {
	before, err := c.current(leaf.Kind, name)
	if err != nil {
		return false, err
	}
	if before >= 0 {
		_, data, err := c.leaf(before)
		if err != nil || bytes.Equal(data, leaf.Data) {
			return false, err
		}
	}
	number, err := c.Ledger().Append(leaf)
	if err != nil {
		return false, fmt.Errorf("put %s: %w", leaf.Kind, err)
	}
	return true, c.hold(leaf.Kind, name, 0, number)
}

// hold makes a leaf the one for a name.
func (c *Case) hold(kind, name string, position int, leaf int64) error {
	if err := c.write(); err != nil {
		return err
	}
	return c.exec(`INSERT INTO current (kind, name, position, leaf) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET position = excluded.position, leaf = excluded.leaf`, kind, name, position, leaf)
}

// current is the number of the leaf for a name; -1 when there is none.
func (c *Case) current(kind, name string) (leaf int64, err error) {
	err = c.row("SELECT leaf FROM current WHERE kind = ? AND name = ?", []any{kind, name}, &leaf)
	if errors.Is(err, sql.ErrNoRows) {
		return -1, nil
	}
	return leaf, err
}

// currentLeaves are the leaves of a kind that hold, in the order of a column.
func (c *Case) currentLeaves(kind, order string) ([]int64, error) {
	var numbers []int64
	err := c.rows("SELECT leaf FROM current WHERE kind = ? ORDER BY "+order, []any{kind}, func(scan func(...any) error) error {
		var number int64
		err := scan(&number)
		numbers = append(numbers, number)
		return err
	})
	return numbers, err
}

// get reads the value for a name.
func (c *Case) get(kind, name string, into any) (found bool, err error) {
	number, err := c.current(kind, name)
	if err != nil || number < 0 {
		return false, err
	}
	return true, c.decode(number, into)
}

// decode reads the data of a leaf.
func (c *Case) decode(number int64, into any) error {
	_, data, err := c.leaf(number)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%w: leaf %d: %w", ErrDamaged, number, err)
	}
	return nil
}

// PutContext keeps the marshalled entity.Context; it is no leaf, PutRun binds it.
func (c *Case) PutContext(data []byte) error {
	before, err := c.Context()
	if err != nil || bytes.Equal(before, data) {
		return err
	}
	packed, err := c.packer.pack(data)
	if err != nil {
		return err
	}
	return c.setMeta("context", packed)
}

// Context is what PutContext kept; nil before.
func (c *Case) Context() ([]byte, error) {
	packed, err := c.meta("context")
	if err != nil || packed == nil {
		return nil, err
	}
	data, err := c.packer.unpackAny(packed)
	if err != nil {
		return nil, fmt.Errorf("%w: the context: %w", ErrDamaged, err)
	}
	return data, nil
}

// metaPrefix is before the names of what SetMeta keeps.
const metaPrefix = "set:"

// SetMeta keeps a value under a name; it is no leaf, PutRun binds it.
func (c *Case) SetMeta(name, value string) error {
	before, err := c.meta(metaPrefix + name)
	if err != nil || before != nil && string(before) == value {
		return err
	}
	return c.setMeta(metaPrefix+name, []byte(value))
}

// Meta is what SetMeta kept; empty before.
func (c *Case) Meta(name string) (string, error) {
	value, err := c.meta(metaPrefix + name)
	return string(value), err
}

func (c *Case) meta(name string) ([]byte, error) {
	var value []byte
	err := c.row("SELECT value FROM meta WHERE name = ?", []any{name}, &value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return value, err
}

func (c *Case) setMeta(name string, value []byte) error {
	if err := c.write(); err != nil {
		return err
	}
	if value == nil {
		value = []byte{}
	}
	return c.exec("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", name, value)
}
