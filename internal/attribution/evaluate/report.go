package evaluate

// A Report is what was measured.
type Report struct {
	// Knowledge is the identity of the knowledge, Sources what it was made of.
	Sources     []string   `json:"sources"`
	Rows        []Row      `json:"rows"`
	Reliability []Bin      `json:"reliability"` // task B1, the leader's share
	RiskState   []Risk     `json:"risk_state"`  // task B1, the state's posterior
	RiskActor   []Risk     `json:"risk_actor"`
	Campaigns   []Campaign `json:"campaigns"` // task A2, each
}

// A Row is a figure, beside the baseline's and what was aimed at.
type Row struct {
	Task   string  `json:"task"`
	Figure string  `json:"figure"`
	Cases  int     `json:"cases"`
	Value  float64 `json:"value"`
	// Low and High bound it: the 95 % bootstrap interval over cases.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Baseline is the best published by-the-book method on the same task,
	// Target what was aimed at; absent where there is none.
	Baseline *float64 `json:"baseline,omitempty"`
	Target   *float64 `json:"target,omitempty"`
	// Less says that less is better.
	Less bool `json:"less,omitempty"`
}

// Met reports whether the value reaches the target.
func (r *Row) Met() bool {
	if r.Target == nil {
		return false
	}
	if r.Less {
		return r.Value <= *r.Target
	}
	return r.Value >= *r.Target
}

// A Risk is how many answers can be given at a precision.
type Risk struct {
	Precision float64 `json:"precision"`
	Coverage  float64 `json:"coverage"`
}

// A Campaign is what was answered in one case of task A2.
type Campaign struct {
	Name      string   `json:"name"`
	Actors    []string `json:"actors"`
	Features  int      `json:"features"`
	Named     string   `json:"named"`
	Posterior float64  `json:"posterior"`
	Unknown   float64  `json:"unknown"`
	Rank      int      `json:"rank"`
	State     string   `json:"state"`
	// Labelled says that the actors have a state, StateRight that it is this.
	Labelled   bool `json:"labelled"`
	StateRight bool `json:"state_right"`
}
