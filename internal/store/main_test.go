package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/kulla-defence/kulla/internal/custody"
)

// The tests start this program anew as a second process.
const (
	childVariable = "KULLA_STORE_TEST_CHILD"
	childAppends  = "appends" // puts and commits until it is killed
	childOpens    = "opens"   // opens once, and says how that went
)

func TestMain(m *testing.M) {
	job, path, ok := strings.Cut(os.Getenv(childVariable), " ")
	if !ok {
		os.Exit(m.Run())
	}
	var err error
	switch job {
	case childAppends:
		err = appendForever(path)
	case childOpens:
		err = openOnce(path)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func child(t *testing.T, job, path string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	check(t, err)
	command := exec.Command(program)
	command.Env = append(os.Environ(), childVariable+"="+job+" "+path)
	command.Stderr = os.Stderr
	return command
}

func openOnce(path string) error {
	c, err := Open(context.Background(), path, Options{Now: clock})
	if err != nil {
		return err
	}
	return c.Close()
}

// appendForever says after each commit how many findings are kept.
func appendForever(path string) error {
	signer, public, err := custody.OpenSigner(path+".key", rand.Reader)
	if err != nil {
		return err
	}
	c, err := Open(context.Background(), path, Options{Create: true, Now: clock, Signer: signer, PublicKey: public})
	if err != nil {
		return err
	}
	for {
		count, err := c.FindingCount()
		if err != nil {
			return err
		}
		if _, err := c.PutFindings(samples(int(count), int(count)+300), digests); err != nil {
			return err
		}
		if err := errors.Join(c.Checkpoint(), c.Commit()); err != nil {
			return err
		}
		fmt.Println(count + 300)
	}
}

// A process that is killed at any moment leaves a case that opens, with all
// that it said was committed, and nothing by halves.
func TestKilled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "case.kulla")
	random := mathrand.New(mathrand.NewPCG(1, 2))
	var kept int64
	for round := range 8 {
		kept = max(kept, runUntilKilled(t, path, 1+random.IntN(4), random.IntN(1<<24)))
		if round > 0 {
			reader := mustOpen(t, path, Options{ReadOnly: true})
			if count := must[int64](t)(reader.FindingCount()); count < kept {
				t.Errorf("round %d: who only reads sees %d findings, committed were %d", round, count, kept)
			}
			check(t, reader.Close())
		}
		c := mustOpen(t, path, Options{Create: round == 0})
		count := must[int64](t)(c.FindingCount())
		if count < kept || count%300 != 0 {
			t.Fatalf("round %d: %d findings, committed were %d", round, count, kept)
		}
		kept = count
		checkWhole(t, c)
		check(t, c.Close())
	}
	if entries := must[[]os.DirEntry](t)(os.ReadDir(filepath.Dir(path))); len(entries) != 2 {
		t.Errorf("more than the case and the key is left: %v", entries)
	}
}

// runUntilKilled kills the process some time after a number of commits, and
// returns what the last of them had kept.
func runUntilKilled(t *testing.T, path string, commits, delay int) (kept int64) {
	t.Helper()
	command := child(t, childAppends, path)
	output := must[interface {
		Read([]byte) (int, error)
		Close() error
	}](t)(command.StdoutPipe())
	check(t, command.Start())
	lines := bufio.NewScanner(output)
	for range commits {
		if !lines.Scan() {
			break
		}
		if _, err := fmt.Sscan(lines.Text(), &kept); err != nil {
			t.Fatalf("the process said %q", lines.Text())
		}
	}
	for i := range delay {
		delaySink += i // some moment in the midst of the next
	}
	check(t, command.Process.Kill())
	for lines.Scan() {
		if _, err := fmt.Sscan(lines.Text(), &kept); err != nil {
			t.Fatalf("the process said %q", lines.Text())
		}
	}
	command.Wait() // it was killed
	return kept
}

var delaySink int

// checkWhole reads and proves all leaves of a case against its last checkpoint,
// which must be of all of them.
func checkWhole(t *testing.T, c *Case) {
	t.Helper()
	size := must[int64](t)(c.Size())
	last := must[custody.Checkpoint](t)(c.Ledger().Last())
	if last.Size != size {
		t.Errorf("%d leaves, the checkpoint is of %d", size, last.Size)
	}
	if root := rebuiltRoot(t, c); root != last.Root {
		t.Errorf("the leaves have the root %s, signed is %s", root, last.Root)
	}
	n := int64(0)
	for _, err := range c.Findings(Filter{}) {
		check(t, err)
		n++
	}
	if n != must[int64](t)(c.FindingCount()) {
		t.Errorf("%d findings are found", n)
	}
}

// rebuiltRoot makes the tree anew from nothing but leaves.
func rebuiltRoot(t *testing.T, c *Case) tlog.Hash {
	t.Helper()
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, index := range indexes {
			hashes = append(hashes, stored[index])
		}
		return hashes, nil
	})
	size := must[int64](t)(c.Size())
	for number := range size {
		leaf := must[custody.Leaf](t)(c.Leaf(number))
		leaf.Seal = must[[]byte](t)(custody.Seal(leaf.Data, c.secret, number))
		stored = append(stored, must[[]tlog.Hash](t)(tlog.StoredHashes(number, leaf.Bytes(), reader))...)
	}
	return must[tlog.Hash](t)(tlog.TreeHash(size, reader))
}

func TestTwoWriters(t *testing.T) {
	t.Parallel()
	c, path := newCase(t)
	output, err := child(t, childOpens, path).Output()
	if err == nil {
		t.Fatal("a second process opened the case")
	}
	want := fmt.Sprintf("process %d on ", os.Getpid())
	if !bytes.Contains(output, []byte(want)) || !bytes.Contains(output, []byte("since 2022-08-04T03:00:00Z")) {
		t.Errorf("it was told %q, want %q in it", output, want)
	}
	if _, err := Open(context.Background(), path, Options{}); !errors.Is(err, ErrBusy) {
		t.Errorf("opened twice in one process: %v", err)
	}
	other := filepath.Join(t.TempDir(), "other.kulla")
	if err := os.Symlink(path, other); err != nil {
		t.Logf("no symbolic links here: %v", err)
	} else if output, err := child(t, childOpens, other).Output(); err == nil || !bytes.Contains(output, []byte(want)) {
		t.Errorf("by another name it was told %q (%v), want %q in it", output, err, want)
	}
	check(t, c.Close())
	if output, err := child(t, childOpens, path).Output(); err != nil {
		t.Errorf("after it was closed: %v, %s", err, output)
	}
	if _, err := os.Stat(lockName(path)); err == nil {
		t.Error("the lock is left behind")
	}
}
