package cli

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/store"
)

// investigating runs "kulla investigate" into a case of a new folder with a
// signing key there, and returns the case.
func investigating(t *testing.T, arguments ...string) (file string) {
	t.Helper()
	folder := t.TempDir()
	file = filepath.Join(folder, "x"+caseExtension)
	extending(t, file, arguments...)
	return file
}

// extending runs it into a case that may be there, and returns what it prints.
func extending(t *testing.T, file string, arguments ...string) string {
	t.Helper()
	out, code := kulla(t, append([]string{"investigate", "--key", filepath.Join(filepath.Dir(file), "signing.key"), "-o", file}, arguments...)...)
	if code != exitDone && code != exitUnreadable {
		t.Fatalf("kulla investigate %s: code %d", strings.Join(arguments, " "), code)
	}
	return out
}

// kept opens a case and passes it on.
func kept(t *testing.T, file string, use func(*store.Case)) {
	t.Helper()
	opened, err := store.Open(t.Context(), file, store.Options{ReadOnly: true, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	use(opened)
}

// told is all that a case concludes, as bytes that can be compared.
func told(t *testing.T, file string) string {
	t.Helper()
	var all bytes.Buffer
	kept(t, file, func(c *store.Case) {
		incidents, err := c.Incidents()
		if err != nil {
			t.Fatal(err)
		}
		assessment, err := c.Assessment()
		if err != nil {
			t.Fatal(err)
		}
		for f, err := range c.Findings(store.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			all.WriteString(f.ID + " " + f.Incident + "\n")
		}
		encoder := json.NewEncoder(&all)
		for _, value := range []any{incidents, assessment} {
			if err := encoder.Encode(value); err != nil {
				t.Fatal(err)
			}
		}
	})
	return all.String()
}

// The same evidence makes the same case, whatever the number of workers.
func TestInvestigationDoesNotDependOnWorkers(t *testing.T) {
	t.Parallel()
	want := told(t, investigating(t, "--no-report", "--workers", "1", sampleEvidence()))
	if !strings.Contains(want, `"story"`) {
		t.Fatal("the sample has no incident with a story")
	}
	for _, workers := range []string{"2", "8"} {
		if got := told(t, investigating(t, "--no-report", "--workers", workers, sampleEvidence())); got != want {
			t.Errorf("%s workers tell another story than one", workers)
		}
	}
}

// Unchanged evidence leaves every byte of the case as it was.
func TestRepeatedInvestigationChangesNothing(t *testing.T) {
	t.Parallel()
	slow(t)
	file := investigating(t, sampleEvidence())
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := extending(t, file, sampleEvidence())
	after, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("the case changed")
	}
	if !strings.Contains(out, "unchanged") {
		t.Errorf("it does not say so:\n%s", out)
	}
}

// Evidence in two parts makes a case with all findings of both that no
// correlation across them needs, and joins them.
func TestMoreEvidenceExtendsTheCase(t *testing.T) {
	t.Parallel()
	slow(t)
	web, others := splitEvidence(t, "WEB01/")
	file := investigating(t, "--no-report", web)
	var first, all int64
	kept(t, file, func(c *store.Case) { first = count(t, c) })
	cluster := clusterIn(t, file)
	extending(t, file, "--no-report", others)
	kept(t, file, func(c *store.Case) { all = count(t, c) })
	if got := clusterIn(t, file); got != cluster {
		t.Errorf("the case was published as %s, and now is %s", cluster, got)
	}
	if first == 0 || all <= first {
		t.Fatalf("%d findings of the web server, %d of all hosts", first, all)
	}
	kept(t, file, func(c *store.Case) {
		files, err := c.Evidence()
		if err != nil || len(files) < 10 {
			t.Errorf("%d files in the register, %v", len(files), err)
		}
		incidents, err := c.Incidents()
		if err != nil {
			t.Fatal(err)
		}
		hosts := map[string]bool{}
		for _, one := range incidents {
			for _, use := range one.Entities {
				if use.Kind == "host" {
					hosts[use.Name] = true
				}
			}
		}
		if len(hosts) < 5 {
			t.Errorf("incidents on %v only", hosts)
		}
	})
}

// clusterIn is the name that a case's activity is published under.
func clusterIn(t *testing.T, file string) (cluster string) {
	t.Helper()
	kept(t, file, func(c *store.Case) {
		a, err := c.Assessment()
		if err != nil || a == nil {
			t.Fatalf("no assessment: %v", err)
		}
		cluster = a.Cluster
	})
	return cluster
}

// Unrelated intrusions in cases of their own have names of their own; the same
// evidence has the same.
func TestClustersOfUnrelatedCases(t *testing.T) {
	t.Parallel()
	slow(t)
	one := clusterIn(t, investigating(t, "--no-report", sampleEvidence()))
	if again := clusterIn(t, investigating(t, "--no-report", sampleEvidence())); again != one {
		t.Errorf("the sample is %s, and another time %s", one, again)
	}
	if other := clusterIn(t, investigating(t, "--no-report", filepath.Join("..", "..", "examples", "unknown.zip"))); other == one {
		t.Errorf("two intrusions that have nothing in common are both %s", one)
	}
}

func count(t *testing.T, c *store.Case) int64 {
	t.Helper()
	n, err := c.FindingCount()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// splitEvidence puts the sample's members with a prefix into one archive, and
// the others into a second.
func splitEvidence(t *testing.T, prefix string) (with, without string) {
	t.Helper()
	archive, err := zip.OpenReader(sampleEvidence())
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	folder := t.TempDir()
	part := func(name string, wanted bool) string {
		path := filepath.Join(folder, name)
		out, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		w := zip.NewWriter(out)
		for _, member := range archive.File {
			if strings.HasPrefix(member.Name, prefix) == wanted {
				if err := w.Copy(member); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return part("with.zip", true), part("without.zip", false)
}

// A second run on one case is refused, says why, and harms nothing.
func TestTwoInvestigationsAtOnceAreRefused(t *testing.T) {
	t.Parallel()
	file := investigating(t, "--no-report", sampleEvidence())
	before := told(t, file)
	first, err := createCase(t.Context(), Environment{Now: time.Now, Getenv: os.Getenv}, file, filepath.Join(filepath.Dir(file), "signing.key"))
	if err != nil {
		t.Fatal(err)
	}
	var errors bytes.Buffer
	code := Run(t.Context(), []string{"investigate", "--no-report", "--key", filepath.Join(filepath.Dir(file), "signing.key"), "-o", file, sampleEvidence()},
		Environment{In: strings.NewReader(""), Out: io.Discard, Err: &errors, OutTerminal: noTerminal, ErrTerminal: noTerminal, Now: time.Now,
			Getenv: func(string) string { return "" }, TempDir: t.TempDir()})
	if code != exitError || !strings.Contains(errors.String(), "in use") || !strings.Contains(errors.String(), "hint: ") {
		t.Errorf("code %d: %s", code, errors.String())
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if told(t, file) != before {
		t.Error("the case changed")
	}
}

// An interrupted investigation leaves the case as it was.
func TestInterruptedInvestigationChangesNothing(t *testing.T) {
	t.Parallel()
	file := investigating(t, "--no-report", sampleEvidence())
	before := told(t, file)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code := Run(ctx, []string{"investigate", "--no-report", "--key", filepath.Join(filepath.Dir(file), "signing.key"), "-o", file, "-"},
		Environment{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, OutTerminal: noTerminal, ErrTerminal: noTerminal, Now: time.Now,
			Getenv: func(string) string { return "" }, TempDir: t.TempDir()})
	if code != exitInterrupted || told(t, file) != before {
		t.Errorf("code %d, changed: %v", code, told(t, file) != before)
	}
}

// Where nothing can be read there is no case, not an empty one.
func TestNothingReadMakesNoCase(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "x"+caseExtension)
	var errors bytes.Buffer
	code := Run(t.Context(), []string{"investigate", "--key", file + ".key", "-o", file, file + ".evtx"},
		Environment{In: strings.NewReader(""), Out: io.Discard, Err: &errors, OutTerminal: noTerminal, ErrTerminal: noTerminal, Now: time.Now,
			Getenv: func(string) string { return "" }, TempDir: t.TempDir()})
	if code != exitError || !strings.Contains(errors.String(), "nothing could be read") {
		t.Errorf("code %d: %s", code, errors.String())
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(file), "x*"))
	if err != nil || slices.Contains(left, file) {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// Where the command line cannot be meant there is no case either, and one that
// was there stays.
func TestWrongCommandLineMakesNoCase(t *testing.T) {
	t.Parallel()
	there := investigating(t, "--no-report", sampleEvidence())
	before := told(t, there)
	fresh := filepath.Join(t.TempDir(), "x"+caseExtension)
	for _, file := range []string{there, fresh} {
		code := Run(t.Context(), []string{"investigate", "--key", file + ".key", "-o", file, "--rules", file + ".none", sampleEvidence()},
			Environment{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, OutTerminal: noTerminal, ErrTerminal: noTerminal, Now: time.Now,
				Getenv: func(string) string { return "" }, TempDir: t.TempDir()})
		if code != exitError {
			t.Errorf("code %d", code)
		}
	}
	if _, err := os.Stat(fresh); !os.IsNotExist(err) {
		t.Errorf("a case was left behind: %v", err)
	}
	if told(t, there) != before {
		t.Error("the case changed")
	}
}

// No sentence that claims something is without proof, and every proof is a
// finding of the case.
func TestEverySentenceIsProven(t *testing.T) {
	t.Parallel()
	kept(t, investigating(t, "--no-report", sampleEvidence()), func(c *store.Case) {
		incidents, err := c.Incidents()
		if err != nil {
			t.Fatal(err)
		}
		sentences := 0
		for _, one := range incidents {
			for _, sentence := range one.Story {
				if strings.HasPrefix(sentence.Message, "story.chapter") {
					continue // a date, proven by the sentences below it
				}
				sentences++
				if len(sentence.Proof) == 0 {
					t.Errorf("%s: %s has no proof", one.ID, sentence.Message)
				}
				for _, number := range sentence.Proof {
					if _, err := c.Finding(number); err != nil {
						t.Errorf("%s: %s rests on %d: %v", one.ID, sentence.Message, number, err)
					}
				}
			}
		}
		if sentences < 20 {
			t.Errorf("the sample has %d sentences only", sentences)
		}
	})
}

// What the four cases of the sample come to: docs of issue and examples.
func TestAttributionOfTheSample(t *testing.T) {
	t.Parallel()
	examples := filepath.Join("..", "..", "examples")
	for _, test := range []struct {
		name, evidence string
		arguments      []string
		want           func(a *attribution.Assessment) bool
	}{
		{"techniques alone name no group", "evidence.zip", nil, func(a *attribution.Assessment) bool { return a.Answer.Level != "group" }},
		{"artefacts name with reasons", "evidence.zip", []string{"--artefacts", filepath.Join(examples, "artefacts.yml")},
			func(a *attribution.Assessment) bool {
				secrets := slices.ContainsFunc(a.Items, func(i attribution.Item) bool { return i.Kind == attribution.Secret })
				return a.Answer.Level == "group" && secrets && len(a.HandOffs) > 0
			}},
		{"planted foreign traces are a false flag", "false-flag.zip", nil, func(a *attribution.Assessment) bool { return a.Answer.FalseFlag && a.Answer.Level == "cluster" }},
		{"an unknown actor stays unknown", "unknown.zip", nil, func(a *attribution.Assessment) bool {
			return a.Answer.Level == "cluster" && !a.Answer.FalseFlag
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := investigating(t, append([]string{"--no-report", filepath.Join(examples, test.evidence)}, test.arguments...)...)
			kept(t, file, func(c *store.Case) {
				a, err := c.Assessment()
				if err != nil || a == nil {
					t.Fatalf("no assessment: %v", err)
				}
				if !test.want(a) {
					t.Errorf("the answer is %s %s, false flag %v", a.Answer.Level, a.Answer.Hypothesis, a.Answer.FalseFlag)
					for _, h := range a.Hypotheses[:min(len(a.Hypotheses), 12)] {
						t.Logf("%-28s %.3f (%.3f to %.3f)", h.ID, h.Posterior, h.Low, h.High)
					}
				}
			})
		})
	}
}
