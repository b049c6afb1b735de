package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/spool"
)

// What a screen leaves out holds the term in no column.
func TestScreenedSearchFindsTheSame(t *testing.T) {
	t.Parallel()
	slow(t)
	folder := t.TempDir()
	write(t, filepath.Join(folder, "odd.json"), `{"EventID":1,"Channel":"Security","Computer":"WS01","a":"\u212aerberos maſk","b":true,"c":"F\u00cbMIJE","d":-1.5e7,"e":"x\ny"}`+"\n"+
		`{"EventID":2,"Channel":"Security","Computer":"WS01","a":"kerberos mask","b":"false","c":"fëmije","nested":{"q":["tr\u0055e q"]}}`+"\n")
	write(t, filepath.Join(folder, "syslog.json"), `{"TimeGenerated":"2022-07-15T10:00:00Z","Computer":"web02","Facility":"auth","SeverityLevel":"info","ProcessName":"auoms",`+
		`"SyslogMessage":"type=AUOMS_EXECVE audit(1652292621.986:84138): cmd=tcpdump -q proctitle=find / -name q"}`+"\n")
	evidence := []string{folder, filepath.Join("..", "..", "examples", "evidence.zip")}
	for _, name := range []string{"evtx-hard-cases.zip", "logs.zip"} {
		if path := filepath.Join(os.Getenv("KULLA_DATA"), name); os.Getenv("KULLA_DATA") != "" {
			evidence = append(evidence, path)
		}
	}
	var all screenings
	for _, text := range []string{
		"mimikatz", "tcpdump", "find / -name q", "kerberos", "mask", "fëmije", "FËMIJE", "true q", "false", "4624", "-1.5E7", "0x", "ws01", "WS01.corp",
		"a=*mask", "a=kerberos?ma*", "EventID=46?4", "CommandLine=*rundll32*", "Image=*\\cmd.exe", "host=ws01", "host=*WS0*",
		"/powershell.*-enc/", "/ma(s|t)k/", "S-1-5-21", "T10:0", "x\ny", "http", "{", "failed password", "GET", "=q", "\\",
	} {
		term, err := parseTerm(text)
		if err != nil {
			t.Fatal(err)
		}
		s := &search{terms: []searchTerm{term}, spool: spool.New(1<<20, folder, bytes.Compare)}
		all.searchers, all.names = append(all.searchers, s.searcher()), append(all.names, text)
	}
	_, err := source.Read(t.Context(), evidence, func(int) source.Sink { return &all }, source.Options{Workers: 1, TempDir: folder})
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range all.wrong {
		t.Error(wrong)
	}
	if all.held < 1000 || all.leftOut < 10000 {
		t.Errorf("%d terms held and %d were left out: too few to tell", all.held, all.leftOut)
	}
}

// screenings compares screens with columns.
type screenings struct {
	searchers     []*searcher
	names, wrong  []string
	held, leftOut int
}

func (c *screenings) Event(e *event.Event) error {
	for i, s := range c.searchers {
		possible, holds := s.mayHold(e), s.holds(&s.search.terms[0], e)
		if holds {
			c.held++
		}
		if !possible {
			c.leftOut++
		}
		if holds && !possible {
			c.wrong = append(c.wrong, fmt.Sprintf("%q stands at %d of %s, and is screened out", c.names[i], e.Provenance.Offset, e.Provenance.Source.Name))
		}
	}
	return nil
}
