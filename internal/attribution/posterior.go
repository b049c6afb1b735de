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
// that nobody knows, and false flags, those of actors without a trace among
// them. Together they are certain.
type posterior struct {
	actors  []perMillion
	unknown perMillion
	flags   []falseFlag
	// otherFlag is that of all false flags that are not told apart.
	otherFlag perMillion
	// states and services sum their actors.
	upper map[string]perMillion
	total []micronats
	// unknownPrior is the unknown actor's, and all actors' where none is known;
	// otherFlagPrior what no false flag of its own has of the false flags'.
	unknownPrior, otherFlagPrior float64
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
	p.unknownPrior, p.otherFlagPrior = unknownPrior, falseFlagPrior
	for _, f := range p.flags {
		p.otherFlagPrior = max(0, p.otherFlagPrior-f.prior)
	}
	if len(m.known.actors) == 0 {
		p.unknownPrior = 1 - falseFlagPrior
	}
	logs = append(logs, math.Log(p.unknownPrior), math.Log(p.otherFlagPrior))
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
	parts = apportion(m.tilt(p, slices.Clone(odds[n:])), parts[n])
	p.unknown, p.otherFlag = parts[0], parts[1]
	for i := range p.flags {
		p.flags[i].posterior = parts[2+i]
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

// tilt makes the false flags of actors that a claim names likelier, also where
// they are a part of those that are not told apart. The odds are those of the
// unknown actor, of that part, and of each false flag.
func (m *model) tilt(p *posterior, odds []float64) []float64 {
	alone := map[int]bool{}
	for i, f := range p.flags {
		alone[f.framed] = true
		if m.claimed[f.framed] {
			odds[2+i] *= math.Exp(claimNats)
		}
	}
	var claimed float64
	for h := range m.claimed {
		if m.claimed[h] && !alone[h] {
			claimed += m.flagPrior(h)
		}
	}
	if claimed > 0 && p.otherFlagPrior > 0 {
		odds[1] *= 1 + min(claimed/p.otherFlagPrior, 1)*(math.Exp(claimNats)-1)
	}
	return odds
}

// flagPrior is the prior of the false flag of an actor.
func (m *model) flagPrior(h int) float64 {
	return m.known.actors[h].prior / (1 - unknownPrior - falseFlagPrior) * falseFlagPrior
}

// falseFlags are the hypotheses worth telling apart.
func (m *model) falseFlags(s sums) []falseFlag {
	var flags []falseFlag
	for h, planted := range s.planted {
		if planted > 0 {
			flags = append(flags, falseFlag{framed: h, prior: m.flagPrior(h)})
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
