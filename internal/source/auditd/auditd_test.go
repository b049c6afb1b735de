package auditd

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/formattest"
)

const interleaved = `type=SYSCALL msg=audit(1700000000.123:7): arch=c000003e syscall=59 a0=5a comm="sh" key=(null)` + "\x1d" + `SYSCALL=execve UID="root"
type=SYSCALL msg=audit(1700000000.124:8): syscall=2
type=EXECVE msg=audit(1700000000.123:7): argc=3 a0="sh" a1=2D6320 a2_len=4 a2[0]=6162 a2[1]=6364
type=PATH msg=audit(1700000000.124:8): name=2F746D702F6120 nametype=CREATE
type=PROCTITLE msg=audit(1700000000.123:7): proctitle=7368002D63
`

func TestJoined(t *testing.T) {
	t.Parallel()
	want := []string{
		`linux//auditd 2023-11-14T22:13:20.123Z type="SYSCALL" arch="c000003e" syscall="59" a0="5a" comm="sh" key="(null)" SYSCALL="execve" UID="root" type="EXECVE" argc="3" a0="sh" a1="-c " a2_len="4" a2="abcd" type="PROCTITLE" proctitle="sh -c"`,
		`linux//auditd 2023-11-14T22:13:20.124Z type="SYSCALL" syscall="2" type="PATH" name="/tmp/a " nametype="CREATE"`,
	}
	for _, piece := range []int{1, 60, 10_000} {
		got := formattest.Read(t, Format(), []byte(interleaved), piece, format.Options{})
		if events := withoutPlace(got.Events); !slices.Equal(events, want) || len(got.Problems) > 0 {
			t.Errorf("in pieces of %d:\n got %q\nwant %q\n%q", piece, events, want, got.Problems)
		}
	}
}

func withoutPlace(events []string) []string {
	var texts []string
	for _, text := range events {
		_, text, _ = strings.Cut(text, " ")
		texts = append(texts, text)
	}
	return texts
}

func TestRecords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`node=web01 type=USER_CMD msg=audit(1700000000.000:1): pid=1 msg='cwd="/root" cmd=6C73202D6C op=adding user res=success'` + "\x1d" + `UID="root"`: `on web01 type="USER_CMD" pid="1" cwd="/root" cmd="ls -l" op="adding user" res="success" UID="root"`,
		`Nov 14 22:13:20 web01 audispd: type=CWD msg=audit(1700000000.000:1): cwd="/"`:                                                                    `on web01 type="CWD" cwd="/"`,
		`Nov 14 22:13:20 web01 kernel: [12.3] audit: type=1400 audit(1700000000.000:1): avc:  denied  { read } for  pid=2 comm="x"`:                       `on web01 type="AVC" message="avc:  denied  { read } for" pid="2" comm="x"`,
		`type=PATH msg=audit(1700000000.000:1): name=(null) key=6101620A inode=1234 uid=33`:                                                               `type="PATH" name="(null)" key="a" key="b\n" inode="1234" uid="33"`,
		`type=EOE msg=audit(1700000000.000:1): `: `type="EOE"`,
	} {
		got := formattest.Read(t, Format(), []byte(text), 1000, format.Options{})
		want = fmt.Sprintf("1@0+%d linux//auditd 2023-11-14T22:13:20Z %s", len(text), want)
		if len(got.Events) != 1 || got.Events[0] != want || !recognise([]byte(text)) {
			t.Errorf("%s\n got %q %q\nwant %q", text, got.Events, got.Problems, want)
		}
	}
	for _, text := range []string{"", "text", "type=X msg=audit(1:2): a=b", "type=X msg=audit(1.2:3): ", "msg=audit(1.200:3): a=b", "type= msg=audit(1.200:3): a"} {
		if recognise([]byte(text)) {
			t.Errorf("recognised: %q", text)
		}
	}
}

// An event of more records, or further apart, than the bounds is cut, and the
// splitter does not wait for it for ever.
func TestBounds(t *testing.T) {
	t.Parallel()
	one := "type=PATH msg=audit(1700000000.000:1): name=\"a\"\n"
	if got := formattest.Read(t, Format(), []byte(strings.Repeat(one, maxRecords+1)), 4096, format.Options{}); len(got.Events) != 2 {
		t.Errorf("%d events of too many records", len(got.Events))
	}
	apart := one + strings.Repeat("type=EOE msg=audit(1700000000.000:2): \n", maxDistance) + one
	if got := formattest.Read(t, Format(), []byte(apart), 100, format.Options{}); len(got.Events) != 3 {
		t.Errorf("%d events of records that are apart", len(got.Events))
	}
	if got := formattest.Read(t, Format(), []byte(strings.Repeat(one, 100)), 100, format.Options{Record: 500}); len(got.Events) < 2 || len(got.Problems) > 0 {
		t.Errorf("%d events where the data is bounded: %q", len(got.Events), got.Problems)
	}
	if got := formattest.Read(t, Format(), []byte(strings.Repeat("x", 1000)+"\n"+one), 100, format.Options{Record: 500}); len(got.Events) != 1 || len(got.Problems) == 0 {
		t.Errorf("%q, %q", got.Events, got.Problems)
	}
}

// There are as many events in the public samples as ids.
func TestSamples(t *testing.T) {
	t.Parallel()
	for name, log := range formattest.Samples(t, "linux/audit*") {
		ids := map[string]bool{}
		for l := range bytes.Lines(log) {
			if _, rest, found := bytes.Cut(l, []byte("audit(")); found {
				id, _, _ := bytes.Cut(rest, []byte{')'})
				ids[string(id)] = true
			}
		}
		got := formattest.Read(t, Format(), log, 1<<20, format.Options{})
		if !recognise(log[:min(len(log), format.HeadSize)]) || len(got.Events) != len(ids) || len(got.Problems) > 0 {
			t.Errorf("%s: %d events of %d, %q", name, len(got.Events), len(ids), got.Problems)
		}
		if split := formattest.Read(t, Format(), log, 100, format.Options{}); !slices.Equal(split.Events, got.Events) {
			t.Errorf("%s: other events when it is split", name)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte(interleaved), uint8(9))
	f.Add([]byte("type=EXECVE msg=audit(1.000:1): a0[1]=61 a[=1 =\ntype=A msg=audit(1.000:2): msg='a='\ntype=A msg=audit(1.000:1): key=01"), uint8(1))
	formattest.FuzzSplit(f, Format, 1, nil)
}

func BenchmarkExecve(b *testing.B) {
	var log bytes.Buffer
	for i := 0; log.Len() < 1<<20; i++ {
		fmt.Fprintf(&log, "type=SYSCALL msg=audit(1700000%03d.100:%d): arch=c000003e syscall=59 success=yes exit=0 a0=56111137e810 a1=561111382480 a2=561111385020 a3=21 items=2 ppid=2176 pid=%d auid=0 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=8 comm=\"id\" exe=\"/usr/bin/id\" key=\"exec\"\n"+
			"type=EXECVE msg=audit(1700000%03d.100:%d): argc=2 a0=\"id\" a1=2D6120\ntype=CWD msg=audit(1700000%03d.100:%d): cwd=\"/root\"\n", i/100%1000, i, i, i/100%1000, i, i/100%1000, i)
	}
	formattest.Benchmark(b, Format(), log.Bytes())
}
