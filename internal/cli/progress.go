package cli

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/source"
)

// A meter shows how far reading is: on a terminal one line that is rewritten,
// elsewhere a plain line now and then.
type meter struct {
	out      io.Writer
	terminal bool
	width    int
	now      func() time.Time
	start    time.Time
	progress *source.Progress
	// findings, when not nil, is how many events matched so far.
	findings func() int64
}

const (
	terminalInterval = 200 * time.Millisecond
	plainInterval    = 30 * time.Second
)

// run shows progress until the returned function is called, which removes the
// line again.
func (m *meter) run(ctx context.Context) (stop func()) {
	interval := plainInterval
	if m.terminal {
		interval = terminalInterval
	}
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				m.show()
			}
		}
	})
	return func() {
		cancel()
		done.Wait()
		if m.terminal {
			fmt.Fprint(m.out, "\r\x1b[K")
		}
	}
}

func (m *meter) show() {
	line := m.line()
	if m.terminal {
		if runes := []rune(line); len(runes) >= m.width {
			line = string(runes[:max(m.width-1, 0)])
		}
		fmt.Fprintf(m.out, "\r%s\x1b[K", line)
		return
	}
	fmt.Fprintf(m.out, "kulla: %s\n", line)
}

// line is "12 of 194 files · 1.2 GB · 950 MB/s · 1,234,567 records · 42 matches · 12 s left".
func (m *meter) line() string {
	read, total := m.progress.BytesRead.Load(), m.progress.BytesTotal.Load()
	elapsed := m.now().Sub(m.start)
	line := fmt.Sprintf("%s of %s files · %s · %s/s · %s records",
		report.Thousands(m.progress.FilesDone.Load()), report.Thousands(m.progress.FilesTotal.Load()),
		size(read), size(perSecond(read, elapsed)), report.Thousands(m.progress.Records.Load()))
	if m.findings != nil {
		line += fmt.Sprintf(" · %s matches", report.Thousands(m.findings()))
	}
	if left, ok := timeLeft(read, total, elapsed); ok {
		line += fmt.Sprintf(" · %s left", left)
	}
	return line
}

// timeLeft says how long the rest will take at the speed so far.
func timeLeft(read, total int64, elapsed time.Duration) (time.Duration, bool) {
	if read <= 0 || total <= read || elapsed < time.Second {
		return 0, false
	}
	left := time.Duration(float64(elapsed) * float64(total-read) / float64(read))
	return left.Round(time.Second), true
}

func perSecond(n int64, elapsed time.Duration) int64 {
	if elapsed <= 0 {
		return 0
	}
	return int64(float64(n) / elapsed.Seconds())
}

// size writes a number of bytes in decimal units: 1.2 GB.
func size(n int64) string {
	const units = "kMGTPE"
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1000, 0
	for value >= 999.95 && unit < len(units)-1 {
		value, unit = value/1000, unit+1
	}
	return fmt.Sprintf("%.1f %cB", value, units[unit])
}
