package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/attribution/ranking"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/knowledge"
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
	victim   victim
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
	after     int64 // and when it had ended
	done      bool  // what was found is kept
	register  *source.Register
	known     *knownEvidence
	evidence  *recognisedFiles
	unaltered map[unaltered]bool // findings of what altered files were
	complete  bool               // this run has read all evidence of the case
	result    *detect.Result
	incidents []*incident.Incident
	members   func(incident string) iter.Seq[int64]
	answer    <-chan *attribution.Assessment // to who did it; nil where nothing is grave
	// added counts what this run added to the case, and which findings no longer
	// hold: superseded because their evidence was read again, outgrown because
	// of more evidence.
	added struct {
		evidence   int
		findings   int64
		superseded int
		outgrown   int
		incidents  int
		assessment bool
		rules      bool
	}
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
		if err == nil {
			i.known, err = knownBy(kept)
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
	if err == nil {
		i.options.sector = strings.ToLower(i.options.sector)
		err = checkSector(i.base, i.options.sector)
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
	r := evidenceReading{env: i.env, paths: i.options.paths, options: i.known.read(i.options.reading), workers: i.options.workers,
		quiet: i.options.quiet || i.options.noProgress, started: i.started, findings: i.engine.Matches, progress: &i.progress,
		own: ownOf(i.options.output, i.options.document, i.options.key)}
	i.register, interrupted, err = r.read(ctx, func(int) source.Sink {
		return caseSink{i.engine.Sink(), i.context.Observer(), i.coverage.Observer()}
	})
	if err != nil || interrupted {
		return interrupted, err
	}
	i.context.Finish()
	for _, step := range []func() error{i.recognise, i.recallMatches} {
		if err := step(); err != nil {
			return false, fmt.Errorf("case %s: %w", i.options.output, err)
		}
	}
	i.result, err = i.engine.Finish()
	return false, err
}

// keep writes all that was found into the case, and signs it.
func (i *investigation) keep() error {
	for _, step := range []func() error{i.keepBasis, i.keepContext, i.keepFindings, i.join, i.ask, i.keepIncidents, i.keepUnseen, i.keepMatches, i.keepAssessment, i.stamp, i.kept.Checkpoint, i.kept.Commit} {
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
	var err error
	if i.after, err = i.kept.Size(); err != nil {
		return err
	}
	return i.kept.PutRun(i.started.Truncate(time.Second), i.after != i.before)
}

// keepBasis notes what everything rests on: rules, knowledge, evidence, and
// what was given beside it.
func (i *investigation) keepBasis() error {
	var err error
	if i.added.rules, err = i.kept.PutRules(i.rules); err != nil {
		return err
	}
	sources := make([]string, len(i.base.Sources))
	for n, s := range i.base.Sources {
		sources[n] = s.Name + " " + s.Version
	}
	if _, err := i.kept.PutKnowledge(store.Knowledge{SHA256: i.identity, Sources: sources}); err != nil {
		return err
	}
	if err := i.keepEvidence(); err != nil {
		return err
	}
	if err := i.keepVictim(); err != nil {
		return err
	}
	for _, given := range i.given {
		if _, err := i.kept.PutArtefact(given); err != nil {
			return err
		}
	}
	return nil
}

// keepEvidence puts the files into the register, as what they are to the case.
func (i *investigation) keepEvidence() error {
	i.warn()
	if _, err := i.kept.PutEvidence(store.Entries(i.evidence.standings)); err != nil {
		return err
	}
	i.added.evidence = i.evidence.count(store.Fresh, store.Altered)
	evidence, err := i.kept.Evidence()
	i.complete = err == nil && i.evidence.covers(evidence)
	return err
}

// keepContext adds what this evidence says of entities to what the case knows.
func (i *investigation) keepContext() error {
	if err := i.mergeContext(); err != nil {
		return err
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
	return remember(i.kept, metaClocks, i.context.Skews())
}

// mergeContext adds what the case knows to what this run has seen, unless this
// run has seen all of it; and forgets this run where it has seen nothing new.
func (i *investigation) mergeContext() error {
	before, err := i.kept.Context()
	if err != nil || len(before) == 0 || i.complete && i.seesNew() {
		return err
	}
	known := entity.NewContext()
	if err := known.UnmarshalBinary(before); err != nil {
		return err
	}
	if !i.seesNew() {
		i.context = known
		return nil
	}
	i.context.Merge(known)
	return nil
}

// seesNew reports whether some evidence of this run was never read like this.
func (i *investigation) seesNew() bool {
	return i.evidence.any(store.Fresh, store.Grown, store.Reread, store.Altered)
}

// keepLogs adds which logs hosts have to what the case knows of them.
func (i *investigation) keepLogs() error {
	logs, err := recall[[]incident.Log](i.kept, metaLogs)
	if err != nil {
		return err
	}
	switch {
	case !i.seesNew():
	case i.complete:
		logs = i.coverage.Logs()
	default:
		logs = mergeLogs(logs, i.coverage.Logs())
	}
	i.logs = logs
	return remember(i.kept, metaLogs, logs)
}

// mergeLogs adds logs. One that begins as one that is known is the same, which
// may have grown.
func mergeLogs(known, now []incident.Log) []incident.Log {
	merged := slices.Clone(known)
	for _, log := range now {
		at := slices.IndexFunc(merged, func(k incident.Log) bool { return k.Host == log.Host && k.Kind == log.Kind && k.First.Equal(log.First) })
		switch {
		case at < 0:
			merged = append(merged, log)
		case log.Count >= merged[at].Count:
			merged[at] = log
		}
	}
	return merged
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
	return nil
}

func (i *investigation) keepIncidents() (err error) {
	i.added.incidents, err = i.kept.PutIncidents(i.incidents, i.members)
	return err
}

// ask asks who did what the grave incidents tell, and does not wait for the
// answer: weighing takes a while, in which the case can be written.
func (i *investigation) ask() error {
	answer := make(chan *attribution.Assessment, 1)
	i.answer = answer
	chosen := grave(i.incidents)
	if len(chosen) == 0 {
		answer <- nil
		return nil
	}
	given, err := givenTo(i.kept)
	if err != nil {
		return err
	}
	options := attribution.Options{Incidents: chosen, Knowledge: i.identity}
	if options.SignedBy, err = signedBy(i.kept); err != nil {
		return err
	}
	if options.Cluster, err = clusterOf(i.kept, chosen); err != nil {
		return err
	}
	items, err := attribution.Observe(attribution.Input{Base: i.base, Incidents: chosen, Finding: i.finding, Members: i.members, Given: given, Victim: i.victim.attacked()})
	if err != nil {
		return err
	}
	go func() {
		options.Ranker = i.ranker()
		answer <- attribution.Assess(i.base, items, options)
	}()
	return nil
}

// keepAssessment keeps the answer; without one, an earlier one is withdrawn.
func (i *investigation) keepAssessment() (err error) {
	i.added.assessment, err = i.kept.PutAssessment(<-i.answer)
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
