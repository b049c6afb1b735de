package custody

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// content is what the leaves say of one another and of the evidence: all that
// this package understands of their data.
//
//   - evidence: name, sha256
//   - finding, and each member of its correlation: source, sha256, offset,
//     size, record_sha256
//   - any other: an array of numbers under "proof" makes what it stands in a
//     sentence that rests on those leaves; those under "members", "findings"
//     and "example" refer to leaves, too
//   - incident: its id is "id" of the whole or of "incident"; "withdrawn" holds
//     the id of one that is no more
type content struct {
	kinds   []byte // of each leaf, as a place in names
	names   []string
	sparse  map[int64]string // kinds in an export, which holds few leaves
	sources map[sourceKey]*citedSource
	order   []*citedSource
	files   map[int64]*citedSource // by their leaves
	// fresh are the sources of a name that no other content has followed.
	fresh map[string][]*citedSource
	// latest holds what the last leaf of each thing says, by kind and id.
	latest map[string]statement
	// onto are the sentences by the leaf they rest on, made when first asked.
	onto map[int64][]string

	references int64
	wrong      []wrongReference
}

// A sourceKey tells apart files of one name with different content.
type sourceKey struct {
	name   string
	digest [32]byte
}

// A citedSource is one file of the evidence and the records of it that findings
// rest on.
type citedSource struct {
	sourceKey
	leaf    int64 // its evidence leaf, -1 while there was none
	known   bool  // the digest is known
	records []citedRecord
	// later is set where a file of the same name came with another content.
	later bool
	// altered is the content that came under the name of this one and does not
	// continue it; alters is set of that.
	altered *citedSource
	alters  bool
	format  string
}

// A citedRecord is a range of a file, and what it should be.
type citedRecord struct {
	offset, size int64
	digest       [32]byte
	leaf         int64 // the finding
	member       int   // of its correlation, from 0; -1 for the finding's own
}

// A statement is a leaf that is neither evidence nor finding.
type statement struct {
	leaf      int64
	sentences []sentence
}

type sentence struct {
	where string
	proof []int64
}

type wrongReference struct {
	leaf int64
	what string
}

func newContent() *content {
	return &content{sources: map[sourceKey]*citedSource{}, files: map[int64]*citedSource{}, fresh: map[string][]*citedSource{}, latest: map[string]statement{}}
}

// eachOf calls visit with the fields of a leaf that can be read.
type eachOf func(visit func(path, value []byte) error)

func fieldsOf(data []byte) eachOf {
	return func(visit func(path, value []byte) error) { eachField(data, visit) } // what is no leaf is said elsewhere
}

// add reads a leaf.
func (c *content) add(number int64, kind string, each eachOf) {
	for int64(len(c.kinds)) <= number { // leaves that could not be read have kind ""
		c.kinds = append(c.kinds, c.kindNumber(""))
	}
	c.kinds[number] = c.kindNumber(kind)
	c.read(number, kind, each)
}

// addExported reads a leaf of an export, whose number may be anything.
func (c *content) addExported(number int64, kind string, each eachOf) {
	if c.sparse == nil {
		c.sparse = map[int64]string{}
	}
	c.sparse[number] = kind
	c.read(number, kind, each)
}

func (c *content) read(number int64, kind string, each eachOf) {
	switch kind {
	case KindEvidence:
		c.addEvidence(number, each)
	case KindFinding:
		c.addFinding(number, each)
	default:
		c.addOther(number, kind, each)
	}
}

func (c *content) kindNumber(kind string) byte {
	place := slices.Index(c.names, kind)
	if place < 0 && len(c.names) < 255 {
		place = len(c.names)
		c.names = append(c.names, strings.Clone(kind))
	}
	return byte(max(place, 0))
}

// kindOf names a leaf: "finding 1234".
func (c *content) kindOf(number int64) string {
	kind := cmp.Or(c.sparse[number], "leaf")
	if number >= 0 && number < int64(len(c.kinds)) {
		kind = cmp.Or(c.names[c.kinds[number]], kind)
	}
	return kind + " " + strconv.FormatInt(number, 10)
}

func (c *content) addEvidence(number int64, each eachOf) {
	var key sourceKey
	known, format := false, ""
	var differs []int64
	each(func(path, value []byte) error {
		switch string(path) {
		case `["name"]`:
			key.name = textOf(value)
		case `["format"]`:
			format = textOf(value)
		case `["differs_from"]`:
			differs = c.refer(number, value)
		case `["supersedes"]`:
			c.refer(number, value)
		case `["sha256"]`:
			known = digestOf(value, &key.digest)
		}
		return nil
	})
	source := c.source(key, known)
	source.leaf, source.format = number, format
	c.files[number] = source
	for _, before := range differs {
		if other := c.files[before]; other != nil && other != source {
			other.altered, source.alters = source, true
		}
	}
	for _, other := range c.fresh[source.name] {
		other.later = true
	}
	source.later, c.fresh[source.name] = false, []*citedSource{source}
}

func (c *content) source(key sourceKey, known bool) *citedSource {
	found := c.sources[key]
	if found == nil {
		found = &citedSource{sourceKey: key, leaf: -1, known: known}
		c.sources[key] = found
		c.order = append(c.order, found)
		c.fresh[key.name] = append(c.fresh[key.name], found)
	}
	return found
}

// A citation is one place in the evidence as a finding gives it.
type citation struct {
	source               []byte // JSON
	key                  sourceKey
	known, hasRecord, in bool
	record               citedRecord
}

func (c *content) addFinding(number int64, each eachOf) {
	whole, member := citation{record: citedRecord{member: -1}}, citation{}
	place := []byte(nil) // of the member in the correlation
	each(func(path, value []byte) error {
		key, ok := bytes.CutPrefix(path, []byte(`["correlation","events",`))
		if !ok {
			whole.take(path[1:], value)
			return nil
		}
		index, key, _ := bytes.Cut(key, []byte{','})
		if !bytes.Equal(index, place) {
			c.cite(number, &member)
			member, place = citation{}, append(place[:0], index...)
			member.record.member, _ = strconv.Atoi(string(index))
		}
		member.take(key, value)
		return nil
	})
	c.cite(number, &member)
	c.cite(number, &whole)
}

// take takes one field, whose key is followed by the end of its path.
func (t *citation) take(key, value []byte) {
	switch string(key) {
	case `"source"]`:
		t.source, t.in = value, true
	case `"sha256"]`:
		t.known = digestOf(value, &t.key.digest)
	case `"offset"]`:
		t.record.offset, _ = strconv.ParseInt(string(value), 10, 64)
	case `"size"]`:
		t.record.size, _ = strconv.ParseInt(string(value), 10, 64)
	case `"record_sha256"]`:
		t.hasRecord = digestOf(value, &t.record.digest)
	}
}

func (c *content) cite(number int64, t *citation) {
	if !t.in {
		return
	}
	t.key.name = textOf(t.source)
	source := c.source(t.key, t.known)
	if t.hasRecord && t.record.offset >= 0 && t.record.size > 0 {
		t.record.leaf = number
		source.records = append(source.records, t.record)
	}
}

// addOther reads what leaves of other kinds say of leaves.
func (c *content) addOther(number int64, kind string, each eachOf) {
	id := ""
	var said []sentence
	each(func(path, value []byte) error {
		switch {
		case string(path) == `["id"]`, string(path) == `["incident","id"]`, string(path) == `["withdrawn"]`:
			id = textOf(value)
		case bytes.HasSuffix(path, []byte(`"proof"]`)):
			said = append(said, sentence{where: string(path), proof: c.refer(number, value)})
		case bytes.HasSuffix(path, []byte(`"members"]`)), bytes.HasSuffix(path, []byte(`"findings"]`)), bytes.HasSuffix(path, []byte(`"example"]`)):
			c.refer(number, value)
		}
		return nil
	})
	for i := range said {
		said[i].where = describeSentence(said[i].where, kind, id)
	}
	slices.SortStableFunc(said, compareSentences)
	if kind != KindIncident && kind != KindAssessment {
		id = strconv.FormatInt(number, 10)
	}
	c.latest[kind+" "+id] = statement{leaf: number, sentences: said}
}

// maxWrong bounds what is kept of references to leaves that are not there.
const maxWrong = 1000

// refer checks that numbers, or one number, are those of earlier leaves.
func (c *content) refer(number int64, value []byte) []int64 {
	var numbers []int64
	if len(value) > 0 && value[0] != '[' {
		value = append(append([]byte{'['}, value...), ']')
	}
	if json.Unmarshal(value, &numbers) != nil {
		return nil
	}
	for _, n := range numbers {
		c.references++
		if (n < 0 || n >= number) && len(c.wrong) < maxWrong {
			c.wrong = append(c.wrong, wrongReference{leaf: number, what: fmt.Sprintf("%s rests on leaf %d, which was not there when it was written", c.kindOf(number), n)})
		}
	}
	return numbers
}

// sentencesOn says which sentences rest on a leaf, those that tell the story
// first.
func (c *content) sentencesOn(leaf int64) []string {
	if c.onto == nil {
		c.onto = map[int64][]string{}
		for _, said := range c.statements() {
			for _, s := range said.sentences {
				for _, n := range s.proof {
					if list := c.onto[n]; len(list) == 0 || list[len(list)-1] != s.where {
						c.onto[n] = append(list, s.where)
					}
				}
			}
		}
	}
	return c.onto[leaf]
}

// statements are what holds now, in the order of the ledger.
func (c *content) statements() []statement {
	return slices.SortedFunc(maps.Values(c.latest), func(a, b statement) int { return cmp.Compare(a.leaf, b.leaf) })
}

// compareSentences puts first what a reader sees first.
func compareSentences(a, b sentence) int { return cmp.Compare(rank(a.where), rank(b.where)) }

func rank(where string) int {
	for i, beginning := range []string{"story", "title", "answer", "likelihood"} {
		if strings.HasPrefix(where, beginning) {
			return i
		}
	}
	return 9
}

// describeSentence puts the path of a proof into words: ["story",2,"proof"] of
// an incident is "story sentence 3 of I-7F3KQ".
func describeSentence(path, kind, id string) string {
	var steps []any
	if json.Unmarshal([]byte(path), &steps) != nil || len(steps) == 0 {
		return kind + " " + id
	}
	steps = steps[:len(steps)-1]            // "proof"
	if len(steps) > 0 && steps[0] == kind { // the leaf holds it beside its members
		steps = steps[1:]
	}
	parts := []string{cmp.Or(id, "the "+kind)}
	for i, step := range steps {
		word, ok := step.(string)
		if !ok {
			continue
		}
		word = strings.ReplaceAll(word, "_", " ")
		switch index, listed := next(steps, i).(float64); {
		case listed:
			parts = append(parts, singular(word)+" "+strconv.FormatInt(int64(index)+1, 10))
		case i < len(steps)-1:
			parts = append(parts, "the "+word)
		default:
			parts = append(parts, word)
		}
	}
	slices.Reverse(parts)
	return strings.Join(parts, " of ")
}

func next(steps []any, i int) any {
	if i+1 < len(steps) {
		return steps[i+1]
	}
	return nil
}

// singular names one thing of a list by the list's key.
func singular(key string) string {
	switch key {
	case "story", "benign":
		return key + " sentence"
	}
	return strings.TrimSuffix(key, "s")
}

// textOf decodes a JSON string; empty for anything else.
func textOf(value []byte) string {
	var text string
	json.Unmarshal(value, &text)
	return text
}

// digestOf decodes a SHA-256 in hexadecimal.
func digestOf(value []byte, digest *[32]byte) bool {
	if len(value) != 2*len(digest)+2 {
		return false
	}
	_, err := hex.Decode(digest[:], value[1:len(value)-1])
	return err == nil
}
