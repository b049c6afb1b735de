package casereport

import (
	"bufio"
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/kulla-defence/kulla/internal/language"
)

//go:embed *.tmpl
var templates embed.FS

// The templates that make a page: sections stand in this order between its
// beginning and its end, and are written side by side.
const (
	beginning = "beginning"
	ending    = "ending"
)

var sections = []string{"summary.tmpl", "timeline.tmpl", "entities.tmpl", "matrix.tmpl", "incidents.tmpl", "assessment.tmpl", "after.tmpl", "annex.tmpl"}

// longest are the sections that take the longest, the longest first: they are
// begun first, so that no processor is left with one at the end.
var longest = []string{"incidents.tmpl", "annex.tmpl", "assessment.tmpl"}

// A Press has what every page is printed with, and can be made before there is
// anything to print: the words of all languages, and the templates. It prints
// one page at a time.
type Press struct {
	catalogue *language.Catalogue
	page      *template.Template
}

// NewPress returns a press.
func NewPress() (*Press, error) {
	catalogue, err := language.Load()
	if err != nil {
		return nil, err
	}
	parsed, err := template.New("report").Funcs(new(page).functions()).ParseFS(templates, "*.tmpl")
	if err != nil {
		return nil, err
	}
	return &Press{catalogue, parsed}, escape(parsed)
}

// escape has the templates escaped now, which would else be done with the first
// page: executing them on nothing comes to nothing, but after they are escaped.
func escape(parsed *template.Template) error {
	for _, name := range append([]string{beginning, ending}, sections...) {
		err := parsed.ExecuteTemplate(io.Discard, name, nil)
		if wrong := (*template.Error)(nil); errors.As(err, &wrong) {
			return err
		}
	}
	return nil
}

// Write writes one page that needs nothing else: no request, and no script to
// be read. It holds the words of all languages, and shows those of one.
func (s *Press) Write(w io.Writer, d *Document, tag string) error {
	if !slices.Contains(language.Tags(), tag) {
		return fmt.Errorf("unknown language %q", tag)
	}
	p, err := newPage(d, newWording(d, s.catalogue))
	if err != nil {
		return err
	}
	p.Language = tag
	s.page.Funcs(p.functions())
	written, err := s.sections(p)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	if err := s.page.ExecuteTemplate(out, beginning, p); err != nil {
		return err
	}
	for i := range written {
		if _, err := written[i].WriteTo(out); err != nil {
			return err
		}
	}
	if err := s.page.ExecuteTemplate(out, ending, p); err != nil {
		return err
	}
	return out.Flush()
}

// sections writes all sections of a page. They only read it.
func (s *Press) sections(p *page) ([]bytes.Buffer, error) {
	written := make([]bytes.Buffer, len(sections))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	begin := func(name string) {
		out := &written[slices.Index(sections, name)]
		group.Go(func() error {
			err := s.page.ExecuteTemplate(out, name, p)
			out.WriteByte('\n')
			return err
		})
	}
	for _, name := range longest {
		begin(name)
	}
	for _, name := range sections {
		if !slices.Contains(longest, name) {
			begin(name)
		}
	}
	return written, group.Wait()
}

func writeHTML(w io.Writer, d *Document, tag string) error {
	press, err := NewPress()
	if err != nil {
		return err
	}
	return press.Write(w, d, tag)
}
