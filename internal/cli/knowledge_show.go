package cli

import (
	"bufio"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/knowledge"
	"github.com/kulla-defence/kulla/internal/report"
)

func newKnowledgeShow(env Environment) *cobra.Command {
	var file string
	command := &cobra.Command{
		Use:   "show [ID|NAME]",
		Short: "Show an actor, a tool, an artefact, a campaign or a technique, with the sources of each fact",
		Long: `Show prints what is known of one thing, found by its id, its name or another name of it,
and the reports that say so. Techniques are found by their numbers of any version.
Without a name it says what the base was made of, and how much it holds.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, arguments []string) error {
			base, err := loadKnowledge(file)
			if err != nil {
				return err
			}
			out := &sheet{w: bufio.NewWriter(env.Out), base: base, cited: map[string]knowledge.Citation{}}
			if len(arguments) == 0 {
				out.whole()
				return out.w.Flush()
			}
			if !out.find(arguments[0]) {
				return usagef("list them with: kulla knowledge list", "there is no %q", arguments[0])
			}
			return out.w.Flush()
		},
	}
	registerKnowledge(command, &file)
	return command
}

// A sheet is what is printed of one thing: names, and values behind them.
type sheet struct {
	w     *bufio.Writer
	base  *knowledge.Base
	cited map[string]knowledge.Citation
}

func (s *sheet) line(name, value string) {
	if value != "" {
		fmt.Fprintf(s.w, "%-16s%s\n", name, report.Visible(value))
	}
}

// mostNamed is how many reports are named behind a fact; all are listed below.
const mostNamed = 5

// fact is a line with who says so.
func (s *sheet) fact(name, value string, citations []knowledge.Citation) {
	var names []string
	for _, c := range citations {
		s.cited[c.Name] = c
		names = append(names, c.Name)
	}
	if more := len(names) - mostNamed; more > 0 {
		names = append(names[:mostNamed:mostNamed], fmt.Sprintf("and %d more", more))
	}
	if len(names) > 0 {
		value += "  [" + strings.Join(names, "; ") + "]"
	}
	s.line(name, value)
}

// sources lists the reports that were named, with their dates and addresses.
func (s *sheet) sources() {
	var all []knowledge.Citation
	for _, c := range s.cited {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b knowledge.Citation) int { return cmp.Compare(a.Name, b.Name) })
	for _, c := range all {
		text := c.Name
		if day := dayOf(c.Published); day != "" {
			text += ", " + day
		}
		if c.URL != "" && c.URL != c.Name {
			text += ", " + c.URL
		}
		s.line("source", text)
	}
}

func dayOf(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Format(time.DateOnly)
}

func (s *sheet) whole() {
	for _, source := range s.base.Sources {
		s.line("made of", strings.TrimSpace(source.Name+" "+source.Version))
		for _, left := range source.Left {
			s.line("", fmt.Sprintf("left out: %s %s (%s)", report.Thousands(int64(left.Count)), left.What, left.Why))
		}
	}
	s.line("holds", knowledgeCounts(s.base))
	if n := len(s.base.Conflicts); n > 0 {
		s.line("conflicts", fmt.Sprintf("%d: kulla knowledge list conflicts", n))
	}
	s.line("identity", s.base.Identity())
}

func knowledgeCounts(b *knowledge.Base) string {
	return fmt.Sprintf("%s, %s software, %s, %s, %s", counted(len(b.Actors), "actor"), report.Thousands(int64(len(b.Software))),
		counted(len(b.Artefacts), "artefact"), counted(len(b.Campaigns), "campaign"), counted(len(b.Techniques), "technique"))
}

// find prints the thing of that id or name; it is false if there is none.
func (s *sheet) find(wanted string) bool {
	is := func(id, name string, aliases []string) bool {
		return strings.EqualFold(id, wanted) || strings.EqualFold(name, wanted) || slices.ContainsFunc(aliases, func(alias string) bool { return strings.EqualFold(alias, wanted) })
	}
	found := false
	show := func(print func()) { // one name may be that of several: all are shown
		if found {
			fmt.Fprintln(s.w)
		}
		found = true
		clear(s.cited)
		print()
		s.sources()
	}
	for _, a := range s.base.Actors {
		if is(a.ID, a.Name, a.Aliases) {
			show(func() { s.actor(a) })
		}
	}
	for _, t := range s.base.Software {
		if is(t.ID, t.Name, t.Aliases) {
			show(func() { s.software(t) })
		}
	}
	for _, a := range s.base.Artefacts {
		if is(a.ID, a.Value, nil) {
			show(func() { s.artefact(a) })
		}
	}
	for _, c := range s.base.Campaigns {
		if is(c.ID, c.Name, nil) {
			show(func() { s.campaign(c) })
		}
	}
	number := s.base.Current(strings.ToUpper(wanted))
	for _, t := range s.base.Techniques {
		if t.ID == number || is(t.ID, t.Name, nil) {
			show(func() { s.technique(t, wanted) })
		}
	}
	return found
}

func (s *sheet) actor(a *knowledge.Actor) {
	s.line("actor", a.ID+"  "+a.Name)
	s.line("also called", strings.Join(a.Aliases, ", "))
	s.fact("state", stateOf(a), a.Citations)
	s.line("known for", strings.Join(a.Roles, ", "))
	for _, id := range a.Confusable {
		s.line("taken for", s.name(id))
	}
	for _, claim := range a.Claims {
		s.fact("claim", claim.Field+": "+claim.Value+" (weighs nothing)", claim.Citations)
	}
	for _, v := range a.Victims {
		s.fact("victim", cmp.Or(v.Country, v.Sector), v.Citations)
	}
	s.features(a.Features)
	for _, f := range s.base.Artefacts {
		if slices.Contains(f.Actors, a.ID) {
			s.line("artefact", f.ID+"  "+f.Kind+", "+f.Field+"="+f.Value)
		}
	}
}

func (s *sheet) features(features []knowledge.Feature) {
	for _, f := range features {
		name := f.ID + "  " + s.base.TechniqueName(f.ID)
		if f.Kind == knowledge.FeatureSoftware {
			name = s.name(f.ID)
		}
		s.fact(f.Kind, name, f.Citations)
	}
}

// name is the id of an actor or software with its name.
func (s *sheet) name(id string) string {
	if a := s.base.Actor(id); a != nil {
		return id + "  " + a.Name
	}
	if t := s.base.Tool(id); t != nil {
		return id + "  " + t.Name
	}
	return id
}

func (s *sheet) software(t *knowledge.Software) {
	s.line("software", t.ID+"  "+t.Name)
	s.line("also called", strings.Join(t.Aliases, ", "))
	if t.Public {
		s.line("public", "anybody can have it")
	}
	s.features(t.Features)
	for _, a := range s.base.Actors {
		for _, f := range a.Features {
			if f.Kind == knowledge.FeatureSoftware && f.ID == t.ID {
				s.fact("used by", a.ID+"  "+a.Name, f.Citations)
			}
		}
	}
	for _, c := range t.Citations {
		s.cited[c.Name] = c
	}
}

func (s *sheet) artefact(a *knowledge.Artefact) {
	s.line("artefact", a.ID+"  "+a.Kind)
	how := "compared without case"
	if a.Pattern {
		how = "a pattern for the whole value"
	}
	s.fact("value", a.Field+"="+a.Value+" ("+how+")", a.Citations)
	for _, id := range slices.Concat(a.Actors, a.Software) {
		s.line("points at", s.name(id))
	}
	s.line("in use", strings.Trim(dayOf(a.SeenFirst)+" to "+dayOf(a.SeenLast), " "))
	s.line("cost to fake", []string{"none", "little", "some", "much"}[min(max(a.Spoof, 0), 3)])
	if a.Shared > 0 {
		s.line("shared", fmt.Sprintf("with %d others", a.Shared))
	}
	s.line("grade", fmt.Sprintf("%s%d (source A to F, fact 1 to 6)", a.Reliability, a.Credibility))
	s.line("note", a.Note)
}

func (s *sheet) campaign(c *knowledge.Campaign) {
	s.line("campaign", c.ID+"  "+c.Name)
	s.fact("when", strings.Trim(dayOf(c.First)+" to "+dayOf(c.Last), " "), c.Citations)
	for _, id := range c.Actors {
		s.line("attributed to", s.name(id))
	}
	s.features(c.Features)
}

func (s *sheet) technique(t *knowledge.Technique, wanted string) {
	s.line("technique", t.ID+"  "+t.Name)
	if now := s.base.Current(strings.ToUpper(wanted)); !strings.EqualFold(now, wanted) && now == t.ID {
		s.line("formerly", strings.ToUpper(wanted))
	}
	s.line("tactics", strings.Join(t.Tactics, ", "))
	for _, step := range s.base.Mitigations(t.ID) {
		s.line("do", step.ID+"  "+step.Name)
	}
	for _, a := range s.base.Actors {
		for _, f := range a.Features {
			if f.Kind == knowledge.FeatureTechnique && f.ID == t.ID {
				s.fact("used by", a.ID+"  "+a.Name, f.Citations)
			}
		}
	}
}
