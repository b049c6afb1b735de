package source

import (
	"context"
	"os"
)

// openFile opens a file on disk. A pipe may have no writer for a long time;
// opening it is given up when the context is done.
func openFile(ctx context.Context, found foundFile) (*os.File, error) {
	if !found.stream {
		return os.Open(found.name)
	}
	type opened struct {
		file *os.File
		err  error
	}
	done := make(chan opened, 1)
	go func() {
		file, err := os.Open(found.name)
		done <- opened{file, err}
	}()
	select {
	case got := <-done:
		return got.file, got.err
	case <-ctx.Done():
		go func() { // which ends with the program, if no writer comes
			if got := <-done; got.err == nil {
				got.file.Close()
			}
		}()
		return nil, context.Cause(ctx)
	}
}
