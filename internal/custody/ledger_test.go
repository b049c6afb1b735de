package custody

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var signedAt = time.Date(2022, 8, 4, 3, 0, 0, 5, time.UTC)

// grown is a ledger of a number of notes.
func grown(t *testing.T, count int) (*Ledger, *keptLedger) {
	t.Helper()
	kept := &keptLedger{secret: testSecret}
	ledger := NewLedger(kept)
	for i := range count {
		number, err := ledger.Append(Leaf{Kind: KindNote, Data: fmt.Appendf(nil, `{"text":"%d"}`, i)})
		if err != nil || number != int64(i) {
			t.Fatalf("leaf %d got the number %d: %v", i, number, err)
		}
	}
	return ledger, kept
}

// Every leaf is proven in every tree, every tree in every later one, and no
// proof fits another.
func TestProofs(t *testing.T) {
	t.Parallel()
	const count = 20
	ledger, kept := grown(t, count)
	roots := make([]tlog.Hash, count+1)
	for size := int64(1); size <= count; size++ {
		root, err := ledger.Root(size)
		if err != nil {
			t.Fatal(err)
		}
		roots[size] = root
		for number := range size {
			if err := ledger.Check(number, size, root); err != nil {
				t.Error(err)
			}
			if err := ledger.Check(number, size, roots[size-1]); err == nil {
				t.Errorf("leaf %d of %d fits another root", number, size)
			}
		}
		for old := int64(1); old <= size; old++ {
			proof, err := ledger.ProveGrowth(old, size)
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckTree(proof, size, root, old, roots[old]); err != nil {
				t.Errorf("from %d to %d: %v", old, size, err)
			}
		}
	}
	kept.leaves[7].Data = []byte(`{"text":"8"}`)
	for number := range int64(count) {
		if err := ledger.Check(number, count, roots[count]); (err != nil) != (number == 7) {
			t.Errorf("leaf 7 was changed; leaf %d: %v", number, err)
		}
	}
}

func TestCheckpoints(t *testing.T) {
	t.Parallel()
	ledger, kept := grown(t, 3)
	signer, public := keyPair(t, 1)
	sign := func(want bool) {
		t.Helper()
		signed, err := ledger.Checkpoint(signer, public, signedAt)
		if err != nil || signed != want {
			t.Errorf("signed %v, %v; want %v", signed, err, want)
		}
	}
	sign(true)
	sign(false) // nothing is new
	if _, err := ledger.Append(Leaf{Kind: KindNote, Data: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	sign(true)
	if len(kept.checkpoints) != 2 || len(kept.keys) != 1 {
		t.Fatalf("%d checkpoints, %d keys", len(kept.checkpoints), len(kept.keys))
	}
	last, err := ledger.Last()
	if err != nil {
		t.Fatal(err)
	}
	root, _ := ledger.Root(4)
	if last.Size != 4 || last.Root != root || !last.Time.Equal(signedAt.Truncate(time.Second)) || !strings.HasPrefix(last.Origin, "kulla.case/") {
		t.Errorf("checkpoint %+v", last)
	}
	other, otherPublic := keyPair(t, 2)
	if _, err := OpenCheckpoint(kept.checkpoints[0], []string{otherPublic}); err == nil {
		t.Error("another's key verifies it")
	}
	// Another person continues the case with a key of her own.
	if _, err := ledger.Append(Leaf{Kind: KindNote, Data: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	if signed, err := ledger.Checkpoint(other, otherPublic, signedAt); err != nil || !signed || len(kept.keys) != 2 {
		t.Errorf("signed %v with a second key: %v", signed, err)
	}
}

func TestCheckpointOfNothing(t *testing.T) {
	t.Parallel()
	ledger, kept := grown(t, 0)
	signer, public := keyPair(t, 1)
	if signed, err := ledger.Checkpoint(signer, public, signedAt); signed || err != nil || len(kept.checkpoints) != 0 {
		t.Errorf("signed %v, %v", signed, err)
	}
}

// What is not the signed ledger any more gets no new signature.
func TestCheckpointOfChanged(t *testing.T) {
	t.Parallel()
	signer, public := keyPair(t, 1)
	for name, change := range map[string]func(*keptLedger){
		"another hash":   func(k *keptLedger) { k.hashes[2][3] ^= 1 },
		"fewer leaves":   func(k *keptLedger) { k.leaves, k.hashes = k.leaves[:1], k.hashes[:1] },
		"no key":         func(k *keptLedger) { k.keys = nil },
		"another origin": func(k *keptLedger) { k.checkpoints[0][12] ^= 1 },
	} {
		ledger, kept := grown(t, 3)
		if _, err := ledger.Checkpoint(signer, public, signedAt); err != nil {
			t.Fatal(err)
		}
		change(kept)
		if _, err := ledger.Append(Leaf{Kind: KindNote, Data: []byte(`{}`)}); err != nil {
			t.Fatal(err)
		}
		_, err := ledger.Checkpoint(signer, public, signedAt)
		ledgerChanged := name == "another hash" || name == "fewer leaves"
		if err == nil || errors.Is(err, ErrChanged) != ledgerChanged || len(kept.checkpoints) != 1 {
			t.Errorf("%s: %v, %d checkpoints", name, err, len(kept.checkpoints))
		}
	}
}

func TestParseCheckpoint(t *testing.T) {
	t.Parallel()
	good := Checkpoint{Origin: "kulla.case/0011", Size: 7, Root: tlog.Hash{1}, Time: signedAt.Truncate(time.Second)}
	if got, err := ParseCheckpoint(good.String()); err != nil || got != good {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := ParseCheckpoint(good.String() + "more\n"); err != nil || got != good {
		t.Errorf("with an extension: %+v, %v", got, err)
	}
	text := good.String()
	for _, bad := range []string{"", "\n", text[:len(text)-1], strings.Replace(text, "\n7\n", "\n07\n", 1), strings.Replace(text, "\n7\n", "\n0\n", 1),
		strings.Replace(text, "\n7\n", "\n-7\n", 1), strings.Replace(text, "time ", "", 1), strings.Replace(text, "=\n", "\n", 1), "\n" + text} {
		if got, err := ParseCheckpoint(bad); err == nil {
			t.Errorf("%q: %+v", bad, got)
		}
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add(Checkpoint{Origin: "kulla.case/0011", Size: 7, Time: signedAt}.String())
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCheckpoint(text)
		if err != nil {
			return
		}
		if again, err := ParseCheckpoint(c.String()); err != nil || again != c {
			t.Errorf("%+v came back as %+v, %v", c, again, err)
		}
	})
}

func TestOpenSigner(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state", "signing.key")
	first, public, err := OpenSigner(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	second, again, err := OpenSigner(path, nil) // no randomness is needed any more
	if err != nil || again != public || second.KeyHash() != first.KeyHash() {
		t.Fatalf("opened again: %v, %s instead of %s", err, again, public)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := second.Sign([]byte("text"))
	if err != nil || !verifier.Verify([]byte("text"), signature) {
		t.Errorf("the public key does not fit: %v", err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestOpenSignerRefuses(t *testing.T) {
	t.Parallel()
	f := func(change func(path string) error, want string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "signing.key")
		if _, _, err := OpenSigner(path, rand.Reader); err != nil {
			t.Fatal(err)
		}
		if err := change(path); err != nil {
			t.Fatal(err)
		}
		_, _, err := OpenSigner(path, rand.Reader)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
	f(func(path string) error { return os.WriteFile(path, []byte("PRIVATE+KEY+x"), 0o600) }, "malformed")
	f(func(path string) error { return os.WriteFile(path, nil, 0o600) }, "malformed")
	if runtime.GOOS != "windows" {
		f(func(path string) error { return os.Chmod(path, 0o644) }, "can be read by others")
	}
	if _, _, err := OpenSigner(filepath.Join(t.TempDir(), "signing.key"), strings.NewReader("too short")); err == nil {
		t.Error("a key out of no randomness")
	}
}
