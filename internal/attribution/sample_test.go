package attribution

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/kulla-defence/kulla/internal/attribution/ranking"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/knowledge"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/rules"
	"github.com/kulla-defence/kulla/sigma"
)

// A scene is the incidents of some evidence, and their findings.
type scene struct {
	incidents []*incident.Incident
	findings  []*detect.Finding
	members   func(id string) iter.Seq[int64]
}

type bothSinks struct {
	detect   *detect.Sink
	observer *entity.Observer
}

func (s bothSinks) Event(e *event.Event) error { return cmp.Or(s.detect.Event(e), s.observer.Event(e)) }

// investigate does what the command does, up to the incidents.
func investigate(t *testing.T, evidence string) scene {
	t.Helper()
	set, err := sigma.LoadFS(rules.FS, sigma.Options{})
	must(t, err)
	taxonomy, err := sigma.DefaultTaxonomy()
	must(t, err)
	engine, err := detect.New(set, taxonomy, detect.Options{Full: true, Prove: true, TempFolder: t.TempDir()})
	must(t, err)
	known := entity.NewContext()
	_, err = source.Read(context.Background(), []string{evidence}, func(int) source.Sink { return bothSinks{engine.Sink(), known.Observer()} }, source.Options{})
	must(t, err)
	known.Finish()
	result, err := engine.Finish()
	must(t, err)
	builder := incident.New(known, incident.Options{})
	var s scene
	for f, err := range result.Findings() {
		must(t, err)
		s.findings = append(s.findings, f)
		must(t, builder.Add(int64(len(s.findings)), f))
	}
	for _, i := range builder.Incidents() {
		if i.Level == "critical" || i.Level == "high" {
			s.incidents = append(s.incidents, i)
		}
	}
	s.members = builder.Members
	must(t, engine.Close())
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s scene) finding(number int64) (*detect.Finding, error) {
	if number < 1 || number > int64(len(s.findings)) {
		return nil, errors.New("no such finding")
	}
	return s.findings[number-1], nil
}

// assess is what the command does from the incidents on.
func (s scene) assess(t *testing.T, base *knowledge.Base, facts string) *Assessment {
	t.Helper()
	in := Input{Base: base, Incidents: s.incidents, Finding: s.finding, Members: s.members, Victim: Victim{Country: "AL", Sectors: []string{"government"}}}
	if facts != "" {
		given, err := ParseArtefacts(strings.NewReader(facts))
		must(t, err)
		in.Given = given
	}
	items, err := Observe(in)
	must(t, err)
	return Assess(base, items, Options{Cluster: ClusterName(1), Incidents: s.incidents, Ranker: ranking.New(base)})
}

// The four cases of the sample, by our own knowledge.
func TestSample(t *testing.T) {
	t.Parallel()
	base, err := knowledge.Builtin()
	must(t, err)
	scenes := map[string]scene{}
	var lock sync.Mutex
	t.Run("read", func(t *testing.T) {
		for _, name := range []string{"evidence", "false-flag", "unknown"} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := investigate(t, filepath.Join("..", "..", "examples", name+".zip"))
				lock.Lock()
				defer lock.Unlock()
				scenes[name] = s
			})
		}
	})
	facts, err := os.ReadFile(filepath.Join("..", "..", "examples", "artefacts.yml"))
	must(t, err)
	answers := map[string]*Assessment{}
	for _, c := range []struct {
		name, evidence, facts, level, hypothesis, likelihood string
		flag                                                 bool
	}{
		{"logs", "evidence", "", "state", "state:IR", "likelihood.state", false},
		{"facts", "evidence", string(facts), "group", "group:G1055", "likelihood.group", false},
		{"false flag", "false-flag", "", "cluster", "", "likelihood.false_flag", true},
		{"unknown", "unknown", "", "cluster", "", "likelihood.unknown", false},
	} {
		a := scenes[c.evidence].assess(t, base, c.facts)
		answers[c.name] = a
		checkWords(t, catalogue(t), a)
		if a.Answer.Level != c.level || a.Answer.Hypothesis != c.hypothesis || a.Answer.FalseFlag != c.flag || a.Likelihood.Message != c.likelihood {
			t.Errorf("%s: published %s %s, false flag %v, %s", c.name, a.Answer.Level, a.Answer.Hypothesis, a.Answer.FalseFlag, a.Likelihood.Message)
			show(t, a)
		}
	}
	for _, phase := range answers["facts"].Phases {
		if want := map[string]string{"access": "group:KA-0001", "mail": "group:KA-0001", "destruction": "group:G1055"}[phase.Name]; want != "" && likeliestGroup(&phase).ID != want {
			t.Errorf("%s: %s leads, want %s", phase.Name, likeliestGroup(&phase).ID, want)
		}
	}
	if said := inWords(catalogue(t), answers["facts"].HandOver); !strings.HasSuffix(said, "that those who stole the mail handed over to those who destroyed.") {
		t.Errorf("the hand-over of the sample: %q", said)
	}
	for _, phase := range answers["facts"].Phases {
		if phase.Name == "destruction" && phase.First.Before(date("2022-07-15")) {
			t.Errorf("destruction begins %s", phase.First)
		}
	}
	for _, phase := range answers["false flag"].Phases {
		if phase.Answer.Level != "cluster" {
			t.Errorf("%s is published as %s, though traces were planted", phase.Name, phase.Answer.Hypothesis)
		}
	}
}

// show tells why an answer is what it is.
func show(t *testing.T, a *Assessment) {
	t.Helper()
	for _, g := range a.Answer.Gates {
		t.Logf("%-8s %-20s %v", g.Level, g.Name.Message, g.Passed)
	}
	for _, h := range a.Hypotheses {
		if h.Posterior > .02 {
			t.Logf("%-20s prior %.3f posterior %.3f [%.3f %.3f] nats %.2f", h.ID, h.Prior, h.Posterior, h.Low, h.High, h.Nats)
		}
	}
	for _, p := range a.Phases {
		t.Log(p.Name, p.Answer.Level, p.Answer.Hypothesis, likeliestGroup(&p).ID, likeliestGroup(&p).Posterior)
	}
}
