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

// crossValidate judges each case by a model that saw neither its actor nor its
// report in training.
func crossValidate(set []specimen, dated bool) (known, removed []outcome) {
	known, removed = make([]outcome, len(set)), make([]outcome, len(set))
	_ = parallel(folds, func(fold int) error {
		model := trainWithout(set, fold, dated)
		for i := range set {
			if s := &set[i]; foldOf(&s.testCase) == fold {
				known[i] = outcomeOf(&s.testCase, model.Rank(s.known.Dated(dated)))
				removed[i] = outcomeOf(&s.testCase, model.Rank(s.removed.Dated(dated)))
			}
		}
		return nil
	})
	return known, removed
}

func trainWithout(set []specimen, fold int, dated bool) *ranking.Model {
	reports := map[string]bool{}
	for i := range set {
		if foldOf(&set[i].testCase) == fold {
			for report := range set[i].reports {
				reports[report] = true
			}
		}
	}
	var examples []*ranking.Example
	for i := range set {
		if foldOf(&set[i].testCase) != fold && !overlap(set[i].reports, reports) {
			examples = append(examples, set[i].known.Dated(dated), set[i].removed.Dated(dated))
		}
	}
	return ranking.Train(examples, !dated, dated)
}

func overlap(a, b map[string]bool) bool {
	for name := range a {
		if b[name] {
			return true
		}
	}
	return false
}
