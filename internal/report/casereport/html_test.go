package casereport

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/language"
)

func written(t testing.TB, format string, d *Document, tag string) string {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, format, d, tag); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestEveryFormatIsWritten(t *testing.T) {
	t.Parallel()
	for _, format := range Formats() {
		for _, tag := range language.Tags() {
			one, other := written(t, format, fixture(t), tag), written(t, format, fixture(t), tag)
			if one == "" || one != other {
				t.Errorf("%s, %s: the same case gives other bytes", format, tag)
			}
			if strings.Contains(one, "⟦") {
				t.Errorf("%s, %s: a message is missing: %s", format, tag, around(one, "⟦"))
			}
		}
	}
	if err := Write(&bytes.Buffer{}, "papyrus", fixture(t), "en"); err == nil {
		t.Error("an unknown format is written")
	}
	if err := Write(&bytes.Buffer{}, "html", fixture(t), "xx"); err == nil {
		t.Error("an unknown language is written")
	}
}

func around(text, part string) string {
	at := strings.Index(text, part)
	return text[max(at-80, 0):min(at+80, len(text))]
}

// An empty case is a report too.
func TestEmptyCase(t *testing.T) {
	t.Parallel()
	nothing := &Document{Name: "empty", Findings: eachOf(nil), Finding: func(int64) (*Finding, error) { return nil, nil }}
	for _, format := range Formats() {
		if text := written(t, format, nothing, "en"); strings.Contains(text, "⟦") {
			t.Errorf("%s: %s", format, around(text, "⟦"))
		}
	}
}

// Nothing of the evidence may act: no tag, no link, no control, no turned text.
func TestHostileEvidenceIsText(t *testing.T) {
	t.Parallel()
	for _, format := range Formats() {
		text := written(t, format, fixture(t), "en")
		for _, r := range []string{"\u202e", "\x1b", "\x07", "\x00"} {
			if strings.Contains(text, r) {
				t.Errorf("%s: holds the character %q", format, r)
			}
		}
		if format == "html" || format == "markdown" {
			for _, bad := range []string{"<img", "<script>alert", "http://evil", "https://evil", "<b>"} {
				if strings.Contains(text, bad) {
					t.Errorf("%s: %s", format, around(text, bad))
				}
			}
		}
		if format == "csv" && strings.Contains(text, `,"=`) {
			t.Errorf("csv: a formula: %s", around(text, `,"=`))
		}
	}
	if page := written(t, "html", fixture(t), "en"); !strings.Contains(page, "hxxps://evil[.]example[.]test") || !strings.Contains(page, `invoice\u202excod.exe`) {
		t.Error("hostile evidence is not shown at all")
	}
}

// Each sentence that rests on findings refers to at least one record on the page.
func TestEverySentenceIsProven(t *testing.T) {
	t.Parallel()
	page := written(t, "html", fixture(t), "en")
	ids := leadSomewhere(t, page)
	for _, s := range sentences(fixture(t)) {
		if len(s.Proof) > 0 && ids[fmt.Sprintf("r-%d", s.Proof[0])] == 0 {
			t.Errorf("%s: its record %d is not on the page", s.Message, s.Proof[0])
		}
	}
	for _, claim := range regexp.MustCompile(`(?s)<details class="claim">.*?</details>`).FindAllString(page, -1) {
		if !strings.Contains(claim, `id="r-`) && !strings.Contains(claim, `href="#r-`) {
			t.Errorf("a sentence opens nothing: %.300s", claim)
		}
	}
}

// The page asks for nothing: what could is allowed by no policy, and absent.
func TestPageStandsAlone(t *testing.T) {
	t.Parallel()
	page := written(t, "html", fixture(t), "en")
	for _, bad := range []string{`href="h`, `src="`, `src=x`, "@import", "url(", ` style="`, " onclick", " onload", "<iframe", "<object", "<form", "<base"} {
		if bad == "src=x" && strings.Contains(page, "src=x onerror") {
			continue // escaped, as TestHostileEvidenceIsText sees to
		}
		if strings.Contains(page, bad) {
			t.Errorf("%s in the page: %s", bad, around(page, bad))
		}
	}
	for element, policy := range map[string]string{"style": "style-src", "script": "script-src"} {
		code := regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllStringSubmatch(page, -1)
		if len(code) != 1 {
			t.Fatalf("%d elements %s", len(code), element)
		}
		digest := sha256.Sum256([]byte(code[0][1]))
		if want := policy + " &#39;sha256-" + base64.StdEncoding.EncodeToString(digest[:]); !strings.Contains(strings.ReplaceAll(page, "&#43;", "+"), want) {
			t.Errorf("the policy does not allow the page's own %s", element)
		}
	}
	if !strings.Contains(page, "default-src &#39;none&#39;") {
		t.Error("the policy allows by default")
	}
}

// Likelihood and analytic confidence never share a sentence: they are shown
// in elements of their own.
func TestLikelihoodAndConfidenceApart(t *testing.T) {
	t.Parallel()
	d := fixture(t)
	d.Assessment.Likelihood = incident.Sentence{Message: "title.rule", Values: []incident.Value{textValue("rule", "LIKELY-WORDS")}}
	d.Assessment.Confidence.Sentence = incident.Sentence{Message: "title.rule", Values: []incident.Value{textValue("rule", "CONFIDENT-WORDS")}}
	page := written(t, "html", d, "en")
	for _, element := range regexp.MustCompile(`(?s)<(p|dd|li)[^>]*>.*?</(p|dd|li)>`).FindAllString(page, -1) {
		if strings.Contains(element, "LIKELY-WORDS") && strings.Contains(element, "CONFIDENT-WORDS") {
			t.Errorf("both in one: %s", element)
		}
	}
	if !strings.Contains(page, "LIKELY-WORDS") || !strings.Contains(page, "CONFIDENT-WORDS") {
		t.Error("one of them is not shown")
	}
}

// A large case is counted, not copied: the page's size is bounded.
func TestSizeIsBounded(t *testing.T) {
	t.Parallel()
	small, large := fixture(t), fixture(t)
	large.Findings = manyFindings(50_000)
	for n := range 3000 {
		one := fixtureIncident()
		one.ID = fmt.Sprintf("I-%d", n)
		large.Incidents = append(large.Incidents, one)
	}
	one, many := len(written(t, "html", small, "en")), len(written(t, "html", large, "en"))
	if many > 4<<20 {
		t.Errorf("a page of %d bytes; the small case's has %d", many, one)
	}
}

func manyFindings(n int) iter.Seq2[*Finding, error] {
	template := fixtureFindings()[1]
	return func(yield func(*Finding, error) bool) {
		for i := range n {
			f, inner := *template, *template.Finding
			inner.Time = inner.Time.Add(time.Duration(i) * 7 * time.Minute)
			inner.Host = fmt.Sprintf("HOST%d", i%500)
			f.Finding = &inner
			if !yield(&f, nil) {
				return
			}
		}
	}
}

func TestErrorsAreReturned(t *testing.T) {
	t.Parallel()
	broken := fmt.Errorf("the disk is gone")
	d := fixture(t)
	d.Finding = func(int64) (*Finding, error) { return nil, broken }
	if err := Write(&bytes.Buffer{}, "html", d, "en"); err == nil {
		t.Error("a finding that cannot be read is passed over")
	}
	d = fixture(t)
	d.Findings = func(yield func(*Finding, error) bool) { yield(nil, broken) }
	for _, format := range []string{"html", "csv", "timesketch"} {
		if err := Write(&bytes.Buffer{}, format, d, "en"); err == nil {
			t.Errorf("%s: findings that cannot be read are passed over", format)
		}
	}
}

func BenchmarkHTML(b *testing.B) {
	d := fixture(b)
	d.Findings = manyFindings(100_000)
	for b.Loop() {
		written(b, "html", d, "en")
	}
}

func TestDumpCommand(t *testing.T) {
	t.Parallel()
	f := fixtureFindings()[1]
	if got, want := dumpCommand(f), `kulla dump --record 37817 'evidence.zip!WEB01/Sysmon.evtx'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := dumpCommand(fixtureFindings()[0]), `kulla dump 'evidence.zip!WEB01/u_ex210511.log' | grep '"offset":12372,'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := quoted("it's"), `'it'\''s'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := dumpCommand(&Finding{Finding: &detect.Finding{}}); got != "" {
		t.Errorf("a command for no source: %s", got)
	}
}

// A record that only the assessment cites is shown all the same, and an item
// past those on the page is named without a link.
func TestReferencesOfTheAssessment(t *testing.T) {
	t.Parallel()
	d := fixture(t)
	d.Assessment.Answer.Sentence.Proof, d.Assessment.Items[0].Claim.Proof = []int64{102}, []int64{102}
	d.Incidents[0].Story = nil
	for n := range maxItems + 5 {
		item := d.Assessment.Items[0]
		item.ID = fmt.Sprintf("E-many-%d", n)
		d.Assessment.Items = append(d.Assessment.Items, item)
		d.Assessment.Without = append(d.Assessment.Without, attribution.Without{Item: item.ID, Leading: "unknown", Posterior: .1})
	}
	slices.Reverse(d.Assessment.Without)
	leadSomewhere(t, written(t, "html", d, "en"))
}

// leadSomewhere fails for a reference to no place, and for one to several.
func leadSomewhere(t *testing.T, page string) map[string]int {
	t.Helper()
	ids := map[string]int{}
	for _, m := range regexp.MustCompile(`\sid="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if ids[m[1]]++; ids[m[1]] > 1 {
			t.Errorf("two elements have the id %s", m[1])
		}
	}
	references := regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(references) < 10 {
		t.Errorf("only %d references", len(references))
	}
	for _, m := range references {
		if ids[m[1]] == 0 {
			t.Errorf("#%s refers to nothing", m[1])
		}
	}
	return ids
}

// A probability is the same number in a sentence and in a table.
func TestProbabilitiesAgree(t *testing.T) {
	t.Parallel()
	for share, want := range map[float64]string{.7999: "79", .004: "&lt;1", .996: "99"} {
		if got := string(wording{}.percent(share)); !strings.Contains(got, ">"+want+"\u00a0%<") {
			t.Errorf("%v is %s", share, got)
		}
	}
}
