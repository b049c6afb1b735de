package stix

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// The vectors are the examples of the specification with errata 01, section 6,
// which were made by other programs.
func TestObservableIDs(t *testing.T) {
	t.Parallel()
	directory := Directory(`C:\Windows\System32`)
	for _, test := range []struct {
		observable *Observable
		want       string
	}{
		{IPv4("198.51.100.3"), "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"},
		{Address("198.51.100.3"), "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"},
		{Address("::ffff:198.51.100.3"), "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"},
		{DomainName("example.com"), "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7"},
	} {
		if test.observable.ID != test.want {
			t.Errorf("%s %s has the id %s, want %s", test.observable.Type, test.observable.Value, test.observable.ID, test.want)
		}
	}
	if a, b := File("foo.exe", nil, directory), File("foo.exe", nil, nil); a.ID == b.ID || a.ParentDirectory != directory.ID {
		t.Error("a file's directory does not count")
	}
	if Address("999.1.1.1") != nil || Address("fe80::1%eth0") != nil {
		t.Error("a text that is no address became one")
	}
}

// Only the first hash, in the order of the specification, makes the id.
func TestOneHashMakesTheID(t *testing.T) {
	t.Parallel()
	md5, sha := strings.Repeat("a", 32), strings.Repeat("b", 64)
	both := File("", map[string]string{"SHA-256": sha, "MD5": md5}, nil)
	if both.ID != File("", map[string]string{"MD5": md5}, nil).ID || both.ID == File("", map[string]string{"SHA-256": sha}, nil).ID {
		t.Errorf("the id is %s", both.ID)
	}
}

// RFC 8785: no more is escaped than must be.
func TestCanonical(t *testing.T) {
	t.Parallel()
	got := canonical(map[string]any{"b": "<&>\u2028\\u2028\n\x01\"", "a": map[string]string{"y": "é", "x": ""}})
	want := "{\"a\":{\"x\":\"\",\"y\":\"é\"},\"b\":\"<&>\u2028\\\\u2028\\n\\u0001\\\"\"}"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNewIDIsStable(t *testing.T) {
	t.Parallel()
	a, b := NewID("incident", "x"), NewID("incident", "x")
	if a != b || a == NewID("incident", "y") || a == NewID("indicator", "x") || a[:10] != "incident--" || a[10+14] != '5' {
		t.Errorf("ids %s and %s", a, b)
	}
}

func TestTimeHasThreeDigitsAtLeast(t *testing.T) {
	t.Parallel()
	for nanoseconds, want := range map[int]string{0: "05.000Z", 120_000_000: "05.120Z", 1_000: "05.000001Z", 7: "05.000000007Z"} {
		data, err := json.Marshal(Time{time.Date(2022, 7, 15, 3, 4, 5, nanoseconds, time.UTC)})
		if err != nil || !strings.HasSuffix(string(data), want+`"`) {
			t.Errorf("%d ns: %s, %v", nanoseconds, data, err)
		}
	}
}

func TestPatternCannotBeLeft(t *testing.T) {
	t.Parallel()
	got := Pattern(Comparison{"file:name", `a'] OR [x:y = '\`}, Comparison{"file:name", "b"})
	if want := `[file:name = 'a\'] OR [x:y = \'\\' OR file:name = 'b']`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The same objects in any order, also twice, give the same bytes.
func TestBundleIsOrdered(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	identity := &Identity{Common: NewCommon("identity", "us", now), Name: "us"}
	incident := &Incident{Common: NewCommon("incident", "x", now), Name: "x"}
	link := &Relationship{Common: NewCommon("relationship", "x", now), Kind: "related-to", Source: incident.ID, Target: identity.ID}
	objects := []Object{link, incident, TLP("amber+strict"), identity, IPv4("192.0.2.1"), incident}
	var first, second bytes.Buffer
	if _, err := NewBundle("case", objects...).WriteTo(&first); err != nil {
		t.Fatal(err)
	}
	objects = []Object{IPv4("192.0.2.1"), identity, incident, link, TLP("amber+strict")}
	if _, err := NewBundle("case", objects...).WriteTo(&second); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() || strings.Count(first.String(), `"spec_version": "2.1"`) != 5 {
		t.Errorf("first\n%s\nsecond\n%s", &first, &second)
	}
	order := []string{`"marking-definition"`, `"identity"`, `"incident"`, `"ipv4-addr"`, `"relationship"`}
	for i := 1; i < len(order); i++ {
		if strings.Index(first.String(), `"type": `+order[i-1]) > strings.Index(first.String(), `"type": `+order[i]) {
			t.Errorf("%s stands behind %s", order[i-1], order[i])
		}
	}
}

func TestTLPLevels(t *testing.T) {
	t.Parallel()
	for _, level := range []string{"clear", "green", "amber", "amber+strict", "red"} {
		if m := TLP(level); m == nil || m.Name != "TLP:"+strings.ToUpper(level) {
			t.Errorf("%s: %+v", level, m)
		}
	}
	if TLP("white") != nil {
		t.Error("white is of version 1")
	}
}
