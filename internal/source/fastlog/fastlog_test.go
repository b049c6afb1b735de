package fastlog

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/formattest"
)

const sample = "07/11/2022-10:29:01.860293  [**] [1:2200074:2] EXAMPLE [**] in a text [**] [Classification: Generic] [Priority: 3] {TCP} 192.0.2.1:28487 -> 198.51.100.2:80\n"

func TestLines(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		sample: `alert.action="allowed" alert.gid="1" alert.signature_id="2200074" alert.rev="2" alert.signature="EXAMPLE [**] in a text" alert.category="Generic" alert.severity="3" proto="TCP" src_ip="192.0.2.1" src_port="28487" dest_ip="198.51.100.2" dest_port="80"`,
		"07/11/2022-10:29:01.860293  [Drop] [**] [1:2:3] x [**] {ICMP} 2001:db8::1:8 -> 2001:db8::2:0\n": `alert.action="blocked" alert.gid="1" alert.signature_id="2" alert.rev="3" alert.signature="x" proto="ICMP" src_ip="2001:db8::1" src_port="8" dest_ip="2001:db8::2" dest_port="0"`,
	} {
		got := formattest.Read(t, Format(), []byte(text), 7, format.Options{})
		want = fmt.Sprintf(`1@0+%d suricata//alert 2022-07-11T10:29:01.860293Z (07/11/2022-10:29:01.860293) event_type="alert" %s`, len(text)-1, want)
		if len(got.Events) != 1 || got.Events[0] != want || !recognise([]byte(text)) {
			t.Errorf("%s\n got %q %q\nwant %q", text, got.Events, got.Problems, want)
		}
	}
}

func TestOtherLines(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "text", strings.Replace(sample, "07/11", "02/31", 1), strings.Replace(sample, "07/11", "13/11", 1), strings.Replace(sample, "->", "<>", 1),
		strings.Replace(sample, "1:2200074:2", "1:2", 1), strings.Replace(sample, "{TCP", "TCP", 1), strings.Replace(sample, "  [**]", "  [x] [**]", 1),
		strings.Replace(sample, "/2022-10", "/2022T10", 1), strings.Replace(sample, "] {", " {", 1), strings.ReplaceAll(sample, " [**]", ""),
	} {
		got := formattest.Read(t, Format(), []byte(text+"\n"), 1000, format.Options{})
		if recognise([]byte(text)) || len(got.Events) > 0 || text != "" && len(got.Problems) != 1 {
			t.Errorf("%q: %q %q", text, got.Events, got.Problems)
		}
	}
}

func TestSamples(t *testing.T) {
	t.Parallel()
	for name, log := range formattest.Samples(t, "suricata/*fastlog*") {
		got := formattest.Read(t, Format(), log, 1<<20, format.Options{})
		if want := bytes.Count(log, []byte("[Classification")); !recognise(log) || len(got.Events) != want || len(got.Problems) > 0 {
			t.Errorf("%s: %d events of %d, %q", name, len(got.Events), want, got.Problems)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte(sample+sample), uint8(9))
	f.Add([]byte("07/11/2022-10:29:01.860293  [**] [1:2:3] [**] [Classification: ] [Priority: ] {} -> "), uint8(1))
	formattest.FuzzSplit(f, Format, 1, formattest.EncodingShown)
}

func BenchmarkAlerts(b *testing.B) {
	formattest.Benchmark(b, Format(), bytes.Repeat([]byte(sample), 7000))
}
