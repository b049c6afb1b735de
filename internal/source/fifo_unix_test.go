//go:build unix

package source_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/source"
)

// A pipe that nobody writes to does not keep an interrupted reading: opening it
// would wait for a writer for ever.
func TestInterruptWhileAPipeIsOpened(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	type outcome struct {
		register *source.Register
		err      error
	}
	done := make(chan outcome, 1)
	go func() {
		register, err := source.Read(ctx, []string{pipe}, func(int) source.Sink { return nil }, source.Options{})
		done <- outcome{register, err}
	}()
	select {
	case got := <-done:
		if !errors.Is(got.err, context.DeadlineExceeded) || !slices.Equal(got.register.NotBegun, []string{pipe}) {
			t.Errorf("error %v, not begun %q", got.err, got.register.NotBegun)
		}
	case <-time.After(time.Minute):
		t.Fatal("the reading still waits for the pipe")
	}
}
