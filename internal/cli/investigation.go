package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/attribution/ranking"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/findingjson"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/knowledge"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/report/casereport"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/store"
	"github.com/kulla-defence/kulla/sigma"
)

// An investigation is one run of the command: the rooms, wired.
type investigation struct {
	env      Environment
	options  investigateOptions
	started  time.Time
	progress source.Progress

	set      *sigma.RuleSet
	rules    store.Rules
	base     *knowledge.Base
	identity string // of the base
	given    [][]byte
	// What is needed only at the end is made while rules are read.
	press     func() (*casereport.Press, error)
	ranker    func() *ranking.Ranker
	engine    *detect.Engine
	context   *entity.Context
	coverage  *incident.Coverage
	logs      []incident.Log // of all evidence of the case
	matches   matchMemory
	kept      *store.Case
	before    int64 // the size of its ledger when the run began
	done      bool  // what was found is kept
	register  *source.Register
	result    *detect.Result
	incidents []*incident.Incident
	members   func(incident string) iter.Seq[int64]
	// added counts what this run added to the case.
	added struct {
		evidence  int
		findings  int64
		incidents int
	}
	superseded int
}

// prepare loads all that may be wrong before the evidence is read, and opens
// the case meanwhile. Where something is wrong, no case is left behind.
func (i *investigation) prepare(ctx context.Context) error {
	opened := i.startCase(ctx)
	i.startPress()
	err := i.load()
	if failed := <-opened; err == nil {
		err = failed
	}
	if err != nil {
		return errors.Join(err, i.close())
	}
	return nil
}

// startCase opens the case, or makes it.
func (i *investigation) startCase(ctx context.Context) (done <-chan error) {
	opened := make(chan error, 1)
	go func() {
		kept, err := createCase(ctx, i.env, i.options.output, i.options.key)
		if err == nil {
			i.kept = kept
			i.before, err = kept.Size()
		}
		opened <- err
	}()
	return opened
}

// load reads rules, knowledge and what was given, and makes the engine.
func (i *investigation) load() error {
	known := i.startKnowledge()
	rules := i.options.rules.options()
	set, taxonomy, documents, err := rules.loadUsable()
	if failed := <-known; err == nil {
		err = failed
	}
	if err != nil {
		return err
	}
	i.set = set
	i.rules = store.Rules{Count: int64(len(set.Rules) + len(set.Correlations)), SHA256: fmt.Sprintf("%x", documents.Digest()), Name: rules.name()}
	if i.given, err = readArtefacts(i.options.artefacts); err != nil {
		return err
	}
	i.context, i.coverage = entity.NewContext(), incident.NewCoverage()
	i.engine, err = detect.New(set, taxonomy, detect.Options{Full: true, Prove: true, TempFolder: i.env.TempDir})
	return err
}

// startKnowledge reads what is known of actors, while the rules are read.
func (i *investigation) startKnowledge() (done <-chan error) {
	known := make(chan error, 1)
	go func() {
		base, err := loadKnowledge(i.options.knowledge)
		if err == nil {
			i.base, i.identity = base, base.Identity()
			i.ranker = sync.OnceValue(func() *ranking.Ranker { return ranking.New(base) })
		}
		known <- err
		if err == nil {
			i.ranker()
		}
	}()
	return known
}

// startPress makes the press, while the rules are read.
func (i *investigation) startPress() {
	i.press = sync.OnceValues(casereport.NewPress)
	if !i.options.noReport {
		go i.press()
	}
}

// close ends the run. A case that was made and in which nothing was kept is
// taken away again.
func (i *investigation) close() error {
	var err error
	if i.engine != nil {
		err = i.engine.Close()
	}
	if i.kept == nil {
		return err
	}
	err = errors.Join(err, i.kept.Close())
	if i.before == 0 && !i.done {
		err = errors.Join(err, os.Remove(i.options.output))
	}
	return err
}

// A caseSink shows each event to the engine, to what joins findings, and to
// what counts the records that hosts have.
type caseSink struct {
	detect   *detect.Sink
	observer *entity.Observer
	coverage *incident.CoverageObserver
}

func (s caseSink) Event(e *event.Event) error {
	return cmp.Or(s.detect.Event(e), s.observer.Event(e), s.coverage.Event(e))
}

// read gives all evidence to the engine and to the context of findings.
func (i *investigation) read(ctx context.Context) (interrupted bool, err error) {
	r := evidenceReading{env: i.env, paths: i.options.paths, options: i.options.reading, workers: i.options.workers,
		quiet: i.options.quiet || i.options.noProgress, started: i.started, findings: i.engine.Matches, progress: &i.progress,
		own: ownOf(i.options.output, i.options.document, i.options.key)}
	i.register, interrupted, err = r.read(ctx, func(int) source.Sink {
		return caseSink{i.engine.Sink(), i.context.Observer(), i.coverage.Observer()}
	})
	if err != nil || interrupted {
		return interrupted, err
	}
	i.context.Finish()
	if err := i.recallMatches(); err != nil {
		return false, fmt.Errorf("case %s: %w", i.options.output, err)
	}
	i.result, err = i.engine.Finish()
	return false, err
}

// keep writes all that was found into the case, and signs it.
func (i *investigation) keep() error {
	for _, step := range []func() error{i.keepBasis, i.keepContext, i.keepFindings, i.keepMatches, i.join, i.attribute, i.stamp, i.kept.Checkpoint, i.kept.Commit} {
		if err := step(); err != nil {
			return fmt.Errorf("case %s: %w", i.options.output, err)
		}
	}
	i.done = true
	return nil
}

// stamp notes that the run came to its end. When it last changed anything is
// the time of the case's reports.
func (i *investigation) stamp() error {
	size, err := i.kept.Size()
	if err != nil {
		return err
	}
	return i.kept.PutRun(i.started.Truncate(time.Second), size != i.before)
}

// keepBasis notes what everything rests on: rules, knowledge, evidence, and
// what was given beside it.
func (i *investigation) keepBasis() error {
	if _, err := i.kept.PutRules(i.rules); err != nil {
		return err
	}
	sources := make([]string, len(i.base.Sources))
	for n, s := range i.base.Sources {
		sources[n] = s.Name + " " + s.Version
	}
	if _, err := i.kept.PutKnowledge(store.Knowledge{SHA256: i.identity, Sources: sources}); err != nil {
		return err
	}
	var err error
	if i.added.evidence, err = i.kept.PutEvidence(evidenceOf(i.register)); err != nil {
		return err
	}
	for _, given := range i.given {
		if _, err := i.kept.PutArtefact(given); err != nil {
			return err
		}
	}
	return nil
}

// keepContext adds what this evidence says of entities to what the case knows.
func (i *investigation) keepContext() error {
	before, err := i.kept.Context()
	if err != nil {
		return err
	}
	if len(before) > 0 {
		known := entity.NewContext()
		if err := known.UnmarshalBinary(before); err != nil {
			return err
		}
		i.context.Merge(known)
	}
	now, err := i.context.MarshalBinary()
	if err != nil {
		return err
	}
	if err := i.kept.PutContext(now); err != nil {
		return err
	}
	if err := i.keepLogs(); err != nil {
		return err
	}
	if err := remember(i.kept, metaClocks, i.context.Skews()); err != nil {
		return err
	}
	return i.keepUnseen()
}

// keepLogs adds which logs hosts have to what the case knows of them.
func (i *investigation) keepLogs() error {
	logs, err := recall[[]incident.Log](i.kept, metaLogs)
	if err != nil {
		return err
	}
	for _, log := range i.coverage.Logs() {
		if !slices.Contains(logs, log) {
			logs = append(logs, log)
		}
	}
	i.logs = logs
	return remember(i.kept, metaLogs, logs)
}

// keepUnseen adds what this evidence could not show to what earlier could not.
func (i *investigation) keepUnseen() error {
	summary := &report.Summary{Register: i.register, Result: i.result, RuleProblems: append(i.set.Problems, i.engine.Problems()...)}
	unseen := summary.Unseen()
	for _, limit := range i.context.Limits() {
		unseen = append(unseen, report.Unseen{What: "entities", Why: limit})
	}
	var alone []string
	for _, host := range i.context.Uncompared() {
		alone = append(alone, host.Name)
	}
	unseen = append(unseen, report.UnseenClocks(alone)...)
	unseen = append(unseen, i.matches.unseen(len(i.result.Correlations()))...)
	if i.before > 0 {
		earlier, err := recall[[]report.Unseen](i.kept, metaUnseen)
		if err != nil {
			return err
		}
		if i.matches.uncovered == 0 { // all of it was correlated anew
			earlier = slices.DeleteFunc(earlier, func(u report.Unseen) bool { return u.What == report.Correlations && !slices.Contains(unseen, u) })
		}
		unseen = report.MergeUnseen(earlier, unseen)
	}
	return remember(i.kept, metaUnseen, unseen)
}

// keepFindings adds what is new, and first takes out what correlations found
// over less evidence and now find otherwise.
func (i *investigation) keepFindings() (err error) {
	digests := findingjson.Digests(i.matches.digests)
	i.superseded, err = i.kept.Supersede(i.result.Correlations(), i.result.Correlated(), digests, i.matches.covers)
	if err != nil {
		return err
	}
	i.added.findings, err = i.kept.PutFindings(i.result.Findings(), digests)
	return err
}

// join builds the incidents of the whole case anew: findings of earlier runs
// belong to them as well.
func (i *investigation) join() error {
	builder := incident.New(i.context, incident.Options{Logs: i.logs})
	for f, err := range inOrderOfPlace(i.kept.Findings(store.Filter{})) {
		if err != nil {
			return err
		}
		if err := builder.Add(f.Number, f.Finding); err != nil {
			return err
		}
	}
	i.incidents, i.members = builder.Incidents(), builder.Members
	var err error
	i.added.incidents, err = i.kept.PutIncidents(i.incidents, builder.Members)
	return err
}

// attribute asks who did what the grave incidents tell.
func (i *investigation) attribute() error {
	given, err := givenTo(i.kept)
	if err != nil {
		return err
	}
	signed, err := signedBy(i.kept)
	if err != nil {
		return err
	}
	chosen := grave(i.incidents)
	if len(chosen) == 0 {
		return nil
	}
	items, err := attribution.Observe(attribution.Input{Base: i.base, Incidents: chosen, Finding: i.finding, Members: i.members, Given: given, Victim: i.options.victim()})
	if err != nil {
		return err
	}
	cluster, err := clusterOf(i.kept, chosen)
	if err != nil {
		return err
	}
	_, err = i.kept.PutAssessment(attribution.Assess(i.base, items, attribution.Options{Cluster: cluster, Incidents: chosen,
		Knowledge: i.identity, Ranker: i.ranker(), SignedBy: signed}))
	return err
}

// clusterOf is the name of the activity cluster of a case: it keeps the name
// that it may have been published under, whatever evidence came later.
func clusterOf(kept *store.Case, chosen []*incident.Incident) (string, error) {
	before, err := kept.Assessment()
	if err != nil {
		return "", err
	}
	if before != nil && before.Cluster != "" && before.Cluster != attribution.ClusterName(1) {
		return before.Cluster, nil
	}
	return attribution.ClusterOf(chosen), nil
}

func (i *investigation) finding(number int64) (*detect.Finding, error) {
	f, err := i.kept.Finding(number)
	if err != nil {
		return nil, err
	}
	return f.Finding, nil
}

// signedBy names those who decided about the attribution.
func signedBy(kept *store.Case) ([]string, error) {
	notes, err := kept.Notes()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, note := range notes {
		if note.Kind == "decision" && note.Ref == aboutAttribution && !slices.Contains(names, note.Author) {
			names = append(names, note.Author)
		}
	}
	return names, nil
}

// aboutAttribution is what decisions are about that sign the attribution.
const aboutAttribution = "attribution"

// grave are the incidents that are worth asking who did them.
func grave(list []*incident.Incident) []*incident.Incident {
	var chosen []*incident.Incident
	for _, one := range list {
		if one.Level == "critical" || one.Level == "high" {
			chosen = append(chosen, one)
		}
	}
	return chosen
}

// evidenceOf makes the entries of the evidence register.
func evidenceOf(register *source.Register) []store.Evidence {
	var list []store.Evidence
	for i := range register.Files {
		file := &register.Files[i]
		list = append(list, store.Evidence{Name: file.Source.Name, Format: file.Source.Format, Size: file.Size, SHA256: file.SHA256,
			Records: file.Records, First: file.First, Last: file.Last, Problems: report.FileProblems(file)})
	}
	return list
}
