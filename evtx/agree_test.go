package evtx_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/evtx"
)

// TestColumnsAgreeWithXML: the columns of a record come from its compiled
// layout, the XML from a walk over its tree. Both must have the same texts.
func TestColumnsAgreeWithXML(t *testing.T) {
	t.Parallel()
	for _, archive := range []string{"evtx-by-technique.zip", "evtx-hard-cases.zip"} {
		for name, b := range unpack(t, archive, ".evtx") {
			f, err := evtx.Open(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			for r, err := range f.Records(context.Background(), evtx.Options{Workers: 2}) {
				if err != nil || r.ID%4 != 0 { // a part of them takes long enough
					continue
				}
				rendered := r.AppendXML(nil)
				if got, want := columnTexts(r), xmlTexts(t, rendered); !slices.Equal(got, want) {
					t.Fatalf("%s: record %d:\ncolumns %q\nxml %q\n%s", name, r.ID, got, want, rendered)
				}
			}
		}
	}
}

// columnTexts gives the texts of a record's columns, sorted, the empty left out.
func columnTexts(r *evtx.Record) []string {
	var all []string
	for i := range r.Layout().Columns {
		value, _ := r.AppendValue(nil, i)
		all = keep(all, string(value))
	}
	slices.Sort(all)
	return all
}

// keep adds a text, with what XML cannot hold as it is written there.
func keep(all []string, text string) []string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0xfffe || r == 0xffff {
			return 0xfffd
		}
		return r
	}, text)
	if strings.TrimSpace(text) == "" {
		return all
	}
	return append(all, text)
}

// xmlTexts gives the texts and attributes of an XML document, sorted.
func xmlTexts(t *testing.T, b []byte) []string {
	t.Helper()
	var all []string
	texts := []string{""}
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		token, err := d.Token()
		if err == io.EOF {
			slices.Sort(all)
			return all
		}
		if err != nil {
			t.Fatalf("%v in %s", err, b)
		}
		switch token := token.(type) {
		case xml.StartElement:
			texts = append(texts, "")
			for _, a := range token.Attr {
				if a.Name.Local != "xmlns" && a.Name.Space != "xmlns" && (token.Name.Local != "Data" || a.Name.Local != "Name") {
					all = keep(all, a.Value)
				}
			}
		case xml.CharData:
			texts[len(texts)-1] += string(token)
		case xml.EndElement:
			all = keep(all, texts[len(texts)-1])
			texts = texts[:len(texts)-1]
		}
	}
}
