package store

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

const million = 1_000_000

// BenchmarkPutFindings writes a million findings: MB/s is of their JSON.
func BenchmarkPutFindings(b *testing.B) {
	for b.Loop() {
		c, path := newCase(b)
		must[int64](b)(c.PutFindings(samples(0, million), digests))
		check(b, c.Commit())
		check(b, c.Close())
		info, err := os.Stat(path)
		check(b, err)
		b.ReportMetric(float64(info.Size())/(1<<20), "MB/case")
	}
	b.ReportMetric(float64(million*b.N)/b.Elapsed().Seconds(), "findings/s")
}

// BenchmarkOpenMillion opens a case of a million findings, and looks at one.
func BenchmarkOpenMillion(b *testing.B) {
	c, path := newCase(b)
	must[int64](b)(c.PutFindings(samples(0, million), digests))
	check(b, c.Commit())
	check(b, c.Close())
	for b.Loop() {
		c, err := Open(context.Background(), path, Options{ReadOnly: true})
		check(b, err)
		must[*Finding](b)(c.Finding(million / 2))
		check(b, c.Close())
	}
}

// BenchmarkFindings reads all findings of a case in order of time.
func BenchmarkFindings(b *testing.B) {
	c, err := Open(context.Background(), filepath.Join(b.TempDir(), "x"), Options{Create: true})
	check(b, err)
	defer c.Close()
	const count = 100_000
	must[int64](b)(c.PutFindings(samples(0, count), digests))
	check(b, c.Commit())
	for b.Loop() {
		for _, err := range c.Findings(Filter{}) {
			check(b, err)
		}
	}
	b.ReportMetric(float64(count*b.N)/b.Elapsed().Seconds(), "findings/s")
}
