package custody

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// ExportOptions say what goes into an export.
type ExportOptions struct {
	// Report is report.html, made from what the Redactor lets through.
	Report []byte
	// Evidence gives the records that findings cite; nil leaves them out.
	Evidence Evidence
	// Redactor hides what it was told to; nil nothing.
	Redactor *Redactor
	// Signer signs the manifest and so the report; nil leaves it unsigned.
	// PublicKey is its public half.
	Signer    note.Signer
	PublicKey string
	// Tool is the program and its version.
	Tool string
}

var (
	// ErrUnsigned: the ledger has no checkpoint that covers all its leaves.
	ErrUnsigned = errors.New("the ledger is not signed to its end")
	// ErrLeak: something that is to be hidden would stand in the export.
	ErrLeak = errors.New("a text that is to be hidden stands in it")
)

//go:embed how-to-verify.txt
var howToVerify []byte

// Export writes a zip file from which a recipient can verify what the case
// says without the case and without the rest of the evidence: the report, the
// last incidents and assessment, the findings that their sentences rest on, with
// the proof of each, and the records that these cite. The same case gives the
// same bytes. It returns the manifest.
func Export(ctx context.Context, w io.Writer, storage Storage, options ExportOptions) (*Manifest, error) {
	x := &exporter{storage: storage, options: options, zip: zip.NewWriter(w), content: newContent(),
		manifest: Manifest{Format: exportFormat, Version: exportVersion, Tool: options.Tool, Files: []ManifestFile{}}}
	for _, step := range []func(context.Context) error{x.choose, x.collect, x.writeMembers} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return &x.manifest, x.zip.Close()
}

// An exporter is one call of Export.
type exporter struct {
	storage    Storage
	options    ExportOptions
	zip        *zip.Writer
	manifest   Manifest
	checkpoint []byte
	size       int64
	secret     []byte

	content *content
	chosen  []int64 // leaves, ascending
	// records are the bytes that findings cite, by member name.
	records map[string][]byte
	// closed are findings of which something is hidden.
	closed map[int64]bool
}

// choose settles which leaves the export holds.
func (x *exporter) choose(ctx context.Context) error {
	if err := x.readHead(); err != nil {
		return err
	}
	all := newContent()
	for number := range x.size {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		leaf, err := x.storage.Leaf(number)
		if err != nil {
			return err
		}
		if leaf.Kind != KindFinding && leaf.Kind != KindRun { // of findings only those that are cited
			all.add(number, leaf.Kind, fieldsOf(leaf.Data))
		}
	}
	cited := map[int64]bool{}
	for _, said := range all.latest {
		cited[said.leaf] = true
		for _, s := range said.sentences {
			for _, number := range s.proof {
				cited[number] = true
			}
		}
	}
	return x.addSources(all, cited)
}

// addSources adds the evidence leaves of the files that cited findings are in.
func (x *exporter) addSources(all *content, cited map[int64]bool) error {
	for _, number := range slices.Sorted(maps.Keys(cited)) {
		leaf, err := x.storage.Leaf(number)
		if err != nil {
			return fmt.Errorf("a sentence rests on leaf %d: %w", number, err)
		}
		x.content.addExported(number, leaf.Kind, fieldsOf(leaf.Data))
	}
	for _, source := range x.content.order {
		if known := all.sources[source.sourceKey]; known != nil && known.leaf >= 0 {
			cited[known.leaf] = true
		}
	}
	x.chosen = slices.Sorted(maps.Keys(cited))
	return nil
}

// readHead reads the checkpoint that the proofs end in.
func (x *exporter) readHead() error {
	notes, err := x.storage.Checkpoints()
	if err != nil {
		return err
	}
	last, err := NewLedger(x.storage).Last()
	if err != nil {
		return err
	}
	size, err := x.storage.Size()
	if err != nil {
		return err
	}
	if len(notes) == 0 || last.Size != size {
		return fmt.Errorf("%w: %d of %d leaves", ErrUnsigned, last.Size, size)
	}
	x.size, x.checkpoint = size, notes[len(notes)-1]
	x.manifest.Size, x.manifest.Root = size, last.Root.String()
	if x.manifest.Keys, err = x.storage.Keys(); err != nil {
		return err
	}
	x.manifest.Keys = slices.Clone(x.manifest.Keys)
	if x.options.Signer != nil && !slices.Contains(x.manifest.Keys, x.options.PublicKey) {
		x.manifest.Keys = append(x.manifest.Keys, x.options.PublicKey)
	}
	x.secret, err = x.storage.Secret()
	return err
}

// maxRecordBytes bounds what all records of an export may hold.
const maxRecordBytes = 256 << 20

// collect reads the cited records from the evidence.
func (x *exporter) collect(ctx context.Context) error {
	x.records = map[string][]byte{}
	if x.options.Evidence == nil {
		x.manifest.Records.Why = "no evidence was given when this was made"
		return nil
	}
	comparison := newComparison(x.content.order)
	var mutex sync.Mutex
	var total int64
	comparison.keep = func(record citedRecord, data []byte) {
		mutex.Lock()
		defer mutex.Unlock()
		name := recordName(record)
		if total+int64(len(data)) > maxRecordBytes || x.records[name] != nil {
			return
		}
		total += int64(len(data))
		x.records[name] = bytes.Clone(data)
	}
	_, err := x.options.Evidence(ctx, comparison.writerOf)
	return err
}

// recordName is the member that a record is in: records/12.bin for finding 12,
// records/12-3.bin for member 3 of its correlation.
func recordName(record citedRecord) string {
	name := recordFolder + strconv.FormatInt(record.leaf, 10)
	if record.member >= 0 {
		name += "-" + strconv.Itoa(record.member)
	}
	return name + ".bin"
}

func (x *exporter) writeMembers(context.Context) error {
	if err := x.member(memberHowTo, howToVerify); err != nil {
		return err
	}
	if x.options.Report != nil {
		if text, found := x.leak(x.options.Report); found {
			return fmt.Errorf("report: %w: %q", ErrLeak, text)
		}
		if err := x.member(memberReport, x.options.Report); err != nil {
			return err
		}
	}
	if err := x.member(memberCheckpoint, x.checkpoint); err != nil {
		return err
	}
	if err := x.writeLeaves(); err != nil {
		return err
	}
	if err := x.writeRecords(); err != nil {
		return err
	}
	return x.writeManifest()
}

func (x *exporter) leak(data []byte) (string, bool) {
	if x.options.Redactor == nil {
		return "", false
	}
	return x.options.Redactor.leak(data)
}

// create begins a member. Its time is the first that a zip file knows, so that
// the bytes do not depend on when it was made.
func (x *exporter) create(name string) (io.Writer, error) {
	return x.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
}

func (x *exporter) member(name string, data []byte) error {
	out, err := x.create(name)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(data)
	x.manifest.Files = append(x.manifest.Files, ManifestFile{Name: name, Size: int64(len(data)), SHA256: hex.EncodeToString(digest[:])})
	_, err = out.Write(data)
	return err
}

// A measured writer counts and hashes.
type measured struct {
	out  io.Writer
	hash hash.Hash
	size int64
}

func (m *measured) Write(data []byte) (int, error) {
	m.hash.Write(data)
	m.size += int64(len(data))
	return m.out.Write(data)
}

// writeLeaves writes the chosen leaves, one a line.
func (x *exporter) writeLeaves() error {
	member, err := x.create(memberLeaves)
	if err != nil {
		return err
	}
	counted := &measured{out: member, hash: sha256.New()}
	out := bufio.NewWriter(counted)
	x.closed = map[int64]bool{}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for _, number := range x.chosen {
		line, err := x.leaf(number)
		if err != nil {
			return err
		}
		if err := encoder.Encode(line); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	x.manifest.Leaves = len(x.chosen)
	x.manifest.Files = append(x.manifest.Files, ManifestFile{Name: memberLeaves, Size: counted.size, SHA256: hex.EncodeToString(counted.hash.Sum(nil))})
	return nil
}

// leaf is one leaf as the recipient may see it.
func (x *exporter) leaf(number int64) (*exportedLeaf, error) {
	leaf, err := x.storage.Leaf(number)
	if err != nil {
		return nil, err
	}
	proof, err := NewLedger(x.storage).Prove(number, x.size)
	if err != nil {
		return nil, err
	}
	line := &exportedLeaf{Number: number, Kind: leaf.Kind, Proof: []string{}}
	for _, hash := range proof {
		line.Proof = append(line.Proof, hash.String())
	}
	redactor, hidden, withheld := x.options.Redactor, 0, false
	fields, err := Redact(leaf.Data, x.secret, number, func(path, value string) bool {
		withheld = withheld || redactor.hidesKey(path)
		if redactor.hides(path, value) {
			hidden++
			return true
		}
		return false
	})
	if err != nil {
		return nil, fmt.Errorf("leaf %d: %w", number, err)
	}
	x.closed[number] = hidden > 0 || withheld
	if !withheld {
		line.Fields = exportFields(fields)
		x.countHidden(hidden)
		return line, nil
	}
	x.manifest.Redacted.Withheld++
	seal, err := Open(fields)
	line.Seal = hex.EncodeToString(seal)
	return line, err
}

func (x *exporter) countHidden(fields int) {
	if fields > 0 {
		x.manifest.Redacted.Leaves++
		x.manifest.Redacted.Fields += fields
	}
}

// writeRecords writes the records that the findings cite, but for those of
// findings of which something is hidden: a record says all of it.
func (x *exporter) writeRecords() error {
	count := &x.manifest.Records
	for _, record := range x.cited() {
		name := recordName(record)
		data, known := x.records[name]
		switch {
		case x.closed[record.leaf] || x.options.Redactor.hidesRecord(data):
			count.Withheld++
		case !known:
			count.Missing++
		default:
			count.Included++
			if err := x.member(name, data); err != nil {
				return err
			}
		}
	}
	if count.Missing > 0 && count.Why == "" {
		count.Why = "they were not in the evidence that was given when this was made, or not as the ledger has them"
	}
	return nil
}

// cited are the records of the export, by finding and member.
func (x *exporter) cited() []citedRecord {
	var list []citedRecord
	for _, source := range x.content.order {
		list = append(list, source.records...)
	}
	slices.SortFunc(list, func(a, b citedRecord) int {
		return cmp.Or(cmp.Compare(a.leaf, b.leaf), cmp.Compare(a.member, b.member))
	})
	return list
}

// writeManifest writes the manifest, and signs it.
func (x *exporter) writeManifest() error {
	x.manifest.Redacted.Kinds = []string{}
	if x.options.Redactor != nil {
		x.manifest.Redacted.Kinds = append(x.manifest.Redacted.Kinds, x.options.Redactor.kinds...)
	}
	manifest, err := json.MarshalIndent(&x.manifest, "", "  ")
	if err != nil {
		return err
	}
	manifest = append(manifest, '\n')
	if text, found := x.leak(manifest); found {
		return fmt.Errorf("manifest: %w: %q", ErrLeak, text)
	}
	out, err := x.create(memberManifest)
	if err != nil {
		return err
	}
	if _, err := out.Write(manifest); err != nil || x.options.Signer == nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: manifestText(manifest)}, x.options.Signer)
	if err != nil {
		return fmt.Errorf("sign the manifest: %w", err)
	}
	if out, err = x.create(memberSignature); err != nil {
		return err
	}
	_, err = out.Write(signed)
	return err
}
