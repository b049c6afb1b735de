package eventxml_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/eventxml"
)

const sample = `<Event xmlns='u'><System><Provider Name='P' Guid='{g}'/><EventID Qualifiers="0">1</EventID><Correlation/><Security UserId='0'/></System>` +
	`<EventData><Data Name="A">x &amp; &#65;</Data><Data>y</Data><Data Name='B' /></EventData>` +
	`<RenderingInfo Culture='en'><Message><![CDATA[<m>]]></Message><Level>Info</Level></RenderingInfo></Event>`

func scan(text string) (string, int, eventxml.Fault) {
	var list []string
	var scanner eventxml.Scanner
	size, fault, _ := scanner.Scan([]byte(text), func(f eventxml.Field) error {
		list = append(list, fmt.Sprintf("%s=%s", f.Name, eventxml.AppendText(nil, f.Text)))
		return nil
	})
	return strings.Join(list, "|"), size, fault
}

func TestScan(t *testing.T) {
	t.Parallel()
	const want = "Provider_Name=P|Provider_Guid={g}|EventID_Qualifiers=0|EventID=1|Security_UserID=0|A=x & A|Data=y|B=|RenderingInfo_Culture=en|Message=<m>|RenderingInfo_Level=Info"
	if got, size, fault := scan(sample + "rest"); got != want || size != len(sample) || fault != "" {
		t.Errorf("%s\n%s\n%d %q", got, want, size, fault)
	}
	for text, want := range map[string]eventxml.Fault{
		"<Event><System>": eventxml.Truncated, "<Event></System>": eventxml.Malformed, "<Event a>": eventxml.Malformed,
		strings.Repeat("<a>", 40): eventxml.Deep,
	} {
		if _, _, fault := scan(text); fault != want {
			t.Errorf("%.20s: %q, want %q", text, fault, want)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add(sample)
	f.Add("<Event><EventData>plain</EventData></Event>")
	f.Fuzz(func(t *testing.T, text string) {
		if _, size, _ := scan(text); size < 0 || size > len(text) {
			t.Errorf("size %d of %d", size, len(text))
		}
	})
}
