package casereport

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/chromedp/chromedp"

	"github.com/kulla-defence/kulla/internal/detect"
)

// hostileTexts are what evidence, or a case that somebody crafted, may hold
// wherever a report shows a text. Whatever runs sets window.pwned.
func hostileTexts() map[string]string {
	return map[string]string{
		"script":      `<script>window.pwned=1</script>`,
		"attribute":   `"><img src=x onerror="window.pwned=1">' onmouseover='window.pwned=1`,
		"end":         `</script></style></title></textarea><svg/onload=window.pwned=1>`,
		"section":     `]]><script>window.pwned=1</script><!--`,
		"template":    "{{.}} ${window.pwned=1} {host} {count} %s%n",
		"address":     "javascript:window.pwned=1",
		"fragment":    `%E0%A4%A" onclick="window.pwned=1`,
		"key":         "report.what.title",
		"bidi":        "invoice\u202excod.exe\u2066\u200b\u200d\ufeff\U000e0041",
		"control":     "\x1b]0;owned\x07\x1b[2J\u009b31m\x00\r\n\u2028next",
		"bytes":       "\xff\xfe\xc0\xaf\xed\xa0\x80",
		"formula":     `=HYPERLINK("http://evil.example.test","open")`,
		"wideFormula": "\uff1dcmd|' /C calc'!A0",
		"markdown":    "[x](javascript:window.pwned=1) ![y](http://evil.example.test/p.png) `|` <b> **z**",
		"heading":     "# one\n\n- [ ] two\n\n    three",
		"pattern":     `' OR process:pid > '0' --\'] FOLLOWEDBY [x:y = 'z`,
		"json":        `"},{"x":"\u0000\`,
		"rightToLeft": "\u05d0\u05d1\u05d2 \u0645\u062b\u0627\u0644",
		"links":       "www.evil.example.test a@evil.example.test http://evil.example.test/x",
		"long":        strings.Repeat("A", 200_000),
		"wide":        strings.Repeat("\uff37\u0301", 3000),
		"one":         "x",
		"blank":       " ",
		"empty":       "",
	}
}

// A fill is what all values of a document become.
type fill struct {
	text   string
	texts  []string // in turn, in place of text
	turn   int
	keys   bool // the keys of messages as well
	time   time.Time
	number int64
	float  float64
}

// plainNames are of what incident.Check and attribution.Check let pass only
// where it is a word of this program.
var plainNames = regexp.MustCompile(`^(Kind|Level|ID|Incident|Roles|Phase|Phases|Word|From|To|Item|Incidents|Items|Leading|Reliability|TLP)$`)

// into sets all that v holds.
func (f *fill) into(name string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			f.into(name, v.Elem())
		}
	case reflect.Slice, reflect.Array:
		if name == "Proof" || name == "Findings" || v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			f.into(name, v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			if !f.time.IsZero() && v.CanSet() {
				v.Set(reflect.ValueOf(f.time))
			}
			return
		}
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				f.into(field.Name, v.Field(i))
			}
		}
	default:
		f.scalar(name, v)
	}
}

func (f *fill) scalar(name string, v reflect.Value) {
	if !v.CanSet() || plainNames.MatchString(name) || !f.keys && name == "Message" {
		return
	}
	switch {
	case v.Kind() == reflect.String:
		v.SetString(f.next())
	case f.number != 0 && v.CanInt() && name != "Example" && name != "Finding" && name != "Number":
		if !v.OverflowInt(f.number) {
			v.SetInt(f.number)
		}
	case f.float != 0 && v.CanFloat():
		v.SetFloat(f.float)
	}
}

func (f *fill) next() string {
	if len(f.texts) == 0 {
		return f.text
	}
	f.turn++
	return f.texts[f.turn%len(f.texts)]
}

// hostileDocument is the fixture with all its values replaced.
func hostileDocument(t testing.TB, f fill) *Document {
	d := fixture(t)
	findings := fixtureFindings()
	for _, one := range findings {
		rule := *one.Rule
		one.Rule = &rule
		f.into("Rule", reflect.ValueOf(one.Rule))
		for _, member := range membersOf(one.Finding) {
			f.into("", reflect.ValueOf(member))
		}
		f.into("", reflect.ValueOf(one).Elem())
	}
	d.Finding = func(number int64) (*Finding, error) { return findings[number-100], nil }
	d.Findings = eachOf(findings)
	for _, part := range []any{&d.Name, d.Incidents, d.Assessment, d.Evidence, d.Unseen, d.Clocks, d.Notes, &d.Ledger, &d.Rules, &d.Knowledge, &d.Tool, &d.Generated} {
		f.into("", reflect.ValueOf(part))
	}
	d.Levels = map[string]int64{f.text: 1, "critical": f.number}
	return d
}

func membersOf(f *detect.Finding) []*detect.Member {
	var list []*detect.Member
	if f.Correlation != nil {
		for i := range f.Correlation.Events {
			list = append(list, &f.Correlation.Events[i])
		}
	}
	return list
}

// Whatever texts a case holds, every format is written, twice the same, of a
// bounded size, and nothing in it acts.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes minutes with race detection")
	}
	for name, text := range hostileTexts() {
		for _, keys := range []bool{false, true} {
			for _, format := range Formats() {
				made := func() string { return written(t, format, hostileDocument(t, fill{text: text, keys: keys}), "en") }
				got := made()
				if got != made() {
					t.Errorf("%s, %s, %v: the same case gives other bytes", name, format, keys)
				}
				if problem := actsOf(format, got); problem != "" {
					t.Errorf("%s, %s, keys %v: %s", name, format, keys, problem)
				}
			}
		}
	}
}

// actsOf says what in a report does more than to be read.
func actsOf(format, text string) string {
	if !utf8.ValidString(text) {
		return "not UTF-8"
	}
	for i, r := range strings.ReplaceAll(text, "\r\n", "\n") {
		if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
			return "a control character: " + around(text, text[i:i+utf8.RuneLen(r)])
		}
	}
	const bound = 4 << 20 // but what passes on all evidence
	if len(text) > bound && format != "json" && format != "timesketch" {
		return "too large"
	}
	switch format {
	case "json", "stix", "navigator":
		if !json.Valid([]byte(text)) {
			return "no JSON"
		}
	case "timesketch":
		for line := range strings.Lines(text) {
			if !json.Valid([]byte(line)) {
				return "no JSON: " + line
			}
		}
	case "csv":
		return formulaIn(text)
	case "markdown":
		return activeMarkdown(text)
	case "html":
		return activeHTML(text)
	}
	return ""
}

func formulaIn(text string) string {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return err.Error()
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(cell)[0]) {
				return "a formula: " + cell
			}
		}
	}
	return ""
}

func activeMarkdown(text string) string {
	for _, bad := range []string{"<", "](", "![", "`", "://", "www.", "a@", "javascript:window"} {
		// What the report writes itself is escaped, or none of these.
		if bad != "javascript:window" && strings.Contains(text, bad) {
			return around(text, bad)
		}
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "# one") || strings.HasPrefix(line, "    three") || strings.HasPrefix(line, "- [ ]") {
			return line
		}
	}
	return ""
}

var (
	ownCode = regexp.MustCompile(`(?s)<(script|style)>.*?</(script|style)>`)
	tags    = regexp.MustCompile(`(?s)<[a-zA-Z/!][^<>]*>`)
	allowed = regexp.MustCompile(`^(href="#[^"]*"|[a-zA-Z-]+="[^"]*"|[a-z-]+)$`)
	oneOf   = regexp.MustCompile(`[a-zA-Z:-]+(="[^"]*")?`)
)

func activeHTML(text string) string {
	if n := strings.Count(text, "<script"); n != 1 {
		return "more than the page's own script"
	}
	for _, tag := range tags.FindAllString(ownCode.ReplaceAllString(text, ""), -1) {
		name := strings.ToLower(strings.Trim(tag, "</> "))
		for _, bad := range []string{"img", "iframe", "object", "embed", "form", "base", "link", "svg/"} {
			if name == bad || strings.HasPrefix(name, bad+" ") || strings.HasPrefix(name, bad+"/") {
				return tag
			}
		}
		if _, attributes, ok := strings.Cut(name, " "); ok {
			for _, one := range oneOf.FindAllString(attributes, -1) {
				if !allowed.MatchString(one) || strings.HasPrefix(one, "on") || strings.HasPrefix(one, "src") || strings.HasPrefix(one, "style") ||
					strings.HasPrefix(one, "href=") && !strings.HasPrefix(one, `href="#`) {
					return tag
				}
			}
		}
	}
	return ""
}

// Times and numbers at their bounds are written, too.
func TestHostileNumbers(t *testing.T) {
	t.Parallel()
	utc := time.UTC
	for name, f := range map[string]fill{
		"1601":     {text: "x", time: time.Date(1601, 1, 1, 0, 0, 0, 0, utc)},
		"1970":     {text: "x", time: time.Unix(0, 0)},
		"9999":     {text: "x", time: time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, utc)},
		"year 1":   {text: "x", time: time.Time{}.Add(1)},
		"largest":  {text: "x", number: math.MaxInt64, float: math.MaxFloat64},
		"smallest": {text: "x", number: math.MinInt64, float: -math.MaxFloat64},
		"32 bits":  {text: "x", number: math.MinInt32, float: math.SmallestNonzeroFloat64},
		"8 bits":   {text: "x", number: -128, float: -1},
	} {
		for _, format := range Formats() {
			if problem := actsOf(format, written(t, format, hostileDocument(t, f), "ar")); problem != "" {
				t.Errorf("%s, %s: %s", name, format, problem)
			}
		}
	}
}

// What is shared of hostile evidence is still valid STIX.
func TestHostileBundleIsValid(t *testing.T) {
	t.Parallel()
	schemas := oasisSchemas(t)
	for name, text := range hostileTexts() {
		d := hostileDocument(t, fill{text: text})
		for _, o := range objectsOf(t, bundleOf(t, d)) {
			kind := o["type"].(string)
			for _, folder := range []string{"schemas/sdos", "schemas/sros", "schemas/observables", "schemas/common", "interop"} {
				schemas.check(t, folder+"/"+kind+".json", o)
			}
			if t.Failed() {
				t.Fatalf("of %q", name)
			}
		}
	}
}

// Nothing of a hostile case runs in a browser, which has nothing to say of it;
// nothing is asked from the network, and the page stays as narrow as the screen.
func TestHostileBrowser(t *testing.T) {
	path := browserPath(t)
	b := openBrowser(t, path)
	const noText = "#%E0%A4%A"
	folder := t.TempDir()
	save := func(name, page string) string {
		file := filepath.Join(folder, name+".html")
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	texts := slices.Collect(maps.Values(hostileTexts()))
	slices.Sort(texts)
	for turn := 0; turn < len(texts); turn += 5 {
		page := written(t, "html", hostileDocument(t, fill{texts: texts, turn: turn}), "en")
		b.visit(save(fmt.Sprint("turn", turn), page), noText)
		if got := evaluate[string](b, hostilePage); got != "" {
			t.Errorf("turn %d: %s", turn, got)
		}
		if shown := evaluate[int](b, `document.querySelector("main").innerText.length`); shown < 2000 {
			t.Errorf("turn %d: only %d characters are shown", turn, shown)
		}
		b.quiet(t)
	}
	for _, bad := range []string{`<script>window.pwned=1</script>`, `<p onclick="x()">`, `<main><a href="https://example.test/">`, `<div class="page"><p><b>` + strings.Repeat("A", 500)} {
		b.visit(save("bad", bad), fmt.Sprintf("?%d", len(bad)))
		if evaluate[string](b, hostilePage) == "" {
			t.Errorf("%.40s is not seen", bad)
		}
	}
}

// visit opens a page, narrow, and forgets what the browser said before.
func (b *browser) visit(file, fragment string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(360, 800), chromedp.Navigate("file://"+filepath.ToSlash(file)+fragment))
	b.mutex.Lock()
	heard := b.messages != nil
	b.messages = []string{}
	b.mutex.Unlock()
	if !heard {
		b.listen()
		b.do(chromedp.Reload())
	}
}

// hostilePage follows all links of a page, touches all of its elements, and
// says what came of it.
const hostilePage = `(() => {
	for (const e of document.querySelectorAll("details")) e.open = true;
	for (const e of document.querySelectorAll("*")) {
		for (const a of e.attributes) if (a.name.startsWith("on") || a.name === "style" && e.closest("main, header") || a.name === "src" || a.name.endsWith("href") && !a.value.startsWith("#")) return "attribute " + a.name + "=" + a.value;
	}
	for (const e of document.querySelectorAll("main a")) e.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true}));
	if (window.pwned) return "it ran";
	if (performance.getEntriesByType("resource").length) return "it asked for " + performance.getEntriesByType("resource").map((r) => r.name).join(" ");
	const d = document.documentElement;
	if (d.scrollWidth <= innerWidth) return "";
	const inside = (e) => e.closest(".scroll, .wide, .shapes");
	return "as wide as " + d.scrollWidth + ": " + [...document.querySelectorAll(".page *")].filter((e) => !inside(e) && e.getBoundingClientRect().right > innerWidth + 1).slice(0, 8).map((e) => e.tagName + "." + e.className + "#" + e.id).join(" ");
})()`
