package sigma

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// matchAll matches the events in turn, one for each round.
func matchAll(b *testing.B, matcher *Matcher, events []*row) {
	b.Helper()
	session := matcher.NewSession()
	for _, event := range events {
		session.Match(event)
	}
	b.ReportAllocs()
	next := 0
	for b.Loop() {
		session.Match(events[next])
		if next++; next == len(events) {
			next = 0
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// One goroutine, all public rules, events in memory.
func BenchmarkMatch(b *testing.B) {
	events := sharedMatcherEvents(b)
	matcher := Compile(publicRules(b), defaultTaxonomy(b))
	b.Run("all", func(b *testing.B) { matchAll(b, matcher, events) })
	b.Run("process starts", func(b *testing.B) { matchAll(b, matcher, sysmonStarts(events)) })
	b.Run("no rule", func(b *testing.B) {
		matchAll(b, matcher, []*row{{
			schema: &rowSchema{LogSource{Product: "windows"}, []string{"Channel", "EventID"}},
			cells:  []cell{{"Key Management Service", Present}, {"12290", Present}},
		}})
	})
}

// The cost of an event must grow far slower than the number of rules.
func BenchmarkRules(b *testing.B) {
	events := sysmonStarts(sharedMatcherEvents(b))
	rules := windowsRules(publicRules(b))
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
	for _, count := range []int{500, 1000, 2000, len(rules)} {
		matcher := Compile(rules[:min(count, len(rules))], defaultTaxonomy(b))
		b.Run(fmt.Sprint(count), func(b *testing.B) { matchAll(b, matcher, events) })
	}
}

// Compiling, and building the buckets that the events ask for.
func BenchmarkCompile(b *testing.B) {
	rules, taxonomy := publicRules(b), defaultTaxonomy(b)
	b.Run("compile", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Compile(rules, taxonomy)
		}
	})
	seen := map[string]*row{}
	for _, event := range sharedMatcherEvents(b) {
		seen[event.text("Channel")+" "+event.text("EventID")] = event
	}
	b.Run("compile and buckets", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			session := Compile(rules, taxonomy).NewSession()
			for _, event := range seen {
				session.Match(event)
			}
		}
		b.ReportMetric(float64(len(seen)), "buckets")
	})
}
