package custody

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

var testSecret = []byte("a secret of the case, 32 bytes...")[:SecretSize]

const sampleFinding = `{"finding_id":"00112233445566778899aabbccddeeff","rule_id":"1f3a","rule_title":"Web shell","level":"high","techniques":["T1505.003"],"tactics":[],"time":"2022-07-15T13:00:00Z","host":"web01.example.test","source":"web01/Security.evtx","sha256":null,"offset":4096,"size":1320,"record_id":77,"event":{"EventID":"4688","Account":["adm.kola","x"],"IpAddress":"192.0.2.7","Empty":{},"N":[1,2.5,-3]}}`

func TestFields(t *testing.T) {
	t.Parallel()
	var got []string
	err := eachField([]byte(`{"a":"x","b":{"c":[true,null,{"d":1}],"e":{}},"f":[],"g":[1,2],"\"h":"\\\"","i":[[1],["y"]]}`), func(path, value []byte) error {
		got = append(got, string(path)+" "+string(value))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `["a"] "x"
["b","c",0] true
["b","c",1] null
["b","c",2,"d"] 1
["b","e"] {}
["f"] []
["g"] [1,2]
["\"h"] "\\\""
["i",0] [1]
["i",1,0] "y"`
	if strings.Join(got, "\n") != want {
		t.Errorf("fields:\n%s\nwant:\n%s", strings.Join(got, "\n"), want)
	}
}

func TestFieldsRefused(t *testing.T) {
	t.Parallel()
	for _, data := range []string{``, `1`, `[]`, `{`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1}x`, `{ "a":1}`, `{"a": 1}`, `{"a":1,"a":2}`, `{"a":"`, `{"a":"\`,
		`{"a":[}`, `{"a":["x"`, `{"a":["x"}`, `{"a":"` + "\n" + `"}`, strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), manyKeys(100) + `,"k7":1}`} {
		if seal, err := Seal([]byte(data), testSecret, 1); err == nil {
			t.Errorf("%.60s: sealed as %x", data, seal)
		}
	}
	if _, err := Seal([]byte(manyKeys(100)+"}"), testSecret, 1); err != nil {
		t.Error(err)
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":%d`, i, i)
	}
	return "{" + b.String()[1:]
}

// No byte of the data, the secret or the number can change without the seal.
func TestSealBindsEverything(t *testing.T) {
	t.Parallel()
	seals := map[string]string{}
	seal := func(what string, data, secret []byte, number int64) {
		s, err := Seal(data, secret, number)
		if err != nil {
			return // refused is as good
		}
		if other, ok := seals[string(s)]; ok {
			t.Errorf("%s has the seal of %s", what, other)
		}
		seals[string(s)] = what
	}
	data := []byte(sampleFinding)
	seal("the original", data, testSecret, 5)
	for i := range data {
		for bit := range 8 {
			changed := bytes.Clone(data)
			changed[i] ^= 1 << bit
			seal(fmt.Sprintf("bit %d of byte %d", bit, i), changed, testSecret, 5)
		}
		if i > 0 && data[i] != data[i-1] {
			seal(fmt.Sprintf("without byte %d", i), append(bytes.Clone(data[:i]), data[i+1:]...), testSecret, 5)
		}
	}
	seal("another number", data, testSecret, 6)
	for i := range testSecret {
		secret := bytes.Clone(testSecret)
		secret[i] ^= 1
		seal("another secret", data, secret, 5)
	}
	if len(seals) < 2000 {
		t.Errorf("only %d variants were sealed", len(seals))
	}
}

func TestRedactOpen(t *testing.T) {
	t.Parallel()
	whole, err := Seal([]byte(sampleFinding), testSecret, 5)
	if err != nil {
		t.Fatal(err)
	}
	for hidden := range 24 {
		place := 0
		fields, err := Redact([]byte(sampleFinding), testSecret, 5, func(_, _ string) bool {
			place++
			return place-1 == hidden
		})
		if err != nil {
			t.Fatal(err)
		}
		seal, err := Open(fields)
		if err != nil || !bytes.Equal(seal, whole) {
			t.Fatalf("field %d hidden: seal %x, %v; want %x", hidden, seal, err, whole)
		}
		for i := range fields {
			f := fields[i]
			if (i == hidden) != f.Redacted || f.Redacted && (f.Value != "" || f.Salt != nil) {
				t.Errorf("field %d of %d: %+v", i, hidden, f)
			}
		}
	}
}

// What was hidden from a partner can be shown to him later, and nothing else
// in its place.
func TestReveal(t *testing.T) {
	t.Parallel()
	const path = `["event","IpAddress"]`
	fields, err := Redact([]byte(sampleFinding), testSecret, 5, func(p, _ string) bool { return p == path })
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Redacted })
	shown, err := Reveal([]byte(sampleFinding), testSecret, 5, path)
	if err != nil || shown.Value != `"192.0.2.7"` || !shown.Proves(fields[i].Commitment) {
		t.Fatalf("%+v, %v", shown, err)
	}
	shown.Value = `"192.0.2.8"`
	if shown.Proves(fields[i].Commitment) || fields[i].Proves(fields[i].Commitment) {
		t.Error("another value, or none, proves the commitment")
	}
	if _, err := Reveal([]byte(sampleFinding), testSecret, 5, `["event","Nothing"]`); err == nil {
		t.Error("a field that is not there was revealed")
	}
}

func TestOpenFindsChanges(t *testing.T) {
	t.Parallel()
	whole, _ := Seal([]byte(sampleFinding), testSecret, 5)
	fresh := func() []Field {
		fields, err := Redact([]byte(sampleFinding), testSecret, 5, func(path, _ string) bool { return path == `["host"]` })
		if err != nil {
			t.Fatal(err)
		}
		return fields
	}
	for i := range fresh() {
		for what, change := range map[string]func(fields []Field) []Field{
			"value":      func(l []Field) []Field { l[i].Value += " "; return l },
			"salt":       func(l []Field) []Field { l[i].Salt = append(bytes.Clone(l[i].Salt), 1); return l },
			"path":       func(l []Field) []Field { l[i].Path += " "; return l },
			"commitment": func(l []Field) []Field { l[i].Commitment[3] ^= 1; return l },
			"redacted":   func(l []Field) []Field { l[i].Redacted = !l[i].Redacted; return l },
			"removed":    func(l []Field) []Field { return append(l[:i], l[i+1:]...) },
			"twice":      func(l []Field) []Field { return append(l, l[i]) },
			"order":      func(l []Field) []Field { j := (i + 1) % len(l); l[i], l[j] = l[j], l[i]; return l },
		} {
			fields := fresh()
			hidden := fields[i].Redacted
			seal, err := Open(change(fields))
			if err == nil && bytes.Equal(seal, whole) && !(hidden && (what == "value" || what == "salt")) && !(!hidden && what == "redacted") {
				t.Errorf("field %d: %s changed and not found", i, what)
			}
		}
	}
}

func FuzzSeal(f *testing.F) {
	f.Add([]byte(sampleFinding))
	f.Add([]byte(`{"a":[[],{}],"b":{"c":["d",1]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		seal, err := Seal(data, testSecret, 1)
		if err != nil {
			return
		}
		fields, err := Redact(data, testSecret, 1, func(path, value string) bool { return len(value)%3 == 0 })
		if err != nil {
			t.Fatal(err)
		}
		again, err := Open(fields)
		if err != nil || !bytes.Equal(seal, again) {
			t.Fatalf("seal %x, opened %x, %v", seal, again, err)
		}
		if json.Valid(data) {
			for _, field := range fields {
				if !validValue(field.Path) {
					t.Fatalf("path %q is no JSON", field.Path)
				}
			}
		}
	})
}

// A sealer that is used again seals as a new one does, after a failure too.
func TestSealerIsUsedAgain(t *testing.T) {
	t.Parallel()
	sealer := NewSealer(testSecret)
	var wide strings.Builder // more than is hashed at once
	for i := range 400 {
		fmt.Fprintf(&wide, `,"key%d":"%d"`, i, i)
	}
	for number, data := range []string{sampleFinding, `{"a":[{},[],"x"]}`, `{"a":`, `{"b":1}`, "{" + wide.String()[1:] + "}", sampleFinding, `{}`} {
		want, wantErr := sealAnew([]byte(data), testSecret, int64(number))
		got, err := sealer.Seal([]byte(data), int64(number))
		if (err == nil) != (wantErr == nil) || !bytes.Equal(got, want) {
			t.Errorf("leaf %d: %x, %v; a new one: %x, %v", number, got, err, want, wantErr)
		}
	}
}

// sealAnew is the definition of a seal, word for word.
func sealAnew(data, secret []byte, number int64) ([]byte, error) {
	mac := hmac.New(sha256.New, secret)
	mac.Write(binary.BigEndian.AppendUint64([]byte("kulla leaf v1\n"), uint64(number)))
	key := mac.Sum(nil)
	text, place := "kulla seal v1\n", uint64(0)
	err := eachField(data, func(path, value []byte) error {
		salt := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("kulla salt v1\n"+string(key)), place))
		commitment := sha256.Sum256(append(salt[:16:16], value...))
		text += fmt.Sprintf("%s %x\n", path, commitment)
		place++
		return nil
	})
	if err != nil {
		return nil, err
	}
	seal := sha256.Sum256([]byte(text))
	return seal[:], nil
}

func BenchmarkSealer(b *testing.B) {
	data, sealer := []byte(sampleFinding), NewSealer(testSecret)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sealer.Seal(data, 5); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	data := []byte(sampleFinding)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Seal(data, testSecret, 5); err != nil {
			b.Fatal(err)
		}
	}
}
