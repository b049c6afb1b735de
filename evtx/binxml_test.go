package evtx_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/evtx"
)

func TestBinXML(t *testing.T) {
	t.Parallel()
	f := func(content fragment, wantXML, wantJSON, wantColumns string) {
		t.Helper()
		one(t, content, func(r *evtx.Record) {
			if got := string(r.AppendXML(nil)); got != wantXML {
				t.Errorf("xml: %s\nwant: %s", got, wantXML)
			}
			if got := string(r.AppendJSON(nil)); got != wantJSON {
				t.Errorf("json: %s\nwant: %s", got, wantJSON)
			}
			if got := columns(r); got != wantColumns {
				t.Errorf("columns: %s\nwant: %s", got, wantColumns)
			}
		})
	}
	reference := func(s string) fragment { return sequence(raw([]byte{0x09}), name(s)) }
	cdata := raw([]byte{0x07}, le16(3), wide("x<y"))
	instruction := sequence(raw([]byte{0x0a}), name("target"), raw([]byte{0x0b}, le16(4), wide("d?>d")))

	// An element of its own, without a template.
	f(plainElement("Event", nil,
		plainElement("System", nil, plainElement("EventID", attribute("Qualifiers", text("0")), text("5"))),
		plainElement("EventData", nil, plainElement("Data", attribute("Name", text("A")), text("v")), plainElement("Data", attribute("Name", text("B"))))),
		`<Event><System><EventID Qualifiers='0'>5</EventID></System><EventData><Data Name='A'>v</Data><Data Name='B'/></EventData></Event>`,
		`{"Event":{"System":{"EventID":{"#attributes":{"Qualifiers":"0"},"#text":"5"}},"EventData":{"A":"v","B":null}}}`,
		"EventID_Qualifiers=0\nEventID=5\nA=v\nB null")
	// References, in a template and outside of one.
	f(plainElement("A", nil, text("a"), reference("amp"), raw([]byte{0x48}, le16(0xe9)), reference("own"), cdata),
		`<A>a&amp;é&own;<![CDATA[x<y]]></A>`, `{"A":"a&é&own;x<y"}`, "A=a&é&own;x<y")
	f(template(element("A", attribute("q", text("'"), reference("quot")), text("a"), slot(0), reference("lt")), bytesOf(evtx.TypeUInt8, []byte{7})),
		`<A q='&apos;&quot;'>a7&lt;</A>`, `{"A":{"#attributes":{"q":"'\""},"#text":"a7<"}}`, "A_q='\"\nA=a7<")
	f(plainElement("A", nil, instruction, text("t")),
		`<A><?target d? >d?>t</A>`, `{"A":"t"}`, "A=t")
	// A name that is no name.
	f(plainElement("a><b x='", nil), `<a__b_x__/>`, `{"a><b x='":null}`, "a><b x=' null")
	// A template within an element, and two in a row.
	inner := template(element("B", nil, slot(0)), bytesOf(evtx.TypeUInt8, []byte{1}))
	f(plainElement("A", nil, inner, plainElement("C", nil)), `<A><B>1</B><C/></A>`, `{"A":{"B":1,"C":null}}`, "B=1\nC null")
	f(sequence(inner, inner), `<B>1</B><B>1</B>`, `{"B":1,"B_1":1}`, "B=1\nB=1")
	// Behind the end of the stream nothing counts.
	f(sequence(inner, raw([]byte{0}), head, inner), `<B>1</B>`, `{"B":1}`, "B=1")
	// UserData, flattened; namespaces are left out of the columns.
	f(plainElement("Event", nil, plainElement("UserData", nil, plainElement("n:Log", attribute("xmlns:n", text("urn:n")),
		plainElement("n:User", attribute("kind", text("k")), text("u")), plainElement("User", nil, text("w"))))),
		`<Event><UserData><n:Log xmlns:n='urn:n'><n:User kind='k'>u</n:User><User>w</User></n:Log></UserData></Event>`,
		`{"Event":{"UserData":{"n:Log":{"#attributes":{"xmlns:n":"urn:n"},"n:User":{"#attributes":{"kind":"k"},"#text":"u"},"User":"w"}}}}`,
		"User_kind=k\nUser=u\nUser=w")
	// Rendered texts do not pass for the numbers of System.
	f(plainElement("Event", nil, plainElement("RenderingInfo", nil, plainElement("Level", nil, text("Information")))),
		`<Event><RenderingInfo><Level>Information</Level></RenderingInfo></Event>`,
		`{"Event":{"RenderingInfo":{"Level":"Information"}}}`, "RenderingInfo_Level=Information")
	// Nothing at all.
	f(raw(), ``, `{}`, ``)
	f(template(element("A", nil, slot(0), slot(9)), bytesOf(evtx.TypeBinXML)), `<A></A>`, `{"A":null}`, "A=")
}

// TestDataWithTextOfOtherTypes: a value token may carry other types than text.
func TestValueTokens(t *testing.T) {
	t.Parallel()
	content := plainElement("A", nil,
		plainElement("B", nil, raw([]byte{0x05, 0x08}, le32(9))),
		plainElement("C", nil, raw([]byte{0x05, 0x13, 1, 1, 0, 0, 0, 0, 0, 5}, le32(18))),
		plainElement("D", nil, raw([]byte{0x45, 0x02}, le16(2), []byte("hi"))))
	one(t, content, func(r *evtx.Record) {
		if got := string(r.AppendJSON(nil)); got != `{"A":{"B":9,"C":"S-1-5-18","D":"hi"}}` {
			t.Error(got)
		}
	})
}

func TestDependencyInPlainElement(t *testing.T) {
	t.Parallel()
	one(t, anyElement(le16(0xffff), "A", nil, text("v")), func(r *evtx.Record) {
		if got := string(r.AppendXML(nil)); got != `<A>v</A>` {
			t.Error(got)
		}
	})
}

func TestCorruptBinXML(t *testing.T) {
	t.Parallel()
	f := func(content fragment, want error) {
		t.Helper()
		c := newChunk()
		c.add(event("before"))
		c.add(content)
		c.add(event("after"))
		n := 0
		errs := decode(t, c.bytes(), func(*evtx.Record) { n++ })
		if n != 2 || len(errs) != 1 || !errors.Is(errs[0], want) || errs[0].Record != 2 || !errs[0].Lost() {
			t.Errorf("%d records, errors %v, want %v", n, errs, want)
		}
	}
	nested := func(depth int) fragment {
		inner := plainElement("X", nil, text("t"))
		for range depth - 1 {
			inner = plainElement("X", nil, inner)
		}
		return inner
	}
	wrapped := func(depth int) fragment {
		inner := plainElement("X", nil, text("t"))
		for range depth {
			inner = template(element("X", nil, slot(0)), val{byte(evtx.TypeBinXML), inner})
		}
		return inner
	}
	f(raw([]byte{0x7f}), evtx.ErrBinXML)
	f(text("outside"), evtx.ErrBinXML)
	f(plainElement("X", nil, slot(0)), evtx.ErrBinXML)
	f(raw([]byte{0x01}, le32(8), le32(0x7fffffff)), evtx.ErrBinXML)
	f(raw([]byte{0x0c, 1}, le32(0), le32(0x40000000), le32(0)), evtx.ErrTemplate)
	f(raw([]byte{0x0c, 1}, le32(0), le32(600), le32(0x7fffffff)), evtx.ErrBinXML)
	f(raw([]byte{0x0c, 1}, le32(0), le32(520), le32(0)), evtx.ErrTemplate)
	f(raw([]byte{0x0c}), evtx.ErrTruncated)
	f(nested(65), evtx.ErrNesting)
	f(wrapped(66), evtx.ErrNesting)
	f(sequence(plainElement("X", nil), raw([]byte{0x04})), evtx.ErrBinXML)
	f(raw([]byte{0x05, 1}, le16(30000)), evtx.ErrBinXML)
}

func TestDeepButAllowed(t *testing.T) {
	t.Parallel()
	inner := plainElement("X", nil, text("t"))
	for range 63 {
		inner = plainElement("X", nil, inner)
	}
	one(t, inner, func(r *evtx.Record) {
		if got := string(r.AppendXML(nil)); strings.Count(got, "<X>") != 64 {
			t.Error(got)
		}
	})
}

// TestExpansion: templates that would make gigabytes of a few bytes are refused.
func TestExpansion(t *testing.T) {
	t.Parallel()
	f := func(content fragment) {
		t.Helper()
		c := newChunk()
		c.add(content)
		errs := decode(t, c.bytes(), func(r *evtx.Record) { t.Errorf("%d bytes", len(r.AppendJSON(nil))) })
		if len(errs) != 1 || !errors.Is(errs[0], evtx.ErrNesting) {
			t.Errorf("errors %v", errs)
		}
	}
	times := func(n int, what fragment) fragment {
		all := make([]fragment, n)
		for i := range all {
			all[i] = what
		}
		return sequence(all...)
	}
	f(template(element("A", nil, times(300, slot(0))), bytesOf(evtx.TypeString, wide(strings.Repeat("long", 5000)))))
	laughs := bytesOf(evtx.TypeString, wide("ha"))
	for range 4 {
		laughs = val{byte(evtx.TypeBinXML), template(element("A", nil, times(100, slot(0))), laughs)}
	}
	f(template(element("A", nil, slot(0)), laughs))
	f(template(element("A", nil, slot(0), slot(1)),
		bytesOf(evtx.TypeUInt8|evtx.TypeArray, make([]byte, 20000)), bytesOf(evtx.TypeString, wide(strings.Repeat("long", 2000)))))
}

// TestExpansionLater: that the first record of a layout lacks the value does not
// let the next one expand it.
func TestExpansionLater(t *testing.T) {
	t.Parallel()
	many := make([]fragment, 300)
	for i := range many {
		many[i] = slot(0)
	}
	c := newChunk()
	first := c.add(template(element("A", nil, many...)))
	c.add(again(first+24+4+10, bytesOf(evtx.TypeString, make([]byte, 40_000))))
	errs := decode(t, c.bytes(), func(r *evtx.Record) { t.Errorf("record %d", r.ID) })
	if len(errs) != 2 || !errors.Is(errs[1], evtx.ErrNesting) {
		t.Errorf("%v", errs)
	}
}

// TestExpansionOfChunk: neither may many records of one chunk expand together,
// nor may many definitions overlap.
func TestExpansionOfChunk(t *testing.T) {
	t.Parallel()
	many := make([]fragment, 5000)
	for i := range many {
		many[i] = raw([]byte{0x05, 1, 0, 0})
	}
	c := newChunk()
	first := c.add(template(element("A", nil, many...)))
	for range 800 {
		c.add(again(first + 24 + 4 + 10))
	}
	n := 0
	errs := decode(t, c.bytes(), func(*evtx.Record) { n++ })
	if n == 0 || n > 300 || n+len(errs) != 801 || !errors.Is(errs[0], evtx.ErrNesting) {
		t.Errorf("%d records, %d errors", n, len(errs))
	}
	c = newChunk()
	for i := range 600 {
		c.add(again(600 + i))
	}
	errs = decode(t, c.bytes(), func(*evtx.Record) { t.Error("a record") })
	if len(errs) != 600 || !errors.Is(errs[599], evtx.ErrTemplate) || !strings.Contains(errs[599].Error(), "definitions in the chunk") {
		t.Errorf("%d errors, the last %v", len(errs), errs[len(errs)-1])
	}
}
