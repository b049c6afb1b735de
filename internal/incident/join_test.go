package incident

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/sigma"
)

const (
	web  = "web01.corp.example.test"
	file = "file01.corp.example.test"
	desk = "desk01.corp.example.test"
)

func TestJoin(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		records []record
		want    string
	}{
		{"processes of one tree, through one that matched nothing", []record{
			{"0s", web, "medium execution A script is run", started(2, 1, `C:\Users\Public\a.exe`, `C:\Windows\explorer.exe`, `CORP\ana`)},
			{"1h", web, "", started(3, 2, `C:\Users\Public\b.exe`, `C:\Users\Public\a.exe`, `CORP\ana`)},
			{"30h", web, "medium discovery Somebody looks around", started(4, 3, `C:\Windows\System32\net.exe`, `C:\Users\Public\b.exe`, `CORP\ana`)},
		}, "0 1"},
		{"the same programs, in trees of their own", []record{
			{"0s", web, "medium execution A script is run", started(2, 1, `C:\Windows\System32\cmd.exe`, `C:\Windows\explorer.exe`, `NT AUTHORITY\SYSTEM`)},
			{"30h", web, "medium discovery Somebody looks around", started(4, 3, `C:\Windows\System32\net.exe`, `C:\Windows\System32\cmd.exe`, `NT AUTHORITY\SYSTEM`)},
		}, "0 | 1"},
		{"one file on two machines", []record{
			{"0s", web, "high execution Odd program", started(2, 1, `C:\Users\Public\updater7.exe`, `C:\Windows\explorer.exe`, `CORP\ana`)},
			{"20h", file, "high execution Odder program", started(12, 11, `C:\Users\Public\updater7.exe`, `C:\Windows\explorer.exe`, `CORP\ben`)},
		}, "0 1"},
		{"a program of the system on two machines", []record{
			{"0s", web, "high execution Odd program", started(2, 1, `C:\Windows\System32\certutil.exe`, `C:\Windows\explorer.exe`, `CORP\ana`)},
			{"20h", file, "high execution Odder program", started(12, 11, `C:\Windows\System32\certutil.exe`, `C:\Windows\explorer.exe`, `CORP\ben`)},
		}, "0 | 1"},
		{"a lone finding of another day on the same machine", []record{
			{"0s", file, "medium lateral-movement PsExec service installed", "Channel=System; EventID=7045; ServiceName=PSEXESVC; ImagePath=%SystemRoot%\\PSEXESVC.exe"},
			{"300h", file, "medium defense-evasion Log cleared", security + "EventID=1102; SubjectUserName=ana; SubjectDomainName=CORP"},
		}, "0 | 1"},
		{"a burst on one machine", []record{
			{"0s", file, "medium defense-evasion Protection off", "Channel=System; EventID=5001"},
			{"4m", file, "medium defense-evasion Log cleared", security + "EventID=1102; SubjectUserName=ana; SubjectDomainName=CORP"},
			{"9m", file, "high impact Shadow copies deleted", started(2, 1, `C:\Windows\System32\vssadmin.exe`, `C:\Windows\System32\cmd.exe`, `CORP\ana`)},
		}, "0 1 2"},
		{"a request, and what the web server then starts", []record{
			{"0s", web, "medium initial-access Form sent to a page", "cs-method=POST; cs-uri-stem=/upload.aspx; c-ip=203.0.113.9; s-ip=192.0.2.10; s-computername=WEB01"},
			{"9s", web, "low execution Web server starts a shell", started(2, 1, `C:\Windows\System32\cmd.exe`, `C:\Windows\System32\inetsrv\w3wp.exe`, `IIS APPPOOL\shop`)},
			{"80h", web, "low execution Web server starts a shell", started(4, 3, `C:\Windows\System32\cmd.exe`, `C:\Windows\System32\inetsrv\w3wp.exe`, `IIS APPPOOL\shop`)},
		}, "0 1 | 2"},
		{"a VPN session, and what then comes from its address", []record{
			{"0s", "vpn01", "medium initial-access Odd logon to the VPN", "action=tunnel-up; tunneltype=ssl-web; remip=203.0.113.9; src_ip=203.0.113.9; tunnelip=192.168.70.5; tunnel_ip=192.168.70.5; user=ana"},
			{"50m", file, "medium lateral-movement Odd logon", security + "EventID=4624; TargetUserName=ben; TargetDomainName=CORP; TargetUserSid=S-1-5-21-1-2-3-1501; LogonType=10; IpAddress=192.168.70.5; TargetLogonId=0x9999"},
			{"51m", desk, "medium lateral-movement Odd logon", security + "EventID=4624; TargetUserName=cleo; TargetDomainName=CORP; TargetUserSid=S-1-5-21-1-2-3-1502; LogonType=10; IpAddress=192.168.70.6; TargetLogonId=0x9998"},
		}, "0 1 | 2"},
		{"a logon, and what the session it began then does", []record{
			{"0s", web, "medium execution Odd program", started(2, 1, `C:\Tools\one.exe`, `C:\Windows\explorer.exe`, `CORP\ana`)},
			{"1h", file, "", security + "EventID=4624; TargetUserName=Administrator; TargetDomainName=CORP; TargetUserSid=S-1-5-21-1-2-3-500; LogonType=10; IpAddress=203.0.113.80; TargetLogonId=0x1000c"},
			{"1h1m", file, "medium discovery Somebody looks around", started(12, 11, `C:\Windows\System32\net.exe`, `C:\Windows\System32\cmd.exe`, `CORP\Administrator`)},
			{"30h", desk, "medium lateral-movement Odd logon", security + "EventID=4624; TargetUserName=ben; TargetDomainName=CORP; TargetUserSid=S-1-5-21-1-2-3-1501; LogonType=10; IpAddress=203.0.113.80; TargetLogonId=0x9999"},
		}, "0 | 1 2"},
		{"mail and directory in the cloud, by account and address", []record{
			{"0s", "", "medium persistence Application is given another key", "Workload=AzureActiveDirectory; UserId=ana@corp.example.test; ActorIpAddress=203.0.113.50; Operation=Add service principal credentials."},
			{"3h", "", "medium collection Mail is read by an application", "Workload=Exchange; UserId=ana@corp.example.test; ClientIP=203.0.113.50; Operation=MailItemsAccessed; MailboxOwnerUPN=ben@corp.example.test"},
			{"4h", "", "medium collection Mail is read by an application", "Workload=Exchange; UserId=cleo@corp.example.test; ClientIP=198.51.100.7; Operation=MailItemsAccessed; MailboxOwnerUPN=cleo@corp.example.test"},
		}, "0 1 | 2"},
		{"two administrators at work on the same machine, on days apart", []record{
			{"0s", file, "medium execution Odd program", started(2, 1, `C:\Tools\one.exe`, `C:\Windows\explorer.exe`, `CORP\ana`)},
			{"26h", file, "medium execution Another odd program", started(12, 11, `C:\Tools\two.exe`, `C:\Windows\explorer.exe`, `CORP\ben`)},
		}, "0 | 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := play(t, append(ordinary(), test.records...)...)
			if got := parts(s.join(t, s.inOrder())); got != test.want {
				t.Errorf("incidents %q, want %q", got, test.want)
			}
		})
	}
}

// ordinary is ten days of logons on a dozen machines, before which what is rare
// can be told.
func ordinary() []record {
	var records []record
	for n := range 120 {
		records = append(records, record{fmt.Sprintf("%dh", n/12*24-120), fmt.Sprintf("pc%02d.corp.example.test", n%12), "", fmt.Sprintf(
			security+"EventID=4624; TargetUserName=user%d; TargetDomainName=CORP; TargetUserSid=S-1-5-21-1-2-3-%d; LogonType=3; IpAddress=192.0.2.%d; TargetLogonId=0x%x",
			n%12, 2000+n%12, n%12, 0x50000+n)})
	}
	return records
}

// What joins must not depend on the order in which findings of one moment come.
func TestJoinOrderOfEqualTimes(t *testing.T) {
	t.Parallel()
	records := crowd(60, "0s", 80)
	s := play(t, records...)
	want := parts(s.join(t, s.inOrder()))
	if !strings.Contains(want, "|") || !strings.Contains(want, " ") {
		t.Fatalf("the scene joins all or nothing: %q", want)
	}
	for seed := range uint64(20) {
		order := s.inOrder()
		rand.New(rand.NewPCG(seed, 7)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		if got := parts(s.join(t, order)); got != want {
			t.Fatalf("seed %d: incidents %q, want %q", seed, got, want)
		}
	}
}

// crowd is records of several machines, users and programs, of which some
// belong together.
func crowd(n int, step string, hosts int) []record {
	random := rand.New(rand.NewPCG(1, 2))
	apart, _ := time.ParseDuration(step)
	rules := []string{"low discovery Question", "medium execution Script", "high credential-access Memory read", "medium lateral-movement Logon", "informational execution Start"}
	var records []record
	for i := range n {
		host := fmt.Sprintf("pc%02d.corp.example.test", random.IntN(hosts))
		guid, parent := 10+random.IntN(40*hosts), 10+random.IntN(40*hosts)
		image := fmt.Sprintf(`C:\Tools\tool%d.exe`, random.IntN(10*hosts))
		at := (time.Duration(i) * apart).String()
		records = append(records, record{at, host, rules[random.IntN(len(rules))],
			started(guid, parent, image, `C:\Windows\System32\cmd.exe`, fmt.Sprintf(`CORP\user%d`, random.IntN(5*hosts)))})
	}
	return records
}

// One finding more changes its own incident, and merges some, and never parts
// what is joined.
func TestAddIsIncremental(t *testing.T) {
	t.Parallel()
	s := play(t, crowd(200, "37m", 12)...)
	b := New(s.context, Options{})
	together := map[int64]string{} // the incident of each finding before
	for _, n := range s.inOrder() {
		if err := b.Add(int64(n), s.findings[n]); err != nil {
			t.Fatal(err)
		}
		after := map[int64]string{}
		grown := ""
		for _, i := range b.Incidents() {
			for number := range b.Members(i.ID) {
				after[number] = i.ID
			}
		}
		grown = after[int64(n)]
		ids := map[string]string{}
		for number, id := range together {
			now := after[number]
			if now != id && now != grown {
				t.Fatalf("finding %d went from %s to %s by finding %d of %s", number, id, now, n, grown)
			}
			if before, ok := ids[id]; ok && before != now {
				t.Fatalf("finding %d parted incident %s", n, id)
			}
			ids[id] = now
		}
		together = after
	}
}

// All at once and one by one is the same, sentence for sentence.
func TestStreamIsBatch(t *testing.T) {
	t.Parallel()
	s := play(t, crowd(150, "11m", 12)...)
	batch := s.join(t, s.inOrder())
	stream := New(s.context, Options{})
	for _, n := range s.inOrder() {
		if err := stream.Add(int64(n), s.findings[n]); err != nil {
			t.Fatal(err)
		}
		stream.Incidents()
	}
	want, err := json.Marshal(batch.Incidents())
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(stream.Incidents())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("streamed:\n%s\nat once:\n%s", got, want)
	}
	for _, i := range batch.Incidents() {
		if !slices.Equal(slices.Collect(batch.Members(i.ID)), slices.Collect(stream.Members(i.ID))) {
			t.Errorf("incident %s has other members", i.ID)
		}
	}
}

// What touches every machine all the time joins nothing: a backup account, a
// domain controller, a scanner.
func TestEverydayEntitiesDoNotGlue(t *testing.T) {
	t.Parallel()
	var records []record
	logon := func(at, host, rule, user, address string) record {
		return record{at, host, rule, security + "EventID=4624; TargetUserName=" + user + "; TargetDomainName=CORP; TargetUserSid=S-1-5-21-1-2-3-1500; LogonType=3; IpAddress=" + address +
			"; TargetLogonId=0x77777; SubjectUserSid=S-1-0-0; SubjectUserName=-"}
	}
	for dayNumber := range 30 {
		for host := range 20 {
			records = append(records, logon(fmt.Sprintf("%dh", dayNumber*24+host/4), fmt.Sprintf("pc%02d.corp.example.test", host), "", "svc-backup", "192.0.2.7"))
		}
	}
	records = append(records,
		logon("240h", "pc03.corp.example.test", "medium lateral-movement Logon at an odd hour", "svc-backup", "192.0.2.7"),
		logon("243h", "pc11.corp.example.test", "medium lateral-movement Odd logon", "svc-backup", "192.0.2.7"),
		logon("246h", "pc15.corp.example.test", "medium lateral-movement Logon of another kind", "svc-backup", "192.0.2.7"),
	)
	s := play(t, records...)
	if got, want := parts(s.join(t, s.inOrder())), "0 | 1 | 2"; got != want {
		t.Errorf("incidents %q, want %q", got, want)
	}
}

// The same finding a thousand times is one group with all its numbers.
func TestRepeatedFindings(t *testing.T) {
	t.Parallel()
	var records []record
	for i := range 1000 {
		records = append(records, record{fmt.Sprintf("%dm", i), web, "medium discovery Question",
			started(2*i+1, 2*i, `C:\Users\Public\ask.exe`, `C:\Windows\explorer.exe`, `CORP\ana`)})
	}
	s := play(t, records...)
	b := s.join(t, s.inOrder())
	if len(b.groups) != 1 {
		t.Errorf("%d groups, want 1", len(b.groups))
	}
	incidents := b.Incidents()
	if len(incidents) != 1 || incidents[0].FindingCount != 1000 {
		t.Fatalf("%d incidents, the first with %d findings; want one with 1000", len(incidents), incidents[0].FindingCount)
	}
	if numbers := slices.Collect(b.Members(incidents[0].ID)); len(numbers) != 1000 || !slices.IsSorted(numbers) {
		t.Errorf("%d members, sorted %v", len(numbers), slices.IsSorted(numbers))
	}
}

// BenchmarkMillion adds a million findings of many rules, hosts and programs,
// and says what is kept of them.
func BenchmarkMillion(b *testing.B) {
	s := play(b, crowd(20_000, "20s", 12)...)
	const million = 1_000_000
	for b.Loop() {
		before := heap()
		builder := New(s.context, Options{})
		for n := range million {
			f := *s.findings[n%len(s.findings)]
			f.Time = f.Time.Add(time.Duration(n/len(s.findings)) * 120 * time.Hour)
			if err := builder.Add(int64(n), &f); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(heap()-before)/(1<<20), "MiB")
		b.ReportMetric(float64(len(builder.groups)), "groups")
		b.ReportMetric(float64(len(builder.Incidents())), "incidents")
	}
	b.ReportMetric(float64(b.N)*million/b.Elapsed().Seconds(), "findings/s")
}

// BenchmarkWide adds findings of which each names thirty things that no other
// does, as crafted evidence may.
func BenchmarkWide(b *testing.B) {
	context := entity.NewContext()
	rule := ruleOf(b, "medium discovery Wide")
	for b.Loop() {
		before := heap()
		builder := New(context, Options{})
		for n := range 100_000 {
			f := &detect.Finding{Rule: rule, Time: curtain.Add(time.Duration(n) * time.Second), Host: fmt.Sprintf("pc%d", n/8)}
			for field := range 30 {
				f.Fields = append(f.Fields, detect.Field{Name: []string{"TargetFilename", "SourceIp", "QueryName"}[field%3], Value: fmt.Sprintf(`C:\Tools\%d.%d.exe`, n, field)})
			}
			f.Fields = append(f.Fields, detect.Field{Name: "EventID", Value: "11"}, detect.Field{Name: "Image", Value: fmt.Sprintf(`C:\Tools\%d.exe`, n)})
			f.Correlation = &detect.Correlation{}
			for member := range 10 {
				f.Correlation.Events = append(f.Correlation.Events, detect.Member{Rule: rule, Time: f.Time, Host: f.Host, Fields: []detect.Field{{Name: "EventID", Value: "11"},
					{Name: "TargetFilename", Value: fmt.Sprintf(`C:\Tools\%d-%d.exe`, n, member)}}})
			}
			if err := builder.Add(int64(n), f); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(heap()-before)/(1<<20), "MiB")
		runtime.KeepAlive(builder)
	}
}

// Whatever a finding holds, it is in one incident, and nothing breaks.
func TestHostileFindings(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(9, 9))
	names := []string{"Channel", "EventID", "Image", "ParentImage", "CommandLine", "TargetFilename", "User", "SubjectUserName", "TargetUserName", "IpAddress", "LogonId", "Hashes", "ProcessGuid",
		"ProcessId", "ParentProcessGuid", "c-ip", "cs-uri-stem", "cs-method", "Data", "ServiceName", "ImagePath", "MemberName", "src_ip", "dst_ip", "dst_port", "Workload", "Operation", ""}
	values := []string{"", "-", "1", "1102", "7045", "Security", "Microsoft-Windows-Sysmon/Operational", "C:\\", "\\\\", "/", "CN=", "CN=x,", "::", "0.0.0.0", "192.0.2.1", "{", "}", "\x00\xff\xfe", "sha256=zz",
		strings.Repeat("a", 70_000), "w3wp.exe", "\u202eexe.doc", "GET", "99999999999999999999", "S-1-5-18"}
	times := []time.Time{{}, time.Unix(0, 0), time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), curtain}
	rules := []*detect.Rule{{}, {ID: "x", Title: "x", Level: sigma.Critical, Tactics: []string{"", "impact", "no such tactic"}, FalsePositives: []string{"", "."}}, ruleOf(t, "high execution Odd program")}
	fields := func() (all []detect.Field) {
		for range random.IntN(12) {
			all = append(all, detect.Field{Name: names[random.IntN(len(names))], Value: values[random.IntN(len(values))], Null: random.IntN(9) == 0})
		}
		return all
	}
	b := New(entity.NewContext(), Options{MaxGroups: 50, MaxVariants: 9})
	const findings = 3000
	for n := range int64(findings) {
		f := &detect.Finding{Rule: rules[random.IntN(len(rules))], Time: times[random.IntN(len(times))], Host: values[random.IntN(len(values))], Fields: fields()}
		if random.IntN(4) == 0 {
			f.Correlation = &detect.Correlation{Group: fields(), Events: []detect.Member{{Fields: fields()}, {Host: "pc", Fields: fields()}}}
		}
		if err := b.Add(n, f); err != nil {
			t.Fatal(err)
		}
		if n%500 == 0 {
			b.Incidents()
		}
	}
	members := 0
	for _, i := range b.Incidents() {
		members += len(slices.Collect(b.Members(i.ID)))
		if len(i.Story) == 0 || i.Title.Message == "" || i.Level == "" {
			t.Errorf("%s lacks a story, a title or a level: %+v", i.ID, i)
		}
		if _, err := json.Marshal(i); err != nil {
			t.Errorf("%s: %v", i.ID, err)
		}
	}
	if members != findings {
		t.Errorf("%d of %d findings are in incidents", members, findings)
	}
	if err := b.Add(-1, &detect.Finding{Rule: rules[0]}); err == nil {
		t.Error("a negative number is taken")
	}
	if err := b.Add(findings, &detect.Finding{}); err == nil {
		t.Error("a finding without a rule is taken")
	}
}

func heap() int64 {
	runtime.GC()
	var statistics runtime.MemStats
	runtime.ReadMemStats(&statistics)
	return int64(statistics.HeapAlloc)
}
