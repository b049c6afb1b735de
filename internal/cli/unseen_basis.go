package cli

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/store"
)

// metaBasis is the name under which a case keeps an unseenBasis.
const metaBasis = "unseen-basis"

// An unseenBasis is what is kept of all readings of a case so that what could
// not be seen can be said of the whole: by file, of which a later reading takes
// the place of an earlier, and by rule set.
type unseenBasis struct {
	Files    []fileBasis    `json:"files"`
	Archives []fileBasis    `json:"archives"`
	Sets     []ruleSetBasis `json:"sets"`
	// Before is what was kept by a program that did not know of a basis.
	Before []report.Unseen `json:"before,omitempty"`
}

// A fileBasis is what one file leaves open.
type fileBasis struct {
	Name        string         `json:"name"`
	Digest      [32]byte       `json:"digest"`
	Losses      *source.Losses `json:"losses,omitempty"`
	Gap         *source.Gap    `json:"gap,omitempty"`
	Gaps        int64          `json:"gaps,omitempty"`
	Missing     uint64         `json:"missing,omitempty"`
	WithoutTime int64          `json:"without_time,omitempty"`
	WithoutYear int64          `json:"without_year,omitempty"`
	WithoutZone int64          `json:"without_zone,omitempty"`
	Cleared     []clearedBasis `json:"cleared,omitempty"`
}

// A clearedBasis is an event that says that a log was cleared.
type clearedBasis struct {
	Time   time.Time `json:"time"`
	Host   string    `json:"host"`
	Log    string    `json:"log,omitempty"`
	Offset int64     `json:"offset"`
}

// A ruleSetBasis is what one rule set could not see.
type ruleSetBasis struct {
	store.Rules
	Problems     int64        `json:"problems,omitempty"`
	Problem      string       `json:"problem,omitempty"`
	Uncorrelated []string     `json:"uncorrelated,omitempty"`
	Blind        []blindBasis `json:"blind,omitempty"`
	// Uncovered is how many files of the case took no part in Correlations
	// rules, or only in part, when the set was last used.
	Uncovered    int   `json:"uncovered,omitempty"`
	Correlations int64 `json:"correlations,omitempty"`
}

type blindBasis struct {
	Reason string `json:"reason"`
	Count  int64  `json:"count"`
}

// keepUnseen adds what this evidence could not show to what earlier could not.
func (i *investigation) keepUnseen() error {
	basis, err := recall[unseenBasis](i.kept, metaBasis)
	if err != nil {
		return err
	}
	if i.before > 0 && len(basis.Sets) == 0 {
		if basis.Before, err = recall[[]report.Unseen](i.kept, metaUnseen); err != nil {
			return err
		}
	}
	evidence, err := i.kept.Evidence()
	if err != nil {
		return err
	}
	if i.complete {
		basis.Before = nil
	}
	if len(i.result.Correlations()) > 0 && i.matches.uncovered == 0 { // all of it was correlated anew
		basis.Before = slices.DeleteFunc(basis.Before, func(u report.Unseen) bool { return u.What == report.Correlations })
	}
	basis.takeFiles(i, evidence)
	basis.takeRuleSet(i.ruleSetBasis(), i.complete)
	if err := remember(i.kept, metaBasis, basis); err != nil {
		return err
	}
	unseen := append(differing(evidence), basis.unseen()...)
	for _, limit := range i.context.Limits() {
		unseen = append(unseen, report.Unseen{What: "entities", Why: limit})
	}
	var alone []string
	for _, host := range i.context.Uncompared() {
		alone = append(alone, host.Name)
	}
	unseen = append(unseen, report.UnseenClocks(alone)...)
	if basis.Before != nil {
		unseen = report.MergeUnseen(basis.Before, unseen)
	}
	return remember(i.kept, metaUnseen, unseen)
}

// takeFiles replaces what is known of the files of a run, and drops what is no
// longer in the register.
func (b *unseenBasis) takeFiles(i *investigation, evidence []store.Evidence) {
	current := map[fileContent]bool{}
	for n := range evidence {
		current[fileContent{evidence[n].Name, evidence[n].SHA256}] = true
	}
	now := map[fileContent]fileBasis{}
	for n := range i.register.Files {
		standing := &i.evidence.standings[n]
		if standing.Counts() {
			one := basisOf(&i.register.Files[n], i.result.Cleared)
			one.Name = standing.Evidence.Name
			now[fileContent{one.Name, one.Digest}] = one
		}
	}
	b.Files = slices.DeleteFunc(b.Files, func(f fileBasis) bool {
		at := fileContent{f.Name, f.Digest}
		_, again := now[at]
		return again || !current[at]
	})
	for _, one := range now {
		if one.says() {
			b.Files = append(b.Files, one)
		}
	}
	for n := range i.register.Archives {
		b.takeArchive(basisOf(&i.register.Archives[n], nil))
	}
	slices.SortFunc(b.Files, compareBases)
	slices.SortFunc(b.Archives, compareBases)
}

// takeArchive replaces what is known of an archive, by name and by content.
func (b *unseenBasis) takeArchive(now fileBasis) {
	known := func(f fileBasis) bool {
		return f.Name != now.Name && f.Digest == now.Digest && now.Digest != [32]byte{}
	}
	b.Archives = slices.DeleteFunc(b.Archives, func(f fileBasis) bool { return f.Name == now.Name })
	if now.says() && !slices.ContainsFunc(b.Archives, known) {
		b.Archives = append(b.Archives, now)
	}
}

func compareBases(a, b fileBasis) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), slices.Compare(a.Digest[:], b.Digest[:]))
}

// basisOf is what a file leaves open.
func basisOf(file *source.File, cleared []detect.Cleared) fileBasis {
	b := fileBasis{Name: file.Source.Name, Digest: file.SHA256, Gaps: file.GapCount, Missing: file.Missing,
		WithoutTime: file.WithoutTime, WithoutYear: file.WithoutYear, WithoutZone: file.WithoutZone}
	if file.ProblemCount > 0 {
		losses := file.Losses
		losses.Problems = telling(losses.Problems)
		b.Losses = &losses
	}
	if len(file.Gaps) > 0 {
		b.Gap = &file.Gaps[0]
	}
	for _, one := range cleared {
		if one.Place.Source == file.Source {
			b.Cleared = append(b.Cleared, clearedBasis{one.Time, one.Host, one.Log, one.Place.Offset})
		}
	}
	return b
}

// telling are the problems that are told of a file: of each kind the first and
// the greatest loss.
func telling(problems []source.Problem) []source.Problem {
	var kept []source.Problem
	for i, problem := range problems {
		same := func(other source.Problem) bool { return other.Kind == problem.Kind }
		if !slices.ContainsFunc(problems[:i], same) || !slices.ContainsFunc(problems[:i], func(other source.Problem) bool { return same(other) && other.Lost >= problem.Lost }) {
			kept = append(kept, problem)
		}
	}
	return kept[:min(len(kept), maxTelling)]
}

// maxTelling bounds what is kept of one file.
const maxTelling = 64

// says reports whether the file leaves anything open.
func (b *fileBasis) says() bool {
	return b.Losses != nil || b.Gap != nil || b.WithoutTime+b.WithoutYear+b.WithoutZone > 0 || len(b.Cleared) > 0
}

// file is the file as it stands in a register.
func (b *fileBasis) file() source.File {
	file := source.File{Source: &event.Source{Name: b.Name}, SHA256: b.Digest, GapCount: b.Gaps, Missing: b.Missing,
		WithoutTime: b.WithoutTime, WithoutYear: b.WithoutYear, WithoutZone: b.WithoutZone}
	if b.Losses != nil {
		file.Losses = *b.Losses
	}
	if b.Gap != nil {
		file.Gaps = []source.Gap{*b.Gap}
	}
	return file
}

// ruleSetBasis is what the rules of this run could not see.
func (i *investigation) ruleSetBasis() ruleSetBasis {
	set := ruleSetBasis{Rules: i.rules, Uncorrelated: i.result.Uncorrelated}
	if rules := len(i.result.Correlations()); rules > 0 {
		set.Uncovered, set.Correlations = i.matches.uncovered, int64(rules)
	}
	if problems := append(slices.Clone(i.set.Problems), i.engine.Problems()...); len(problems) > 0 {
		set.Problems, set.Problem = int64(len(problems)), problems[0].Message
	}
	for _, blind := range i.result.Blind {
		set.Blind = append(set.Blind, blindBasis{blind.Reason, int64(len(blind.Rules))})
	}
	return set
}

// takeRuleSet puts together what one rule set could not see in several
// readings. When the last was of all evidence, it says all there is, and of
// correlations when it correlated all evidence; else a reason why rules could not
// have fired stays only if it held in both.
func (b *unseenBasis) takeRuleSet(now ruleSetBasis, complete bool) {
	for n := range b.Sets { // another version of these rules has correlated all by now
		if b.Sets[n].Name == now.Name && now.Correlations > 0 && now.Uncovered == 0 {
			b.Sets[n].Uncovered = 0
		}
	}
	at := slices.IndexFunc(b.Sets, func(set ruleSetBasis) bool { return set.Rules == now.Rules })
	if at < 0 {
		b.Sets = append(b.Sets, now)
		return
	}
	if before := b.Sets[at]; !complete {
		now.Blind = blindInBoth(before.Blind, now.Blind)
		for _, line := range before.Uncorrelated {
			if now.Uncovered > 0 && !slices.Contains(now.Uncorrelated, line) {
				now.Uncorrelated = append(slices.Clone(now.Uncorrelated), line)
			}
		}
		slices.Sort(now.Uncorrelated)
	}
	b.Sets[at] = now
}

func blindInBoth(before, now []blindBasis) []blindBasis {
	var both []blindBasis
	for _, one := range before {
		at := slices.IndexFunc(now, func(other blindBasis) bool { return other.Reason == one.Reason })
		if at >= 0 {
			both = append(both, blindBasis{one.Reason, min(one.Count, now[at].Count)})
		}
	}
	return both
}

// unseen says what could not be seen, of the whole case.
func (b *unseenBasis) unseen() []report.Unseen {
	summary := report.Summary{Register: &source.Register{}, Result: &detect.Result{}}
	for n := range b.Archives {
		summary.Register.Archives = append(summary.Register.Archives, b.Archives[n].file())
	}
	for n := range b.Files {
		file := b.Files[n].file()
		summary.Register.Files = append(summary.Register.Files, file)
		for _, one := range b.Files[n].Cleared {
			summary.Result.Cleared = append(summary.Result.Cleared, detect.Cleared{Log: one.Log, Member: detect.Member{Time: one.Time, Host: one.Host,
				Place: event.Provenance{Source: file.Source, Offset: one.Offset}}})
		}
	}
	slices.SortStableFunc(summary.Result.Cleared, func(x, y detect.Cleared) int { return x.Time.Compare(y.Time) })
	list := summary.Unseen()
	for _, what := range []func(*ruleSetBasis) []report.Unseen{(*ruleSetBasis).notLoaded, (*ruleSetBasis).uncorrelated, (*ruleSetBasis).blind} {
		for n := range b.Sets {
			for _, one := range what(&b.Sets[n]) {
				if len(b.Sets) > 1 {
					one.Why += fmt.Sprintf(" (%s)", b.Sets[n].Name)
				}
				list = append(list, one)
			}
		}
	}
	return list
}

func (s *ruleSetBasis) notLoaded() []report.Unseen {
	if s.Problems == 0 {
		return nil
	}
	return []report.Unseen{report.RulesNotLoaded(s.Problems, s.Problem)}
}

func (s *ruleSetBasis) uncorrelated() (list []report.Unseen) {
	for _, line := range s.Uncorrelated {
		list = append(list, report.Uncorrelated(line))
	}
	if s.Uncovered > 0 {
		line := "1 file of the case was read earlier with other rules, or its matches could not be kept: correlations see little or nothing of it until it is investigated together with the rest"
		if s.Uncovered > 1 {
			line = fmt.Sprintf("%d files of the case were read earlier with other rules, or their matches could not be kept: correlations see little or nothing of them until they are investigated together with the rest", s.Uncovered)
		}
		list = append(list, report.Unseen{What: report.Correlations, Why: line, Count: s.Correlations})
	}
	return list
}

func (s *ruleSetBasis) blind() (list []report.Unseen) {
	for _, blind := range s.Blind {
		list = append(list, report.CouldNotFire(blind.Reason, blind.Count))
	}
	return list
}
