package jsonlog

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/format"
)

// sample is NDJSON of about a size, in the flat shape, with a message like
// those of Windows and one optional field.
func sample(size int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `{"SourceName":"Microsoft-Windows-Sysmon","ProviderGuid":"{5770385F-C22A-43E0-BF4C-06F5698FFBD9}","Level":4,"Keywords":"0x8000000000000000","Channel":"Microsoft-Windows-Sysmon/Operational","Hostname":"host%d.example.org","TimeCreated":"2024-03-01T10:%02d:%02d.123Z","EventID":1,"RecordNumber":%d,`, i%7, i/60%60, i%60, i)
		if i%5 == 0 {
			b.WriteString(`"RuleName":"-",`)
		}
		fmt.Fprintf(&b, `"UtcTime":"2024-03-01 10:%02d:%02d.120","ProcessGuid":"{8715b604-0dea-5f2a-0e00-%012d}","ProcessId":"%d","Image":"C:\\Windows\\System32\\cmd.exe","FileVersion":"10.0.17763.1 (WinBuild.160101.0800)","Description":"Windows Command Processor","Product":"Microsoft Windows Operating System","Company":"Example Corporation","OriginalFileName":"Cmd.Exe","CommandLine":"cmd.exe /c \"echo %d > C:\\Temp\\out.txt\"","CurrentDirectory":"C:\\Users\\analyst\\","User":"EXAMPLE\\analyst","LogonGuid":"{8715b604-0000-5f2a-0e00-000000000400}","LogonId":"0x3e7","TerminalSessionId":"1","IntegrityLevel":"High","Hashes":"SHA256=0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF","ParentImage":"C:\\Windows\\explorer.exe","ParentCommandLine":"C:\\Windows\\Explorer.EXE","Message":"Process Create:\r\nRuleName: -\r\nUtcTime: 2024-03-01 10:00:00.120\r\nProcessGuid: {8715b604-0dea-5f2a-0e00-000000000400}\r\nImage: C:\\Windows\\System32\\cmd.exe\r\nCommandLine: cmd.exe /c \"echo\"\r\nUser: EXAMPLE\\analyst","tags":["a","b"]}`+"\n", i/60%60, i%60, i, i%30000, i)
	}
	return b.Bytes()
}

// counter takes events and keeps nothing.
type counter struct{ events int }

func (c *counter) Event(*event.Event) error { c.events++; return nil }
func (c *counter) Problem(format.Problem)   {}
func (c *counter) Note(string)              {}

func BenchmarkNDJSON(b *testing.B) {
	text := sample(1 << 20)
	parser, out := Format().NewParser(), new(counter)
	block := format.Block{Source: new(event.Source), Data: text, Line: 1, First: true, State: state{}}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := parser.Parse(&block, out); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(out.events)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkSplit(b *testing.B) {
	lines := sample(1 << 20)
	array := append([]byte{'['}, bytes.ReplaceAll(lines, []byte("}\n{"), []byte("},\n{"))...)
	for name, text := range map[string][]byte{"lines": lines, "array": array} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				splitter := newSplitter(format.Options{Record: 8 << 20})
				if cut := splitter.Split(text, false); cut.Size < len(text)-4096 {
					b.Fatal(cut)
				}
			}
		})
	}
}
