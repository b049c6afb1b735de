package sigma

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func defaultTaxonomy(t testing.TB) *Taxonomy {
	t.Helper()
	taxonomy, err := DefaultTaxonomy()
	if err != nil {
		t.Fatal(err)
	}
	return taxonomy
}

func parseTaxonomy(t testing.TB, text string) *Taxonomy {
	t.Helper()
	taxonomy, err := ParseTaxonomy("test.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return taxonomy
}

// describe is a route in one line.
func describe(r Route) string {
	var text strings.Builder
	fmt.Fprintf(&text, "{%s}", r.LogSource.attributes())
	for _, c := range r.Where {
		fmt.Fprintf(&text, " %s=%s", c.Column, strings.Join(c.Values, "|"))
	}
	return text.String()
}

func describeAll(routes []Route) []string {
	var lines []string
	for _, route := range routes {
		lines = append(lines, describe(route))
	}
	return lines
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	taxonomy := defaultTaxonomy(t)
	sysmon := "{product: windows} Channel=Microsoft-Windows-Sysmon/Operational"
	tests := []struct {
		source LogSource
		known  bool
		want   []string
	}{
		{LogSource{Product: "windows", Category: "process_creation"}, true, []string{
			sysmon + " EventID=1", "{product: windows} Channel=Security EventID=4688",
			"{category: process_creation, product: windows}"}},
		{LogSource{Product: "Windows", Category: "Process_Creation"}, true, []string{
			sysmon + " EventID=1", "{product: windows} Channel=Security EventID=4688",
			"{category: Process_Creation, product: Windows}"}},
		{LogSource{Product: "windows", Category: "process_creation", Service: "security"}, true, []string{
			"{product: windows} Channel=Security EventID=4688",
			"{category: process_creation, product: windows, service: security}"}},
		{LogSource{Product: "windows", Service: "security"}, true, []string{
			"{product: windows} Channel=Security", "{product: windows, service: security}"}},
		{LogSource{Product: "windows"}, true, []string{"{product: windows}"}},
		{LogSource{Service: "openssh"}, true, []string{
			"{product: windows} Channel=OpenSSH/Operational", "{service: openssh}"}},
		{LogSource{Category: "file_delete"}, true, []string{
			"{product: linux} Channel=Linux-Sysmon/Operational EventID=23", sysmon + " EventID=23|26",
			"{category: file_delete}"}},
		{LogSource{Category: "webserver"}, true, []string{"{category: webserver}", "{product: windows} Channel=Microsoft-IIS-Logging/Logs", "{category: webserver}"}},
		{LogSource{Category: "dns"}, true, []string{"{product: zeek, service: dns}",
			"{product: suricata} event_type=dns", "{category: dns}"}},
		{LogSource{Category: "application", Product: "kubernetes", Service: "audit"}, true, []string{
			"{product: kubernetes, service: audit}", "{category: application, product: kubernetes, service: audit}"}},
		// A rule that asks for two things which no event is.
		{LogSource{Product: "windows", Category: "ps_script", Service: "security"}, false, []string{
			"{category: ps_script, product: windows, service: security}"}},
		{LogSource{Product: "windows", Service: "securty"}, false, []string{"{product: windows, service: securty}"}},
		{LogSource{Product: "toaster"}, false, []string{"{product: toaster}"}},
		{LogSource{}, false, []string{"{}"}},
	}
	for _, test := range tests {
		if got := describeAll(taxonomy.Routes(test.source)); !cmp.Equal(got, test.want) {
			t.Errorf("Routes(%s): %s", test.source.attributes(), cmp.Diff(test.want, got))
		}
		if got := taxonomy.Knows(test.source); got != test.known {
			t.Errorf("Knows(%s) = %v", test.source.attributes(), got)
		}
	}
}

func TestRoutesAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	taxonomy := defaultTaxonomy(t)
	source := LogSource{Product: "windows", Category: "process_creation"}
	before := describeAll(taxonomy.Routes(source))
	routes := taxonomy.Routes(source)
	routes[0], routes[1] = Route{}, Route{}
	if after := describeAll(taxonomy.Routes(source)); !cmp.Equal(before, after) {
		t.Error(cmp.Diff(before, after))
	}
}

func TestOverride(t *testing.T) {
	t.Parallel()
	base := parseTaxonomy(t, `
logsources:
  - logsource: {product: windows, service: security}
    routes: [{where: {Channel: Security}}]
  - logsource: {category: proxy}`)
	user := parseTaxonomy(t, `
logsources:
  - logsource: {product: Windows, service: Security}
    routes: [{where: {Channel: Copied}}]
  - logsource: {product: toaster}`)
	both := base.Override(user)
	for _, test := range []struct {
		taxonomy *Taxonomy
		source   LogSource
		want     string
	}{
		{base, LogSource{Product: "windows", Service: "security"}, "{product: windows, service: security} Channel=Security"},
		{both, LogSource{Product: "windows", Service: "security"}, "{product: Windows, service: Security} Channel=Copied"},
		{both, LogSource{Category: "proxy"}, "{category: proxy}"},
	} {
		if got := describe(test.taxonomy.Routes(test.source)[0]); got != test.want {
			t.Errorf("%s: %s, want %s", test.source.attributes(), got, test.want)
		}
	}
	if toaster := (LogSource{Product: "toaster"}); base.Knows(toaster) || !both.Knows(toaster) {
		t.Error("the new log source is not in the result, or in the base")
	}
}

func TestParseTaxonomyRefuses(t *testing.T) {
	t.Parallel()
	source := "logsources:\n  - logsource: {product: p}\n"
	tests := map[string]string{
		"":                                   "t.yml:1: taxonomy: the document is empty",
		source + "---\nevents: {product: p}": "t.yml:3: taxonomy: a taxonomy is one document",
		"[]":                                 "t.yml:1:1: taxonomy: a taxonomy must be a map, not a list",
		"events: {product: p}":               "t.yml:1:1: taxonomy: a taxonomy needs logsources",
		"logsources: []":                     "t.yml:1:13: taxonomy: logsources must be a list that is not empty",
		"logsource: []":                      `t.yml:1:1: taxonomy: unknown key "logsource" in a taxonomy, did you mean "logsources"?`,
		"logsources: [{routes: []}]":         "t.yml:1:14: taxonomy: a mapping needs a logsource",
		"logsources: [{logsource: {}}]":      "t.yml:1:26: taxonomy: a log source needs a category, a product or a service",
		"logsources: [{logsource: {servise: a}}]":              `t.yml:1:27: taxonomy: unknown key "servise" in a log source, did you mean "service"?`,
		"logsources: [{logsource: {service: [a]}}]":            "t.yml:1:36: taxonomy: service must be a text",
		"logsources: [{logsource: {service: a, service: b}}]":  `t.yml:1:39: taxonomy: key "service" is there twice`,
		source + "  - logsource: {product: P}":                 `t.yml:3:5: taxonomy: the log source "product: P" is there twice`,
		source + "    routes: [{where: {EventID: {}}}]":        "t.yml:3:32: taxonomy: a value of EventID must be a list that is not empty",
		source + "    routes: [{where: {EventID: ~}}]":         "t.yml:3:32: taxonomy: a value of EventID must be a text",
		source + "    routes: [{fields: {A: {separator: x}}}]": "t.yml:3:27: taxonomy: a field needs columns",
		source + "    routes: [{values: {A: {x: 1, X: 2}}}]":   `t.yml:3:34: taxonomy: value "X" is there twice`,
		source + "    routes: [{fields: {A: {colums: x}}}]":    `t.yml:3:28: taxonomy: unknown key "colums" in a field, did you mean "columns"?`,
	}
	for text, want := range tests {
		_, err := ParseTaxonomy("t.yml", []byte(text))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q: %v, want a SyntaxError", text, err)
			continue
		}
		if got := syntax.Problem.String(); got != want {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
	}
}

func FuzzParseTaxonomy(f *testing.F) {
	f.Add([]byte("logsources:\n  - logsource: {product: p}\n    routes: [{where: {EventID: [1, 2]}}]"))
	f.Add([]byte("events: {product: p}\nlogsources: [{logsource: {service: a}, routes: [{fields: {A: {columns: [x, y], prefixes: {a: b}}}}]}]"))
	f.Add([]byte("logsources:\n- logsource: {category: c}\n  note: n\n  routes:\n  - &r\n    events: {product: p}\n    values: {F: {x: [y, 1]}}\n" +
		"    hexadecimal: [P]\n    fields: {G: {columns: D, key: k}}\n  - {<<: *r, note: m}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		taxonomy, err := ParseTaxonomy("f.yml", data)
		if err != nil {
			if taxonomy != nil {
				t.Error("both a taxonomy and an error")
			}
			return
		}
		for _, mapped := range taxonomy.sources {
			if !taxonomy.Knows(mapped.source) || len(taxonomy.Routes(mapped.source)) == 0 {
				t.Errorf("%s is not found again", mapped.source.attributes())
			}
		}
	})
}

// Every log source that a public rule names is known. The test lists those
// that are not.
func TestPublicLogSourcesAreKnown(t *testing.T) {
	t.Parallel()
	documents, err := ParseFS(sharedRules(t), "")
	if err != nil {
		t.Fatal(err)
	}
	taxonomy := defaultTaxonomy(t)
	rules := map[string]int{}
	for _, rule := range documents.Rules {
		rules[rule.LogSource.attributes()]++
		if !taxonomy.Knows(rule.LogSource) {
			t.Errorf("%v: nothing is known of {%s}", rule.At, rule.LogSource.attributes())
		}
	}
	if len(documents.Rules) < 3000 {
		t.Errorf("only %d rules", len(documents.Rules))
	}
	t.Logf("%d rules, %d log sources", len(documents.Rules), len(rules))
}

func BenchmarkRoutes(b *testing.B) {
	taxonomy := defaultTaxonomy(b)
	for b.Loop() {
		taxonomy.Routes(LogSource{Product: "windows", Category: "process_creation"})
	}
}

func BenchmarkDefaultTaxonomy(b *testing.B) {
	for b.Loop() {
		defaultTaxonomy(b)
	}
}

// The log sources of the taxonomy appendix of the specification, version 2.1.
func TestLogSourcesOfTheSpecificationAreKnown(t *testing.T) {
	t.Parallel()
	var sources []LogSource
	add := func(of LogSource, categories, services string) {
		for _, category := range strings.Fields(categories) {
			sources = append(sources, LogSource{Category: category, Product: of.Product})
		}
		for _, service := range strings.Fields(services) {
			sources = append(sources, LogSource{Product: of.Product, Service: service})
		}
	}
	for _, product := range strings.Fields("django python rpc_firewall ruby_on_rails spring sql") {
		sources = append(sources, LogSource{Category: "application", Product: product})
	}
	add(LogSource{}, "antivirus database dns firewall proxy webserver network", "apache")
	add(LogSource{Product: "aws"}, "", "cloudtrail")
	add(LogSource{Product: "azure"}, "", "activitylogs auditlogs riskdetection pim signinlogs")
	add(LogSource{Product: "bitbucket"}, "", "audit")
	add(LogSource{Product: "cisco"}, "", "duo aaa bgp ldp")
	add(LogSource{Product: "gcp"}, "", "gcp.audit google_workspace.admin")
	add(LogSource{Product: "github"}, "", "audit")
	add(LogSource{Product: "huawei"}, "", "bgp ldp")
	add(LogSource{Product: "juniper"}, "", "bgp ldp")
	add(LogSource{Product: "linux"}, "file_event network_connection process_creation", "auditd auth clamav cron guacamole sudo sshd syslog vsftpd")
	add(LogSource{Product: "m365"}, "", "audit exchange threat_detection threat_management")
	add(LogSource{Product: "macos"}, "file_event process_creation", "")
	add(LogSource{Product: "okta"}, "", "okta")
	add(LogSource{Product: "onelogin"}, "", "onelogin.events")
	add(LogSource{Product: "zeek"}, "", "dce_rpc dns http kerberos rdp smb_files x509")
	add(LogSource{Product: "windows"}, `process_creation file_change network_connection sysmon_status process_termination
		driver_load image_load create_remote_thread raw_access_thread process_access file_event registry_event registry_add
		registry_delete registry_set registry_rename create_stream_hash pipe_created wmi_event dns_query file_delete
		clipboard_capture process_tampering file_delete_detected file_block_executable file_block_shredding
		file_executable_detected sysmon_error file_access ps_classic_start ps_classic_provider_start ps_classic_script
		ps_module ps_script file_rename`,
		`application application-experience applocker appmodel-runtime appxdeployment-server appxpackaging-om bitlocker
		bits-client capi2 certificateservicesclient-lifecycle-system codeintegrity-operational dhcp diagnosis-scripted
		dns-client dns-server dns-server-analytic dns-server-audit driver-framework firewall-as hyper-v-worker
		iis-configuration kernel-event-tracing kernel-shimengine ldap lsa-server msexchange-management ntfs ntlm openssh
		powershell powershell-classic printservice-admin printservice-operational security security-mitigations sense
		servicebus-client shell-core smbclient-security sysmon system taskscheduler terminalservices-localsessionmanager
		vhdmp windefend wmi`)
	sources = append(sources, LogSource{Product: "modsecurity"})
	taxonomy := defaultTaxonomy(t)
	for _, source := range sources {
		if !taxonomy.Knows(source) {
			t.Errorf("nothing is known of {%s}", source.attributes())
		}
	}
}
