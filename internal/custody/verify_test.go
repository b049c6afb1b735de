package custody

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A keptLedger is a Storage in memory, open to every kind of tampering.
type keptLedger struct {
	leaves      []Leaf
	hashes      []tlog.Hash
	checkpoints [][]byte
	keys        []string
	secret      []byte
	rows        func(differ func(int64, string)) int64
}

func (k *keptLedger) Size() (int64, error) { return int64(len(k.leaves)), nil }

func (k *keptLedger) Leaf(number int64) (Leaf, error) {
	if number < 0 || number >= int64(len(k.leaves)) || k.leaves[number].Kind == "" {
		return Leaf{}, errors.New("no such leaf")
	}
	return Leaf{Kind: k.leaves[number].Kind, Data: k.leaves[number].Data}, nil
}

func (k *keptLedger) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var list []tlog.Hash
	for _, i := range indexes {
		if i >= int64(len(k.hashes)) {
			return nil, fmt.Errorf("no hash %d", i)
		}
		list = append(list, k.hashes[i])
	}
	return list, nil
}

func (k *keptLedger) Append(leaf Leaf, hashes []tlog.Hash) error {
	k.leaves, k.hashes = append(k.leaves, leaf), append(k.hashes, hashes...)
	return nil
}

func (k *keptLedger) Checkpoints() ([][]byte, error) { return k.checkpoints, nil }
func (k *keptLedger) AppendCheckpoint(text []byte) error {
	k.checkpoints = append(k.checkpoints, text)
	return nil
}
func (k *keptLedger) Keys() ([]string, error) { return k.keys, nil }
func (k *keptLedger) AddKey(public string) error {
	if !slices.Contains(k.keys, public) {
		k.keys = append(k.keys, public)
	}
	return nil
}
func (k *keptLedger) Secret() ([]byte, error) { return k.secret, nil }
func (k *keptLedger) Commit() error           { return nil }

func (k *keptLedger) CheckRows(_ context.Context, differ func(int64, string)) (int64, error) {
	if k.rows == nil {
		return 0, nil
	}
	return k.rows(differ), nil
}

// clone copies all that a test may change.
func (k *keptLedger) clone() *keptLedger {
	c := &keptLedger{hashes: slices.Clone(k.hashes), keys: slices.Clone(k.keys), secret: bytes.Clone(k.secret)}
	for _, leaf := range k.leaves {
		c.leaves = append(c.leaves, Leaf{Kind: leaf.Kind, Data: bytes.Clone(leaf.Data)})
	}
	for _, text := range k.checkpoints {
		c.checkpoints = append(c.checkpoints, bytes.Clone(text))
	}
	return c
}

// keyPair returns the keys that come out of a seed.
func keyPair(tb testing.TB, seed byte) (note.Signer, string) {
	tb.Helper()
	private, public, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 64)), "kulla")
	if err != nil {
		tb.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		tb.Fatal(err)
	}
	return signer, public
}

// A sampleCase is a small case: two files, eight findings on one, two on the
// other, one of them a correlation, an incident that was changed once, an
// assessment, and three checkpoints.
type sampleCase struct {
	*keptLedger
	files map[string][]byte
}

const (
	webLog  = "evidence.zip!web01/access.log"
	mailLog = "evidence.zip!mail01/access.log"
)

func newSampleCase(tb testing.TB) *sampleCase {
	tb.Helper()
	s := &sampleCase{keptLedger: &keptLedger{secret: testSecret}, files: map[string][]byte{}}
	for name, host := range map[string]string{webLog: "web01", mailLog: "mail01"} {
		var text []byte
		for i := range 40 {
			text = fmt.Appendf(text, "192.0.2.%02d %s adm.kola GET /page/%02d\n", i, host, i)
		}
		s.files[name] = text
	}
	ledger := NewLedger(s)
	signer, public := keyPair(tb, 1)
	add := func(kind, format string, arguments ...any) {
		if _, err := ledger.Append(Leaf{Kind: kind, Data: fmt.Appendf(nil, format, arguments...)}); err != nil {
			tb.Fatal(err)
		}
	}
	sign := func(minute int) {
		if _, err := ledger.Checkpoint(signer, public, time.Date(2022, 7, 15, 13, minute, 0, 0, time.UTC)); err != nil {
			tb.Fatal(err)
		}
	}
	add(KindRules, `{"count":2,"sha256":"%x","name":"built in"}`, sha256.Sum256(nil))
	for _, name := range []string{webLog, mailLog} {
		add(KindEvidence, `{"name":"%s","sha256":"%x","size":%d}`, name, sha256.Sum256(s.files[name]), len(s.files[name]))
	}
	for i := range 8 { // leaves 3 to 10
		add(KindFinding, `{"finding_id":"%032x",%s,"event":{"c-ip":"192.0.2.%02d","cs-username":"adm.kola"}}`, i, s.place(webLog, i), i)
	}
	sign(0)
	add(KindFinding, `{"finding_id":"%032x",%s,"event":{"c-ip":"192.0.2.20","cs-username":"adm.kola"}}`, 100, s.place(mailLog, 20))
	add(KindFinding, `{"finding_id":"%032x",%s,"event":{},"correlation":{"count":2,"group":{"cs-username":"adm.kola"},"events":[{%s},{%s}]}}`,
		101, s.place(mailLog, 22), s.place(mailLog, 21), s.place(mailLog, 22))
	add(KindIncident, `{"incident":{"id":"I-7F3KQ","title":{"message":"t","proof":[3]},"story":[{"message":"a","proof":[3]}]},"members":[3,4,5,6,7,8,9,10,11,12]}`)
	sign(1)
	add(KindIncident, `{"incident":{"id":"I-7F3KQ","title":{"message":"t","proof":[3]},"story":[{"message":"a","proof":[3]},{"message":"b","proof":[5,11]},`+
		`{"message":"c","values":[{"name":"account","text":"adm.kola","kind":"account"}],"proof":[12]}]},"members":[3,4,5,6,7,8,9,10,11,12]}`)
	add(KindAssessment, `{"cluster":"KC-0001","items":[{"id":"E-01","claim":{"message":"d","proof":[11]}}],"likelihood":{"message":"e"}}`)
	add(KindNote, `{"time":"2022-07-15T13:00:00Z","author":"analyst","text":"adm.kola was on leave"}`)
	sign(2)
	return s
}

// place is where a line is, as findings have it.
func (s *sampleCase) place(name string, line int) string {
	size := bytes.IndexByte(s.files[name], '\n') + 1
	record := s.files[name][line*size : (line+1)*size]
	return fmt.Sprintf(`"source":"%s","sha256":"%x","offset":%d,"size":%d,"record_sha256":"%x"`,
		name, sha256.Sum256(s.files[name]), line*size, size, sha256.Sum256(record))
}

// evidence is the case's evidence, under the names that rename gives.
func (s *sampleCase) evidence(rename func(string) string, pieces int) Evidence {
	return func(_ context.Context, writerOf func(string) io.Writer) ([]EvidenceFile, error) {
		var list []EvidenceFile
		for _, name := range []string{mailLog, webLog, "more.log"} {
			data, ok := s.files[name]
			if !ok {
				continue
			}
			if w := writerOf(rename(name)); w != nil {
				for chunk := range slices.Chunk(data, pieces) {
					if _, err := w.Write(chunk); err != nil {
						return nil, err
					}
				}
			}
			list = append(list, EvidenceFile{Name: rename(name), Size: int64(len(data)), SHA256: sha256.Sum256(data)})
		}
		return list, nil
	}
}

func same(name string) string { return name }

func verify(tb testing.TB, storage Storage, options VerifyOptions) *Verification {
	tb.Helper()
	v, err := Verify(context.Background(), storage, options)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// told are the faults as text, a line each.
func told(v *Verification) string {
	var b strings.Builder
	for _, f := range v.Faults {
		fmt.Fprintf(&b, "%s: leaf %d %s@%d: %s %q\n", f.Check, f.Leaf, f.Source, f.Offset, f.What, f.Sentences)
	}
	return b.String()
}

func TestVerifyHolds(t *testing.T) {
	t.Parallel()
	s := newSampleCase(t)
	for _, rename := range []func(string) string{same,
		func(name string) string { return strings.TrimPrefix(name, "evidence.zip!") },
		func(name string) string { return "/mnt/copy/" + strings.ReplaceAll(name, "!", "/") },
		func(name string) string {
			return "D:\\case\\" + strings.NewReplacer("!", "\\", "/", "\\").Replace(name)
		}} {
		for _, pieces := range []int{1, 7, 1000, 1 << 20} {
			v := verify(t, s, VerifyOptions{Evidence: s.evidence(rename, pieces)})
			if !v.Holds() || len(v.Unchecked) > 0 {
				t.Fatalf("%s%v", told(v), v.Unchecked)
			}
			for name, want := range map[string]int64{CheckLeaves: 17, CheckFiles: 2, CheckRecords: 12, CheckCheckpoints: 3, CheckSignatures: 3} {
				if got := v.check(name).Count; got != want {
					t.Errorf("%s: %d, want %d", name, got, want)
				}
			}
		}
	}
	if v := verify(t, s, VerifyOptions{}); !v.Holds() || len(v.Unchecked) != 1 || v.Signed != 17 {
		t.Errorf("without evidence: %+v", v)
	}
}

// Files of the same content under names that nobody knows are known by it.
func TestVerifyRenamed(t *testing.T) {
	t.Parallel()
	s := newSampleCase(t)
	v := verify(t, s, VerifyOptions{Evidence: s.evidence(func(name string) string { return name[13:16] + ".bin" }, 100)})
	if !v.Holds() || len(v.Unchecked) > 0 || v.check(CheckFiles).Count != 2 {
		t.Errorf("%s%+v", told(v), v)
	}
}

// Each bit of each leaf, hash, checkpoint, key and of the secret.
func TestVerifyFindsEveryFlip(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes minutes with race detection")
	}
	s := newSampleCase(t)
	flip := func(what, check string, leaf int64, change func(k *keptLedger)) {
		changed := s.clone()
		change(changed)
		v := verify(t, changed, VerifyOptions{})
		named := slices.ContainsFunc(v.Faults, func(f Fault) bool { return f.Check == check && (leaf < 0 || f.Leaf == leaf) })
		if v.Holds() || !named {
			t.Errorf("%s: not found as %s of leaf %d:\n%s", what, check, leaf, told(v))
		}
	}
	for number, leaf := range s.leaves {
		for i := range leaf.Data {
			flip(fmt.Sprintf("byte %d of leaf %d", i, number), CheckLeaves, int64(number), func(k *keptLedger) { k.leaves[number].Data[i] ^= 1 << (i % 8) })
		}
		flip(fmt.Sprintf("kind of leaf %d", number), CheckLeaves, int64(number), func(k *keptLedger) { k.leaves[number].Kind += "x" })
		flip(fmt.Sprintf("leaf %d missing", number), CheckLeaves, int64(number), func(k *keptLedger) { k.leaves[number].Kind = "" })
	}
	for i := range s.hashes {
		flip(fmt.Sprintf("hash %d", i), CheckHashes, -1, func(k *keptLedger) { k.hashes[i][i%32] ^= 1 })
	}
	for i := range s.checkpoints {
		for j := range s.checkpoints[i] {
			flip(fmt.Sprintf("byte %d of checkpoint %d", j, i), CheckSignatures, -1, func(k *keptLedger) { k.checkpoints[i][j] ^= 1 })
		}
	}
	for j := range s.keys[0] {
		flip(fmt.Sprintf("byte %d of the key", j), CheckSignatures, -1, func(k *keptLedger) {
			key := []byte(k.keys[0])
			key[j] ^= 1
			k.keys[0] = string(key)
		})
	}
	for j := range s.secret {
		flip(fmt.Sprintf("byte %d of the secret", j), CheckKeys, -1, func(k *keptLedger) { k.secret[j] ^= 1 })
	}
}

func TestVerifyFindsRearrangement(t *testing.T) {
	t.Parallel()
	s := newSampleCase(t)
	last := s.checkpoints[2]
	stranger, strange := keyPair(t, 9)
	for name, test := range map[string]struct {
		change  func(k *keptLedger)
		options VerifyOptions
		want    string
	}{
		"leaves cut off": {func(k *keptLedger) { k.leaves = k.leaves[:14]; k.hashes = k.hashes[:tlog.StoredHashCount(14)] }, VerifyOptions{},
			"checkpoint 3 covers 17 leaves, and there are 14: leaves were removed"},
		"two leaves change places": {func(k *keptLedger) { k.leaves[4], k.leaves[6] = k.leaves[6], k.leaves[4] }, VerifyOptions{}, "finding 6 was changed"},
		"leaf removed":             {func(k *keptLedger) { k.leaves = slices.Delete(k.leaves, 5, 6) }, VerifyOptions{}, "leaves were removed"},
		"hashes cut off":           {func(k *keptLedger) { k.hashes = k.hashes[:9] }, VerifyOptions{}, "stored hashes cannot be read"},
		"unsigned leaf": {func(k *keptLedger) {
			if _, err := NewLedger(k).Append(Leaf{Kind: KindNote, Data: []byte(`{"text":"x"}`)}); err != nil {
				t.Error(err)
			}
		}, VerifyOptions{}, "the last 1 leaves are covered by no signed checkpoint"},
		"checkpoint removed":    {func(k *keptLedger) { k.checkpoints = k.checkpoints[:2] }, VerifyOptions{}, "the last 3 leaves are covered by no"},
		"checkpoints reordered": {func(k *keptLedger) { slices.Reverse(k.checkpoints) }, VerifyOptions{}, "fewer than the one before it"},
		"rolled back": {func(k *keptLedger) {
			k.leaves, k.hashes, k.checkpoints = k.leaves[:14], k.hashes[:tlog.StoredHashCount(14)], k.checkpoints[:2]
		}, VerifyOptions{Checkpoint: last}, "the checkpoint that was given covers 17 leaves, and there are 14"},
		"written anew": {func(k *keptLedger) {
			old := k.leaves
			*k = keptLedger{secret: k.secret}
			for _, leaf := range old[:16] {
				if _, err := NewLedger(k).Append(leaf); err != nil {
					t.Error(err)
				}
			}
			if _, err := NewLedger(k).Checkpoint(stranger, strange, time.Unix(0, 0)); err != nil {
				t.Error(err)
			}
		}, VerifyOptions{TrustedKeys: s.keys}, "not signed by a trusted key"},
		"row changed": {func(k *keptLedger) {
			k.rows = func(differ func(int64, string)) int64 { differ(5, "host is web02, and web01 in the leaf"); return 1 }
		}, VerifyOptions{}, `rows: leaf 5 @0: host is web02, and web01 in the leaf ["story sentence 2 of I-7F3KQ"]`},
		"emptied": {func(k *keptLedger) { *k = keptLedger{secret: k.secret} }, VerifyOptions{}, "the ledger is empty: nothing has been investigated"},
		"emptied, a key trusted": {func(k *keptLedger) { *k = keptLedger{secret: k.secret} }, VerifyOptions{TrustedKeys: s.keys},
			"there is no checkpoint, and so none that is signed by a trusted key"},
		"emptied, then a note": {func(k *keptLedger) {
			*k = keptLedger{secret: k.secret}
			if _, err := NewLedger(k).Append(Leaf{Kind: KindNote, Data: []byte(`{"text":"x"}`)}); err != nil {
				t.Error(err)
			}
			if _, err := NewLedger(k).Checkpoint(stranger, strange, time.Unix(0, 0)); err != nil {
				t.Error(err)
			}
		}, VerifyOptions{}, "leaf -1 @0: nothing has been investigated"},
		"no checkpoint": {func(k *keptLedger) { k.checkpoints = nil }, VerifyOptions{}, "the last 17 leaves are covered by no"},
	} {
		changed := s.clone()
		test.change(changed)
		if v := verify(t, changed, test.options); !strings.Contains(told(v), test.want) {
			t.Errorf("%s:\n%s\nwant %s", name, told(v), test.want)
		}
	}
}

// What a mail or an editor does to a checkpoint is of no account.
func TestReadCheckpoint(t *testing.T) {
	t.Parallel()
	s := newSampleCase(t)
	last := string(s.checkpoints[2])
	for _, kept := range []string{last, "\n\n" + last + "\n\n", strings.ReplaceAll(last, "\n", "\r\n"), "\ufeff  " + strings.ReplaceAll(last, "\n", "  \n\n    "), strings.TrimSpace(last)} {
		read, err := ReadCheckpoint([]byte(kept))
		if err != nil || string(read) != last {
			t.Errorf("%q: %q, %v", kept, read, err)
		}
	}
	for _, kept := range []string{"", "x", strings.Replace(last, "time ", "at ", 1), last[:strings.Index(last, "—")], last[:len(last)-30]} {
		if read, err := ReadCheckpoint([]byte(kept)); err == nil {
			t.Errorf("%q: %q", kept, read)
		}
	}
}

func TestVerifyReferences(t *testing.T) {
	t.Parallel()
	s := newSampleCase(t)
	ledger := NewLedger(s)
	if _, err := ledger.Append(Leaf{Kind: KindIncident, Data: []byte(`{"id":"I-X","story":[{"proof":[3,99]}],"rules":[{"example":-1}]}`)}); err != nil {
		t.Fatal(err)
	}
	got := told(verify(t, s, VerifyOptions{}))
	for _, want := range []string{"incident 17 rests on leaf 99", "incident 17 rests on leaf -1"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

// A changed byte of the evidence is found where it is, with what rests on it.
func TestVerifyFindsChangedEvidence(t *testing.T) {
	t.Parallel()
	s := newSampleCase(t)
	size := bytes.IndexByte(s.files[webLog], '\n') + 1
	mailSize := bytes.IndexByte(s.files[mailLog], '\n') + 1
	original := s.files
	for name, test := range map[string]struct {
		change func(files map[string][]byte)
		want   []string
		clean  bool
	}{
		"cited by a sentence": {func(f map[string][]byte) { f[webLog][2*size+3] ^= 1 },
			[]string{fmt.Sprintf("records: leaf 5 %s@%d: finding 5 cites a record whose bytes differ", webLog, 2*size), `"story sentence 2 of I-7F3KQ"`, "1 of 8 cited records differ"}, false},
		"member of a correlation": {func(f map[string][]byte) { f[mailLog][21*mailSize] ^= 1 }, []string{"finding 12 cites", `"story sentence 3 of I-7F3KQ"`}, false},
		"rested on by two": {func(f map[string][]byte) { f[mailLog][20*mailSize] ^= 1 },
			[]string{`"story sentence 2 of I-7F3KQ" "claim of item 1 of the assessment"`}, false},
		"not cited":  {func(f map[string][]byte) { f[webLog][30*size] ^= 1 }, []string{"the change lies outside of the records that findings cite (8)"}, false},
		"cut":        {func(f map[string][]byte) { f[webLog] = f[webLog][:3*size+5] }, []string{"finding 6 cites a record whose bytes differ", "finding 7 cites a record that is no longer there"}, false},
		"inserted":   {func(f map[string][]byte) { f[webLog] = slices.Insert(f[webLog], 5*size, 'x') }, []string{"3 of 8 cited records differ"}, false},
		"additional": {func(f map[string][]byte) { f["more.log"] = []byte("x") }, nil, true},
		"swapped": {func(f map[string][]byte) { f[webLog], f[mailLog] = f[mailLog], f[webLog] },
			[]string{"other content stands under the name of " + mailLog, "other content stands under the name of " + webLog, "it is that of " + webLog}, false},
		"doubled": {func(f map[string][]byte) { f[mailLog] = f[webLog] },
			[]string{"other content stands under the name of " + mailLog, "it is that of " + webLog}, false},
		"moved, and other content in its place": {func(f map[string][]byte) { f["more.log"] = f[webLog]; f[webLog] = []byte("x") },
			[]string{"other content stands under the name of " + webLog}, false},
		"absent": {func(f map[string][]byte) { delete(f, mailLog) }, nil, true},
	} {
		s.files = map[string][]byte{}
		for file, data := range original {
			s.files[file] = bytes.Clone(data)
		}
		test.change(s.files)
		for _, rename := range []func(string) string{same, func(name string) string { return "/x/" + strings.TrimPrefix(name, "evidence.zip!") }} {
			v := verify(t, s, VerifyOptions{Evidence: s.evidence(rename, 33)})
			got := strings.ReplaceAll(told(v), "/x/", "evidence.zip!")
			if v.Holds() != test.clean {
				t.Errorf("%s: holds %v", name, v.Holds())
			}
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("%s:\n%s\nwant %s", name, got, want)
				}
			}
			if name == "additional" && !slices.ContainsFunc(v.Remarks, func(r string) bool { return strings.Contains(r, "more.log is not in the ledger") }) ||
				name == "absent" && (len(v.Unchecked) != 1 || v.Unchecked[0].Count != 4 || v.Missing != 1 || v.Files != 2) {
				t.Errorf("%s: %v %v", name, v.Remarks, v.Unchecked)
			}
		}
	}
}

// A log that was written on since it was read holds what it held; a changed
// one does not.
func TestVerifyGrownEvidence(t *testing.T) {
	t.Parallel()
	s := newSampleCase(t)
	s.files[webLog] = append(s.files[webLog], "192.0.2.99 web01 later GET /\n"...)
	ledger := NewLedger(s)
	leaf := fmt.Appendf(nil, `{"name":"%s","sha256":"%x"}`, webLog, sha256.Sum256(s.files[webLog]))
	if _, err := ledger.Append(Leaf{Kind: KindEvidence, Data: leaf}); err != nil {
		t.Fatal(err)
	}
	signer, public := keyPair(t, 1)
	if _, err := ledger.Checkpoint(signer, public, time.Date(2022, 7, 15, 14, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	v := verify(t, s, VerifyOptions{Evidence: s.evidence(same, 50)})
	want := webLog + " has changed since it was first read; the records cited then are still there"
	if !v.Holds() || len(v.Unchecked) > 0 || !slices.Contains(v.Remarks, want) || v.check(CheckRecords).Count != 12 {
		t.Errorf("%s%+v", told(v), v)
	}
	s.files[webLog][5] ^= 1
	v = verify(t, s, VerifyOptions{Evidence: s.evidence(same, 50)})
	if v.Holds() || !strings.Contains(told(v), "the file differs") || !strings.Contains(told(v), `finding 3 cites a record whose bytes differ ["story sentence 1 of I-7F3KQ" "title of I-7F3KQ"]`) {
		t.Errorf("%s%+v", told(v), v)
	}
}

// A log may be read again and again while it grows: its last content counts,
// also where it had an earlier one once more.
func TestVerifyOftenGrownEvidence(t *testing.T) {
	t.Parallel()
	s := newSampleCase(t)
	first := s.files[webLog]
	ledger := NewLedger(s)
	keep := func(data []byte) {
		s.files[webLog] = data
		leaf := fmt.Appendf(nil, `{"name":"%s","sha256":"%x"}`, webLog, sha256.Sum256(data))
		if _, err := ledger.Append(Leaf{Kind: KindEvidence, Data: leaf}); err != nil {
			t.Fatal(err)
		}
	}
	check := func(name string) {
		signer, public := keyPair(t, 1)
		if _, err := ledger.Checkpoint(signer, public, time.Date(2022, 7, 15, 14, 0, 0, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
		if v := verify(t, s, VerifyOptions{Evidence: s.evidence(same, 50)}); !v.Holds() || v.check(CheckRecords).Count != 12 {
			t.Errorf("%s: %s%+v", name, told(v), v)
		}
		changed := bytes.Clone(s.files[webLog])
		changed[5] ^= 1
		s.files[webLog] = changed
		v := verify(t, s, VerifyOptions{Evidence: s.evidence(same, 50)})
		if v.Holds() || !strings.Contains(told(v), "the file differs") || !strings.Contains(told(v), "finding 3 cites a record whose bytes differ") {
			t.Errorf("%s: %s%+v", name, told(v), v)
		}
	}
	for i := range 2 * maxCandidates {
		keep(fmt.Appendf(bytes.Clone(s.files[webLog]), "192.0.2.99 web01 later GET /%d\n", i))
	}
	check("grown")
	keep(first)
	check("as it was")
}

// Each byte of a file is found, cited or not.
func TestVerifyFindsEveryByteOfEvidence(t *testing.T) {
	t.Parallel()
	s := newSampleCase(t)
	size := bytes.IndexByte(s.files[webLog], '\n') + 1
	for i := range s.files[webLog] {
		s.files[webLog][i] ^= 4
		v := verify(t, s, VerifyOptions{Evidence: s.evidence(same, 1<<20)})
		cited := i < 8*size
		record := slices.ContainsFunc(v.Faults, func(f Fault) bool { return f.Check == CheckRecords && f.Leaf == int64(3+i/size) })
		if v.Holds() || cited != record {
			t.Fatalf("byte %d:\n%s", i, told(v))
		}
		s.files[webLog][i] ^= 4
	}
}

func BenchmarkVerify(b *testing.B) {
	const findings = 10_000
	k := &keptLedger{secret: testSecret}
	ledger := NewLedger(k)
	signer, public := keyPair(b, 1)
	for i := range findings {
		data := strings.Replace(sampleFinding, `"offset":4096`, fmt.Sprintf(`"record_sha256":"%064x","offset":%d`, i, 4096+2000*i), 1)
		if _, err := ledger.Append(Leaf{Kind: KindFinding, Data: []byte(data)}); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := ledger.Checkpoint(signer, public, time.Unix(0, 0)); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if v := verify(b, k, VerifyOptions{}); !v.Holds() {
			b.Fatal(told(v))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/findings, "ns/leaf")
}

// Leaves of any size are sealed and compared, few at a time.
func TestVerifyLargeLeaves(t *testing.T) {
	t.Parallel()
	kept := &keptLedger{secret: testSecret}
	ledger := NewLedger(kept)
	const leaves, size = 9, bytesAtOnce / 4
	for i := range leaves {
		kind := KindNote
		if i == 0 {
			kind = KindRules
		}
		if _, err := ledger.Append(Leaf{Kind: kind, Data: fmt.Appendf(nil, `{"text":"%d%s"}`, i, strings.Repeat("a", size))}); err != nil {
			t.Fatal(err)
		}
	}
	signer, public := keyPair(t, 1)
	if _, err := ledger.Checkpoint(signer, public, signedAt); err != nil {
		t.Fatal(err)
	}
	if v := verify(t, kept, VerifyOptions{}); !v.Holds() || v.check(CheckLeaves).Count != leaves {
		t.Errorf("%d leaves: %s", v.check(CheckLeaves).Count, told(v))
	}
	for _, number := range []int{0, 3, 4, leaves - 1} {
		changed := kept.clone()
		changed.leaves[number].Data = bytes.Replace(changed.leaves[number].Data, []byte("aa"), []byte("ab"), 1)
		if v := verify(t, changed, VerifyOptions{}); v.Holds() || v.FaultCount != 1 || v.Faults[0].Leaf != int64(number) {
			t.Errorf("leaf %d: %s", number, told(v))
		}
	}
}
