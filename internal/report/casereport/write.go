package casereport

import (
	"bytes"
	"fmt"
	"io"

	"github.com/kulla-defence/kulla/internal/language"
)

// A writer writes a document in one format, in a language where it has any.
type writer func(w io.Writer, d *Document, tag string) error

var writers = []struct {
	format string
	write  writer
}{
	{"html", writeHTML},
	{"markdown", writeMarkdown},
	{"json", writeJSON},
	{"csv", writeCSV},
	{"stix", func(w io.Writer, d *Document, _ string) error { return writeEnglishSTIX(w, d, false) }},
	{"stix-interop", func(w io.Writer, d *Document, _ string) error { return writeEnglishSTIX(w, d, true) }},
	{"navigator", writeNavigator},
	{"timesketch", writeTimesketch},
}

// Formats names the formats of reports, in the order in which they are shown.
func Formats() []string {
	var names []string
	for _, one := range writers {
		names = append(names, one.format)
	}
	return names
}

// Write writes the report of a case. The language (en, sq, ar) is that of the
// words; an HTML page holds all three and begins with it. Data for other tools
// is in English.
func Write(w io.Writer, format string, d *Document, tag string) error {
	for _, one := range writers {
		if one.format == format {
			return one.write(w, d, tag)
		}
	}
	return fmt.Errorf("unknown format of reports %q", format)
}

func writeEnglishSTIX(w io.Writer, d *Document, interop bool) error {
	text, err := Sentences(language.English)
	if err != nil {
		return err
	}
	var bundle bytes.Buffer
	if err := writeSTIX(&bundle, d, text, interop); err != nil {
		return err
	}
	_, err = w.Write(harmless(bundle.Bytes()))
	return err
}
