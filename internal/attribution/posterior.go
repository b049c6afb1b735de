package attribution

import (
	"cmp"
	"math"
	"slices"
)

// perMillion are probabilities in millionths: sums of them are exact.
type perMillion int64

const certain perMillion = 1_000_000

func (p perMillion) probability() float64 { return float64(p) / float64(certain) }

// A posterior is how likely each hypothesis is: actors by position, the actor
// that nobody knows, and false flags. Together they are certain.
type posterior struct {
	actors  []perMillion
	unknown perMillion
	flags   []falseFlag
	// states and services sum their actors.
	upper map[string]perMillion
	total []micronats
	// unknownPrior takes up the false flags that nothing speaks of.
	unknownPrior float64
}

// A falseFlag is the hypothesis that somebody planted the traces of an actor.
type falseFlag struct {
	framed    int
	prior     float64
	posterior perMillion
	nats      float64
}

// maxFalseFlags is how many false flags are told apart, those with the most
// traces that may have been planted.
const maxFalseFlags = 8

// What is known to the public is shown by its owner about every second time,
// by who plants it always: each such trace speaks for the false flag, up to six.
const (
	plantedNats = math.Ln2
	plantedMost = 6
)

// claimNats is how far a claim tilts between an unknown actor and a false flag.
const claimNats = .5

// weighUp turns sums into probabilities. lean is added to the actors' nats; it
// may be nil.
func (m *model) weighUp(s sums, lean []float64) posterior {
	p := posterior{total: s.total, flags: m.falseFlags(s)}
	own := make([]float64, len(m.known.actors))
	for h := range own {
		own[h] = math.Log(m.known.actors[h].prior) + s.total[h].nats()/m.temperature
		if lean != nil {
			own[h] += lean[h]
		}
	}
	logs := slices.Clone(own)
	p.unknownPrior = unknownPrior + falseFlagPrior
	for _, f := range p.flags {
		p.unknownPrior -= f.prior
	}
	if len(m.known.actors) == 0 {
		p.unknownPrior = 1
	}
	logs = append(logs, math.Log(p.unknownPrior))
	for i := range p.flags {
		logs = append(logs, m.frame(s, &p.flags[i], own, logs))
	}
	m.share(&p, shares(logs))
	return p
}

// share hands out what is certain: first to the actors, in no way moved by
// claims, then between the unknown actor and the false flags.
func (m *model) share(p *posterior, odds []float64) {
	n := len(m.known.actors)
	var pool float64
	for _, o := range odds[n:] {
		pool += o
	}
	parts := apportion(append(slices.Clone(odds[:n]), pool), certain)
	p.actors = parts[:n]
	within := slices.Clone(odds[n:])
	for i, f := range p.flags {
		if m.claimed[f.framed] {
			within[1+i] *= math.Exp(claimNats)
		}
	}
	parts = apportion(within, parts[n])
	p.unknown = parts[0]
	for i := range p.flags {
		p.flags[i].posterior = parts[1+i]
	}
	p.upper = map[string]perMillion{}
	for h := range p.actors {
		for _, above := range []string{m.known.actors[h].state, m.known.actors[h].service} {
			if above != "" {
				p.upper[above] += p.actors[h]
			}
		}
	}
}

// falseFlags are the hypotheses worth telling apart.
func (m *model) falseFlags(s sums) []falseFlag {
	var flags []falseFlag
	for h, planted := range s.planted {
		if planted > 0 {
			prior := m.known.actors[h].prior / (1 - unknownPrior - falseFlagPrior) * falseFlagPrior
			flags = append(flags, falseFlag{framed: h, prior: prior})
		}
	}
	slices.SortStableFunc(flags, func(a, b falseFlag) int { return cmp.Compare(s.planted[b.framed], s.planted[a.framed]) })
	return flags[:min(len(flags), maxFalseFlags)]
}

// frame weighs a false flag: the traces of the framed actor that may have been
// planted, and all that speaks for whoever planted them, who is an unknown
// actor or one of another state. Where evidence that is costly to fake points
// at who planted them, that is no false flag but the actor found out, and it
// is added to the actor's own.
func (m *model) frame(s sums, f *falseFlag, own, actors []float64) float64 {
	state := m.known.actors[f.framed].state
	could := func(g int) bool { return g != f.framed && (state == "" || m.known.actors[g].state != state) }
	all := unknownPrior
	for g := range own {
		if could(g) {
			all += m.known.actors[g].prior
		}
	}
	traces := float64(min(s.traces[f.framed], plantedMost))
	planted := (s.planted[f.framed].nats()+traces*plantedNats)/m.temperature - math.Log(all)
	logs := []float64{math.Log(unknownPrior)}
	for g := range own {
		switch {
		case !could(g):
		case s.costly[g] >= countsForKind:
			actors[g] = logSum([]float64{actors[g], math.Log(f.prior) + own[g] + planted})
		default:
			logs = append(logs, own[g])
		}
	}
	f.nats = planted + logSum(logs)
	return math.Log(f.prior) + f.nats
}

// logSum is the logarithm of the sum of exponentials.
func logSum(logs []float64) float64 {
	largest := slices.Max(logs)
	var sum float64
	for _, l := range logs {
		sum += math.Exp(l - largest)
	}
	return largest + math.Log(sum)
}

// shares are the probabilities that logarithms stand for.
func shares(logs []float64) []float64 {
	whole := logSum(logs)
	parts := make([]float64, len(logs))
	for i, l := range logs {
		parts[i] = math.Exp(l - whole)
	}
	return parts
}

// apportion divides a whole by shares, without a rest: what rounding down
// leaves goes to the largest remainders.
func apportion(shares []float64, whole perMillion) []perMillion {
	var sum float64
	for _, s := range shares {
		sum += s
	}
	parts := make([]perMillion, len(shares))
	order := make([]int, len(shares))
	rests := make([]float64, len(shares))
	left := whole
	for i, s := range shares {
		exact := s / sum * float64(whole)
		if !(sum > 0) {
			exact = 0
		}
		parts[i] = perMillion(exact)
		rests[i] = exact - float64(parts[i])
		order[i] = i
		left -= parts[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rests[b], rests[a]) })
	for n := 0; left != 0 && len(order) > 0; n++ {
		step := perMillion(1)
		if left < 0 {
			step = -1
		}
		parts[order[n%len(order)]] += step
		left -= step
	}
	return parts
}
