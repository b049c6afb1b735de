package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/spool"
	"github.com/kulla-defence/kulla/internal/timeline"
)

func newSearch(env Environment) *cobra.Command {
	var flags readFlags
	var terms []string
	var invert, count bool
	command := &cobra.Command{
		Use:   "search EXPRESSION PATH...",
		Short: "Print the events that hold a text, a pattern, or a value",
		Long: `Search prints the events in which a term holds, in the order in which they stand:

  text          somewhere in a value, in any case
  /expression/  a regular expression (RE2) that matches a value, in any case
  field=value   a field of that name, in any case, has the value; * and ? stand for
                any characters

With --and further terms have to hold for the same event.`,
		Example: `  kulla search mimikatz evidence/
  kulla search 'CommandLine=*rundll32*' --and User=corp\\anna case.zip
  kulla search '/(cmd|powershell)\.exe .*-enc/' -c evidence/`,
		Args: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) < 2 {
				return usagef("kulla search EXPRESSION PATH...", "name what to search for, and the evidence to search")
			}
			return nil
		},
		RunE: func(command *cobra.Command, arguments []string) error {
			s := &search{invert: invert}
			for _, text := range append(arguments[:1:1], terms...) {
				term, err := parseTerm(text)
				if err != nil {
					return err
				}
				s.terms = append(s.terms, term)
			}
			return s.run(command.Context(), env, &flags, arguments[1:], count)
		},
	}
	flags.register(command, searchFormats())
	command.Flags().StringArrayVar(&terms, "and", nil, "a further `EXPRESSION` that has to hold")
	command.Flags().BoolVarP(&invert, "invert-match", "v", false, "the events in which not all terms hold")
	command.Flags().BoolVarP(&count, "count", "c", false, "print only how many events there are")
	return command
}

func searchFormats() []string { return []string{"text", "jsonl"} }

// A searchTerm is one thing to look for: in a field, or in all.
type searchTerm struct {
	field string // in lower case; empty is any
	// text, in lower case, has to stand in a value; with a pattern it is a part
	// of what that matches, or nil.
	text    []byte
	pattern *regexp.Regexp
}

var fieldTerm = regexp.MustCompile(`^([\pL\pN_.@ -]+)=(.*)$`)

func parseTerm(text string) (searchTerm, error) {
	if len(text) > 2 && text[0] == '/' && text[len(text)-1] == '/' {
		pattern, err := regexp.Compile("(?is)" + text[1:len(text)-1])
		if err != nil {
			return searchTerm{}, usagef("write a regular expression as RE2 has it", "%s: %v", text, err)
		}
		return searchTerm{pattern: pattern}, nil
	}
	if parts := fieldTerm.FindStringSubmatch(text); parts != nil {
		return searchTerm{field: strings.ToLower(parts[1]), text: longestLiteral(parts[2]), pattern: wildcard(parts[2])}, nil
	}
	if text == "" {
		return searchTerm{}, usagef("", "an empty text stands everywhere")
	}
	return searchTerm{text: appendLower(nil, []byte(text))}, nil
}

// wildcard is a pattern for a whole value, in which * and ? stand for others.
func wildcard(value string) *regexp.Regexp {
	quoted := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(value))
	return regexp.MustCompile("(?is)^" + quoted + "$")
}

// longestLiteral is the longest part of a wildcard between others.
func longestLiteral(value string) []byte {
	longest := ""
	for part := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == '*' || r == '?' }) {
		if len(part) > len(longest) {
			longest = part
		}
	}
	return appendLower(nil, []byte(longest))
}

// appendLower appends text in lower case.
func appendLower(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		dst = utf8.AppendRune(dst, unicode.ToLower(r))
		i += size
	}
	return dst
}

// A search puts the events aside in which its terms hold.
type search struct {
	terms  []searchTerm
	invert bool
	asJSON bool
	count  bool
	found  atomic.Int64
	spool  *spool.Spool
}

func (s *search) run(ctx context.Context, env Environment, flags *readFlags, paths []string, count bool) error {
	r, err := flags.reading(env, paths, searchFormats())
	if err != nil {
		return err
	}
	r.findings, s.asJSON, s.count = s.found.Load, flags.format == "jsonl", count
	s.spool = spool.New(8<<20, env.TempDir, bytes.Compare)
	defer s.spool.Close()
	register, interrupted, err := r.read(ctx, func(int) source.Sink { return s.searcher() })
	if err != nil {
		return err
	}
	if err := s.write(env, flags.file(paths)); err != nil {
		return err
	}
	return r.conclude(register, interrupted)
}

func (s *search) write(env Environment, file output) error {
	to, finish, err := openOutput(env, file)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(to, 64<<10)
	if s.count {
		fmt.Fprintln(out, s.found.Load())
	}
	for item, err := range s.spool.All() {
		if err != nil {
			return finish(err)
		}
		// The line follows what it is sorted by, after a line feed that no
		// line has.
		out.Write(item[bytes.LastIndexByte(item[:len(item)-1], '\n')+1:])
	}
	return finish(errors.Join(out.Flush()))
}

// A searcher is the sink of one worker.
type searcher struct {
	search      *search
	shelf       *spool.Shelf
	text, lower []byte
	item        []byte
	screens     []*textScreen // of the terms that can be screened
}

// Event puts an event aside when it is one of those asked for.
func (s *searcher) Event(e *event.Event) error {
	holds := s.mayHold(e) && !slices.ContainsFunc(s.search.terms, func(t searchTerm) bool { return !s.holds(&t, e) })
	if holds == s.search.invert {
		return nil
	}
	s.search.found.Add(1)
	if s.search.count {
		return nil
	}
	s.item = append(timeline.AppendPlace(s.item[:0], e.Provenance), '\n')
	if s.search.asJSON {
		s.item = append(report.AppendEvent(s.item, e), '\n')
	} else {
		s.item = report.AppendEventText(s.item, e)
	}
	return s.shelf.Add(s.item)
}

// holds looks at the host and at every column.
func (s *searcher) holds(t *searchTerm, e *event.Event) bool {
	if (t.field == "" || t.field == "host") && s.in(t, append(s.text[:0], e.Host...)) {
		return true
	}
	for column, name := range e.Layout.Names {
		if t.field != "" && !strings.EqualFold(name, t.field) {
			continue
		}
		var state event.State
		s.text, state = e.Values.AppendValue(s.text[:0], column)
		if state == event.Present && s.in(t, s.text) {
			return true
		}
	}
	return false
}

func (s *searcher) in(t *searchTerm, text []byte) bool {
	if t.pattern != nil {
		return t.pattern.Match(text)
	}
	s.lower = appendLower(s.lower[:0], text)
	return bytes.Contains(s.lower, t.text)
}
