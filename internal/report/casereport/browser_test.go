package casereport

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/kulla-defence/kulla/internal/language"
)

// TestBrowser looks at the page as its readers do: in a browser, in each
// language and theme, narrow and wide, and on paper. What it saw is kept in
// $KULLA_ARTEFACTS, where that is set.
func TestBrowser(t *testing.T) {
	path := browserPath(t)
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(written(t, "html", fixture(t), "en")), 0o644); err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t, path)
	b.do(chromedp.Navigate("file://" + filepath.ToSlash(file)))
	b.listen()
	b.do(chromedp.Reload())
	t.Run("languages and themes", b.languagesAndThemes)
	t.Run("narrow", b.narrow)
	t.Run("proof", b.proof)
	t.Run("paper", b.paper)
	t.Run("without script", b.withoutScript)
	b.quiet(t)
}

// browserPath finds a browser, or skips the test.
func browserPath(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no chromium, chromium-browser or google-chrome on the PATH: the page is not looked at")
	return ""
}

type browser struct {
	t       *testing.T
	context context.Context
	folder  string

	mutex    sync.Mutex
	messages []string
}

func openBrowser(t *testing.T, path string) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.DisableGPU)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	bounded, cancelTime := context.WithTimeout(t.Context(), 90*time.Second)
	allocator, cancelAllocator := chromedp.NewExecAllocator(bounded, options...)
	tab, cancelTab := chromedp.NewContext(allocator)
	t.Cleanup(func() { cancelTab(); cancelAllocator(); cancelTime() })
	folder := os.Getenv("KULLA_ARTEFACTS")
	if folder == "" {
		folder = t.TempDir()
	}
	return &browser{t: t, context: tab, folder: folder}
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.context, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// listen keeps what the browser says of the page.
func (b *browser) listen() {
	console := chromedp.Console(b.context)
	go func() {
		for message, err := range console {
			if err != nil {
				return
			}
			b.mutex.Lock()
			b.messages = append(b.messages, fmt.Sprintf("%s: %s", message.Type, message.Text))
			b.mutex.Unlock()
		}
	}()
}

// quiet checks that the browser had nothing to say, but of what the test says.
func (b *browser) quiet(t *testing.T) {
	const mark = "the test ends here"
	b.do(chromedp.Evaluate[chromedp.Void](`console.log("` + mark + `")`))
	for deadline := time.Now().Add(10 * time.Second); ; {
		b.mutex.Lock()
		messages := strings.Join(b.messages, "\n")
		b.mutex.Unlock()
		if said, ok := strings.CutSuffix(messages, "log: "+mark); ok {
			if said != "" {
				t.Errorf("on the console:\n%s", said)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the console is not heard: %q", messages)
		}
	}
}

func evaluate[T any](b *browser, code string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.context, chromedp.Evaluate[T](code))
	if err != nil {
		b.t.Fatalf("%s: %v", code, err)
	}
	return value
}

// choose switches by the label that a reader would click.
func (b *browser) choose(id string) {
	b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`document.querySelector('label[for="%s"]').click()`, id)))
}

func (b *browser) keep(name string, data []byte) {
	if err := os.MkdirAll(b.folder, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.folder, name), data, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) picture(name string) {
	b.t.Helper()
	data, err := chromedp.Run(b.context, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if len(data) < 10_000 {
		b.t.Errorf("%s has only %d bytes", name, len(data))
	}
	b.keep(name, data)
}

func (b *browser) languagesAndThemes(t *testing.T) {
	b.do(chromedp.EmulateViewport(1440, 900))
	for _, l := range language.Languages() {
		b.choose("lang-" + l.Tag)
		for _, theme := range []string{"light", "dark"} {
			b.choose("theme-" + theme)
			text := evaluate[string](b, `document.querySelector("main").innerText`)
			if strings.Contains(text, "⟦") || len(text) < 2000 {
				t.Errorf("%s, %s: %d characters; %s", l.Tag, theme, len(text), around(text, "⟦"))
			}
			if got := evaluate[string](b, `document.documentElement.lang + getComputedStyle(document.querySelector(".page")).direction`); got != l.Tag+direction(l) {
				t.Errorf("%s: language and direction are %s", l.Tag, got)
			}
			dark := evaluate[bool](b, `(() => { const c = getComputedStyle(document.querySelector(".page")).backgroundColor.match(/\d+/g); return Number(c[0]) < 100 })()`)
			if dark != (theme == "dark") {
				t.Errorf("%s: theme %s is not shown", l.Tag, theme)
			}
			if faint := evaluate[string](b, faintText); faint != "" {
				t.Errorf("%s, %s: contrast below WCAG's AA: %s", l.Tag, theme, faint)
			}
			b.picture("report-" + l.Tag + "-" + theme + ".png")
		}
	}
	b.choose("lang-en")
	b.choose("theme-light")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector(".page").style.setProperty("--soft", "#ccc")`))
	if faint := evaluate[string](b, faintText); faint == "" {
		t.Error("faint text is not seen")
	}
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector(".page").style.removeProperty("--soft")`))
}

func direction(l language.Language) string {
	if l.RightToLeft {
		return "rtl"
	}
	return "ltr"
}

// At 360 pixels nothing makes the page itself scroll sideways.
func (b *browser) narrow(t *testing.T) {
	b.do(chromedp.EmulateViewport(360, 800))
	for _, l := range language.Languages() {
		b.choose("lang-" + l.Tag)
		b.do(chromedp.Evaluate[chromedp.Void](`for (const e of document.querySelectorAll("details")) e.open = true`))
		wide := evaluate[string](b, `(() => { const d = document.documentElement; if (d.scrollWidth <= innerWidth) return "";
			const inside = (e) => e.closest(".scroll, .wide, .shapes");
			return d.scrollWidth + ": " + [...document.querySelectorAll(".page *")].filter((e) => !inside(e) && (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1)).slice(0, 5).map((e) => e.tagName + "." + e.className).join(" ") })()`)
		if wide != "" {
			t.Errorf("%s: the page is wider than 360 pixels: %s", l.Tag, wide)
		}
		b.picture("report-" + l.Tag + "-narrow.png")
	}
	b.choose("lang-en")
	b.do(chromedp.Evaluate[chromedp.Void](`for (const e of document.querySelectorAll("details")) e.open = false`))
}

// A click on a reference opens the sentence that shows the record.
func (b *browser) proof(t *testing.T) {
	b.do(chromedp.EmulateViewport(1440, 900))
	shown, err := chromedp.Run(b.context, chromedp.Evaluate[string](`new Promise((done) => {
		addEventListener("hashchange", () => setTimeout(() => {
			const target = document.querySelector(".record:target");
			done(target ? target.id + " " + target.checkVisibility() : "no target for " + location.hash);
		}));
		document.querySelector("#what a.ref").click();
	})`, chromedp.EvalAwaitPromise))
	if err != nil || !strings.HasSuffix(shown, " true") {
		t.Errorf("a reference leads to a record that stays closed: %s, %v", shown, err)
	}
	b.picture("report-proof.png")
}

func (b *browser) paper(t *testing.T) {
	data, err := chromedp.Run(b.context, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPrintBackground()))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(data), "%PDF") || strings.Contains(string(data), "/URI (http") {
		t.Errorf("%d bytes are no document, or it has links to the outside", len(data))
	}
	b.keep("report.pdf", data)
}

// Without script the page is whole: its language and appearance change, and
// sentences open and close their records.
func (b *browser) withoutScript(t *testing.T) {
	_, err := chromedp.Run(b.context, func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
		if _, err := cdp.Call(ctx, tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
			return chromedp.Void{}, err
		}
		still := []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}} // what scrolls cannot be clicked
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: still})
		return chromedp.Void{}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Reload())
	if evaluate[bool](b, `document.querySelector(".page").classList.contains("scripted-on")`) {
		t.Fatal("the script still runs")
	}
	b.do(chromedp.Click(`label[for="lang-ar"]`), chromedp.Click(`label[for="theme-dark"]`))
	if got := evaluate[string](b, `getComputedStyle(document.querySelector(".page")).direction + getComputedStyle(document.querySelector(".page")).colorScheme`); got != "rtldark" {
		t.Errorf("language and appearance are %s", got)
	}
	// The address still names a record: the browser itself opens what it is in.
	const shown = `document.querySelector("details.claim .record:target").checkVisibility()`
	if !evaluate[bool](b, shown) {
		t.Error("a reference does not open the record it names")
	}
	b.do(chromedp.Focus(`details.claim:has(.record:target) > summary`), chromedp.KeyEvent("\r"))
	if evaluate[bool](b, shown) {
		t.Error("a sentence does not close by the keyboard")
	}
}

// faintText lists texts whose contrast with what is behind them is less than
// WCAG 2.2 asks for (1.4.3: 4.5, and 3 for large text).
const faintText = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
	const rgba = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data; };
	const light = (c) => [0, 1, 2].map((i) => c[i] / 255).map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
	const behind = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255, 255]; };
	const faint = new Set();
	for (const details of document.querySelectorAll("details")) details.open = true;
	for (const e of document.querySelectorAll(".page *")) {
		if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility() || e.closest("svg")) continue;
		const style = getComputedStyle(e), one = light(rgba(style.color)), other = light(behind(e));
		const ratio = (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
		const size = parseFloat(style.fontSize);
		if (ratio < (size >= 24 || size >= 18.66 && style.fontWeight >= 700 ? 3 : 4.5)) faint.add(e.tagName + "." + e.className + " " + ratio.toFixed(2));
	}
	for (const details of document.querySelectorAll("details")) details.open = false;
	return [...faint].slice(0, 8).join(", ");
})()`
