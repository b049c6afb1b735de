package casereport

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/findingjson"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
)

// documentJSON is a document as docs/formats/report.md describes it.
type documentJSON struct {
	Name       string                  `json:"name"`
	Generated  time.Time               `json:"generated"`
	Unfinished bool                    `json:"unfinished,omitempty"`
	TLP        string                  `json:"tlp"`
	Language   string                  `json:"language"`
	Incidents  []*incident.Incident    `json:"incidents"`
	Assessment *attribution.Assessment `json:"assessment"`
	Levels     map[string]int64        `json:"levels"`
	Steps      []stepJSON              `json:"first_steps"`
	Evidence   []evidenceJSON          `json:"evidence"`
	Unseen     []unseenJSON            `json:"unseen"`
	Clocks     []entity.Skew           `json:"clocks"`
	Notes      []noteJSON              `json:"notes"`
	Ledger     ledgerJSON              `json:"ledger"`
	Versions   versionsJSON            `json:"versions"`
}

type stepJSON struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Techniques []string `json:"techniques"`
}

type evidenceJSON struct {
	Name     string    `json:"name"`
	Format   string    `json:"format"`
	Size     int64     `json:"size"`
	SHA256   string    `json:"sha256"`
	Records  int64     `json:"records"`
	First    time.Time `json:"first,omitzero"`
	Last     time.Time `json:"last,omitzero"`
	Problems []string  `json:"problems"`
	Aliases  []string  `json:"aliases,omitempty"`
}

type unseenJSON struct {
	What  string `json:"what"`
	Why   string `json:"why"`
	Count int64  `json:"count"`
}

type noteJSON struct {
	Time   time.Time `json:"time"`
	Author string    `json:"author"`
	Kind   string    `json:"kind"`
	Status string    `json:"status,omitempty"`
	Ref    string    `json:"ref,omitempty"`
	Text   string    `json:"text"`
}

type ledgerJSON struct {
	Size      int64  `json:"size"`
	Root      string `json:"root"`
	PublicKey string `json:"public_key"`
	// Checkpoint is a signed note, to be kept elsewhere.
	Checkpoint string `json:"checkpoint"`
}

type versionsJSON struct {
	Tool      string `json:"tool"`
	Rules     string `json:"rules"`
	Knowledge string `json:"knowledge"`
}

// writeJSON writes all of a document: its members, the words of its sentences,
// and the findings that sentences cite.
func writeJSON(w io.Writer, d *Document, tag string) error {
	short, err := briefOf(d)
	if err != nil {
		return err
	}
	cited, err := gatherRecords(d, short)
	if err != nil {
		return err
	}
	words, err := wordsOf(d, short, tag)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	head, err := json.Marshal(toJSON(d, tag))
	if err != nil {
		return err
	}
	out.Write(harmless(head[:len(head)-1]))
	out.WriteString(",\"words\":")
	if head, err = json.Marshal(words); err != nil {
		return err
	}
	out.Write(harmless(head))
	out.WriteString(",\"findings\":[")
	slices.Sort(cited.order)
	for i, number := range cited.order {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
		out.Write(appendFinding(nil, cited.byNumber[number].Finding))
	}
	out.WriteString("\n]}\n")
	return out.Flush()
}

// wordsOf puts every sentence into words, in the order of the report: who reads
// the document needs no catalogue.
func wordsOf(d *Document, b brief, tag string) ([]wordsJSON, error) {
	text, err := sentencesOf(d, tag)
	if err != nil {
		return nil, err
	}
	list := []wordsJSON{}
	for _, s := range slices.Concat(b.sentences(), sentences(d)) {
		list = append(list, wordsJSON{Message: s.Message, Text: text(s), Proof: s.Proof})
	}
	return list, nil
}

type wordsJSON struct {
	Message string  `json:"message"`
	Text    string  `json:"text"`
	Proof   []int64 `json:"proof"`
}

func toJSON(d *Document, tag string) documentJSON {
	made := documentJSON{Name: d.Name, Generated: d.Generated.UTC(), Unfinished: d.Unfinished, TLP: d.TLP, Language: tag, Incidents: d.renumbered(), Assessment: d.Assessment,
		Levels: d.Levels, Clocks: d.Clocks, Ledger: ledgerJSON(d.Ledger), Versions: versionsJSON{d.Tool, d.Rules, d.Knowledge},
		Steps: []stepJSON{}, Evidence: []evidenceJSON{}, Unseen: []unseenJSON{}, Notes: []noteJSON{}}
	if made.Clocks == nil {
		made.Clocks = []entity.Skew{}
	}
	if made.TLP == "" {
		made.TLP = defaultTLP
	}
	for _, s := range FirstSteps(d) {
		made.Steps = append(made.Steps, stepJSON{s.ID, s.Name, s.Techniques})
	}
	for _, e := range d.Evidence {
		made.Evidence = append(made.Evidence, evidenceJSON{e.Name, e.Format, e.Size, hex.EncodeToString(e.SHA256[:]), e.Records, e.First, e.Last, e.Problems, e.Aliases})
	}
	for _, u := range d.Unseen {
		made.Unseen = append(made.Unseen, unseenJSON(u))
	}
	for _, n := range d.Notes {
		made.Notes = append(made.Notes, noteJSON{n.Time, n.Author, n.Kind, n.Status, n.Ref, n.Text})
	}
	return made
}

// harmless escapes what a terminal would act on. Outside of strings a JSON
// document has none but line ends, which strings have not.
func harmless(document []byte) []byte {
	dst := make([]byte, 0, len(document))
	for _, r := range string(document) {
		if r == '\n' {
			dst = append(dst, '\n')
			continue
		}
		dst = findingjson.AppendRune(dst, r)
	}
	return dst
}

// appendFinding appends a finding of a case: its number, its incident, and the
// finding as docs/formats/finding.md has it.
func appendFinding(dst []byte, f *Finding) []byte {
	dst = fmt.Appendf(dst, `{"number":%d,"incident":`, f.Number)
	dst = findingjson.AppendString(dst, f.Incident)
	dst = append(dst, `,"finding":`...)
	dst = findingjson.AppendKept(dst, f.Finding, f.digests, f.ID)
	return append(dst, '}')
}

// digests knows the source of the finding itself.
func (f *Finding) digests(source *event.Source) ([32]byte, bool) {
	if source == nil || f.Place.Source == nil || source.Name != f.Place.Source.Name {
		return [32]byte{}, false
	}
	return f.SHA256, f.SHA256 != [32]byte{}
}
