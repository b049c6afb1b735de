package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/kulla-defence/kulla/internal/cli"
	"github.com/kulla-defence/kulla/rules"
	"github.com/kulla-defence/kulla/sigma"
)

var committed = filepath.Join("..", "evidence.zip")

// A member is a file of the evidence.
type member struct {
	name string
	data []byte
}

// members are an output in memory.
type members []member

func (m *members) file(name string, data []byte) error {
	*m = append(*m, member{name, data})
	return nil
}

func (m *members) close() error { return nil }

// archives are what is committed of each variant, with the scale that it has.
var archives = map[variant]struct {
	name string
	size scale
}{
	ofRecord:  {committed, sample},
	falseFlag: {filepath.Join("..", "false-flag.zip"), brief},
	unknown:   {filepath.Join("..", "unknown.zip"), brief},
}

func generated(t *testing.T, v variant) members {
	t.Helper()
	var out members
	if err := v.tell(archives[v].size).write(&out, archives[v].size); err != nil {
		t.Fatal(err)
	}
	return out
}

// The committed evidence is what the generator makes. The members are
// compared, not the archive, since a compressor may change with Go.
func TestEvidenceIsWhatTheGeneratorMakes(t *testing.T) {
	t.Parallel()
	for _, v := range variants {
		t.Run(string(v), func(t *testing.T) {
			t.Parallel()
			compareCommitted(t, archives[v].name, generated(t, v))
		})
	}
}

func compareCommitted(t *testing.T, name string, members members) {
	t.Helper()
	archive, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	again := "; run go run ./examples/generate, see main.go"
	if len(archive.File) != len(members) {
		t.Fatalf("%s: %d logs are committed, %d are generated%s", name, len(archive.File), len(members), again)
	}
	for i, file := range archive.File {
		part, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		if file.Name != members[i].name || !bytes.Equal(data, members[i].data) {
			t.Errorf("%s is not what is generated%s", file.Name, again)
		}
		if !file.Modified.Equal(packed) {
			t.Errorf("%s is of %s", file.Name, file.Modified)
		}
	}
}

func TestEvidenceIsSmall(t *testing.T) {
	t.Parallel()
	for v, most := range map[variant]int64{ofRecord: 600_000, falseFlag: 150_000, unknown: 150_000} {
		info, err := os.Stat(archives[v].name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() >= most {
			t.Errorf("%s takes %d bytes", archives[v].name, info.Size())
		}
	}
}

// The variant by somebody unknown has no name, sum or address that a report
// has; that with planted traces has them.
func TestVariantsHaveTheTracesTheySay(t *testing.T) {
	t.Parallel()
	traces := []string{encryptorHash, wiperHash, spreaderHash, impairerHash, "GoXml.exe", "RawDisk3", falseHealth.name, "ClientBin.aspx"}
	for _, f := range foreignFiles {
		traces = append(traces, f.md5)
	}
	for v, want := range map[variant]bool{falseFlag: true, unknown: false} {
		var all strings.Builder
		for _, m := range generated(t, v) {
			for _, text := range m.texts() {
				all.WriteString(strings.ToLower(text))
			}
		}
		for _, trace := range traces {
			if got := strings.Contains(all.String(), strings.ToLower(trace)); got != want {
				t.Errorf("%s: %s is there: %v, want %v", v, trace, got, want)
			}
		}
	}
}

func TestUnknownVariantIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := parseVariant("tea"); err == nil {
		t.Error("a variant that there is not is told")
	}
}

// A finding is what the test needs of a finding.
type finding struct {
	RuleID string `json:"rule_id"`
	Level  string
	Time   time.Time
	Host   string
}

// hunt runs the command that the README begins with.
func hunt(t *testing.T) []finding {
	t.Helper()
	var out, problems bytes.Buffer
	none := func() int { return 0 }
	env := cli.Environment{In: &bytes.Buffer{}, Out: &out, Err: &problems, OutTerminal: none, ErrTerminal: none,
		Now: func() time.Time { return packed }, Getenv: func(string) string { return "" }}
	if code := cli.Run(t.Context(), []string{"hunt", "--format", "jsonl", committed}, env); code != 0 {
		t.Fatalf("kulla hunt ends with %d: %s", code, problems.String())
	}
	var found []finding
	for decoder := json.NewDecoder(&out); ; {
		var f finding
		if err := decoder.Decode(&f); err == io.EOF {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		found = append(found, f)
	}
}

// stages are those of the public record, in the order of time, by the rules
// that find their traces.
var stages = []struct {
	name  string
	rules []string
}{
	{"probing", []string{"web_path_probing", "web_probing_found_something"}},
	{"initial access", []string{"sharepoint_picker_form", "web_server_writes_script"}},
	{"web shells", []string{"web_server_spawns_shell", "web_shell_name_of_2022", "web_shell_of_2022_requested", "web_page_only_posted", "web_shell_then_worker_shell",
		"web_server_relays_connections", "published_server_reaches_inward"}},
	{"credentials", []string{"lsass_memory_read", "lsass_dump_command", "lsass_dump_file", "credential_tool_found_by_defender"}},
	{"movement", []string{"command_through_wmi", "service_of_remote_execution", "built_in_administrator_remote_desktop",
		"local_administrator_added", "new_account_made_administrator", "internal_ftp"}},
	{"Exchange account", []string{"exchange_mailbox_search", "exchange_impersonation_role", "organization_management_member",
		"organization_management_cmdlet", "false_health_mailbox", "false_health_mailbox_cmdlet"}},
	{"mail theft", []string{"health_mailbox_of_2022", "health_mailbox_from_outside", "ews_scripted_client", "ews_many_mailboxes_impersonated", "ews_bytes_out"}},
	{"return by VPN", []string{"vpn_guessed_password", "vpn_session_then_scan", "vpn_account_from_two_addresses", "vpn_logon_of_shared_account", "guessed_password", "many_logon_failures"}},
	{"discovery", []string{"port_scanner", "internal_port_scan", "internal_sweep", "directory_explorer"}},
	{"passwords of the domain", []string{"credential_tool_command", "directory_database_copied"}},
	{"backdoor", []string{"windir_of_user_changed", "connection_manager_profile", "telegram_from_program"}},
	{"defences down", []string{"defender_switched_off", "defender_weakened", "defender_tamper_protection_off", "tamper_protection_written",
		"security_service_disabled", "security_log_cleared", "event_log_cleared", "logs_cleared_on_several_hosts",
		"logging_stopped_by_command", "audit_policy_cut_back", "remote_desktop_logon_burst", "known_defender_tool_of_2022"}},
	{"spread", []string{"executable_through_admin_share", "executable_pushed_to_many", "program_in_programdata_windows",
		"program_runs_from_programdata_windows", "program_in_startup_folder", "known_spreader_of_2022"}},
	{"encryption", []string{"roadsweep_arguments", "mass_stop", "shadow_copies_deleted", "recovery_switched_off", "ransom_notes", "files_locked",
		"wallpaper_replaced", "copies_deleted_and_wallpaper_replaced", "known_file_of_2022"}},
	{"wiping", []string{"remote_desktop_fan_out", "raw_disk_service", "raw_disk_driver_loaded", "raw_disk_access"}},
}

// alsoOrdinary are rules that ask about the odd administrator, too, or that
// find traces of several stages: they say nothing of when a stage began.
var alsoOrdinary = []string{"defender_weakened", "built_in_administrator_remote_desktop", "remote_desktop_fan_out", "raw_disk_access", "known_file_of_2022"}

// Every stage is found, by every rule that is for it, and in order.
func TestEveryStageIsFound(t *testing.T) {
	t.Parallel()
	set, err := sigma.LoadFS(rules.FS, sigma.Options{})
	if err != nil {
		t.Fatal(err)
	}
	first := map[string]time.Time{}
	for _, f := range hunt(t) {
		if known, ok := first[f.RuleID]; !ok || f.Time.Before(known) {
			first[f.RuleID] = f.Time
		}
	}
	var before time.Time
	for _, stage := range stages {
		began := packed
		for _, name := range stage.rules {
			at, ok := first[idOf(t, set, name)]
			if !ok {
				t.Errorf("%s: %s finds nothing", stage.name, name)
			} else if at.Before(began) && !slices.Contains(alsoOrdinary, name) {
				began = at
			}
		}
		if began.Before(before) {
			t.Errorf("%s is found at %s, before the stage before it", stage.name, began)
		}
		before = began
	}
}

func idOf(t *testing.T, set *sigma.RuleSet, name string) string {
	t.Helper()
	rule, correlation := set.Find(name)
	switch {
	case rule != nil:
		return rule.ID
	case correlation != nil:
		return correlation.ID
	}
	t.Errorf("there is no rule %s", name)
	return ""
}

// On days without the intrusion nothing is found, and of the administrator who
// does odd things nothing above medium.
func TestOrdinaryDaysAreQuiet(t *testing.T) {
	t.Parallel()
	intrusion := map[string]bool{}
	for _, day := range []string{"2021-05-10", "2021-05-11", "2021-05-12", "2021-05-26", "2021-05-27", "2021-06-03", "2021-06-09", "2021-07-06", "2021-07-15", "2021-09-02",
		"2021-10-04", "2021-10-12", "2021-11-09", "2021-12-14", "2022-01-12", "2022-05-24", "2022-05-25", "2022-06-08", "2022-06-15", "2022-07-15"} {
		intrusion[day] = true
	}
	odd := 0
	for _, f := range hunt(t) {
		switch day := f.Time.Format(time.DateOnly); {
		case intrusion[day]:
		case day == "2022-03-11" && (f.Level == "low" || f.Level == "medium"):
			odd++
		default:
			t.Errorf("%s: rule %s, level %s, on %s", day, f.RuleID, f.Level, f.Host)
		}
	}
	if odd == 0 {
		t.Error("the odd administrator raised no question")
	}
}

var (
	looksLikeAddress = regexp.MustCompile(`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b|\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3,7}\b`)
	documentation    = []netip.Prefix{
		netip.MustParsePrefix("10.10.0.0/16"), netip.MustParsePrefix("203.0.113.0/24"),
		netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("127.0.0.1/32"),
	}
)

// Every address belongs to nobody.
func TestAddressesAreForDocumentation(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, m := range slices.Concat(generated(t, ofRecord), generated(t, falseFlag), generated(t, unknown)) {
		for _, text := range m.texts() {
			for _, match := range looksLikeAddress.FindAllString(text, -1) {
				address, err := netip.ParseAddr(match)
				if err != nil {
					continue // a version, a time
				}
				seen++
				if !isDocumentation(address) {
					t.Errorf("%s names %s", m.name, address)
				}
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d addresses were looked at", seen)
	}
}

func isDocumentation(address netip.Addr) bool {
	for _, prefix := range documentation {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// texts are all readings of a file as text.
func (m member) texts() []string {
	if strings.HasSuffix(m.name, ".evtx") {
		return []string{utf16Text(m.data), utf16Text(m.data[1:])}
	}
	return []string{versions.ReplaceAllString(string(m.data), "")}
}

// versions look like addresses.
var versions = regexp.MustCompile(`Version=[0-9.]+|Chrome/[0-9.]+`)

// utf16Text reads bytes as UTF-16, whatever they are.
func utf16Text(data []byte) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}
