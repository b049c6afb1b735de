package evaluate

import (
	"hash/fnv"
	"runtime"
	"sync"

	"github.com/kulla-defence/kulla/internal/attribution/ranking"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// A lab makes rankers that have not seen what they must not, and checks it.
type lab struct {
	base    *knowledge.Base
	corpus  *ranking.Corpus
	witness *witness
	// ranker is corpus.Ranker, but in the test that plants a leak.
	ranker func(ranking.Holdout) *ranking.Ranker
}

func newLab(base *knowledge.Base) *lab {
	corpus := ranking.Compile(base)
	return &lab{base: base, corpus: corpus, witness: newWitness(base), ranker: corpus.Ranker}
}

// isolated returns a ranker for a case, or ErrLeak.
func (l *lab) isolated(holdout ranking.Holdout) (*ranking.Ranker, error) {
	ranker := l.ranker(holdout)
	return ranker, l.witness.check(ranker, holdout)
}

// A specimen is a case, compared with the actors that are known, and the same
// with its own actor unknown.
type specimen struct {
	testCase
	known, removed *ranking.Example
}

// examples compares each case with the actors, on all processors.
func (l *lab) examples(cases []testCase, removed bool) ([]specimen, error) {
	set := make([]specimen, len(cases))
	return set, parallel(len(cases), func(i int) error {
		c := cases[i]
		ranker, err := l.isolated(c.holdout)
		if err != nil {
			return err
		}
		set[i] = specimen{testCase: c, known: ranker.Example(c.features, c.at, c.actors...)}
		if !removed {
			return nil
		}
		without := c.holdout
		without.Actors = map[string]bool{}
		for _, actor := range c.actors {
			without.Actors[actor] = true
		}
		if ranker, err = l.isolated(without); err != nil {
			return err
		}
		set[i].removed = ranker.Example(c.features, c.at)
		return nil
	})
}

// parallel calls do for each number below n, on all processors, and returns
// the error of the lowest.
func parallel(n int, do func(i int) error) error {
	errs := make([]error, n)
	var wait sync.WaitGroup
	workers := min(n, runtime.GOMAXPROCS(0))
	for w := range workers {
		wait.Go(func() {
			for i := w; i < n; i += workers {
				errs[i] = do(i)
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// folds is how many parts a task is cut into, each judged by what was trained
// on the others.
const folds = 5

// foldOf puts all cases of an actor into one part.
func foldOf(c *testCase) int {
	hash := fnv.New32a()
	hash.Write([]byte("kulla " + c.actors[0]))
	return int(hash.Sum32() % folds)
}

// A school is a set of specimens, and a model for each of its parts that saw
// neither the actors nor the reports of that part in training.
type school struct {
	set    []specimen
	models [folds]*ranking.Model
}

func educate(set []specimen) *school {
	s := &school{set: set}
	_ = parallel(folds, func(fold int) error {
		reports := map[string]bool{}
		for i := range set {
			if foldOf(&set[i].testCase) == fold {
				for report := range set[i].reports {
					reports[report] = true
				}
			}
		}
		s.models[fold] = train(set, func(c *testCase) bool { return foldOf(c) == fold || overlap(c.reports, reports) }, true)
		return nil
	})
	return s
}

// train fits a model to all specimens but some.
func train(set []specimen, except func(*testCase) bool, dated bool) *ranking.Model {
	var examples []*ranking.Example
	for i := range set {
		if !except(&set[i].testCase) {
			examples = append(examples, set[i].known, set[i].removed)
		}
	}
	return ranking.Train(examples, true, dated)
}

// model is the one that may judge a case.
func (s *school) model(c *testCase) *ranking.Model { return s.models[foldOf(c)] }

// outcomes judges the cases that are big enough: with the actor known, and
// with it removed from the knowledge.
func (s *school) outcomes(dated bool) (known, removed []outcome) {
	for i := range s.set {
		c := &s.set[i]
		if c.judged() {
			model := s.model(&c.testCase)
			known = append(known, outcomeOf(&c.testCase, model.Rank(c.known.Dated(dated))))
			removed = append(removed, outcomeOf(&c.testCase, model.Rank(c.removed.Dated(dated))))
		}
	}
	return known, removed
}

func overlap(a, b map[string]bool) bool {
	for name := range a {
		if b[name] {
			return true
		}
	}
	return false
}
