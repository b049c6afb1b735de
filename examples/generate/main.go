// Command generate writes the sample evidence, examples/evidence.zip: event
// logs of six machines that never were, with the Windows traces which the
// public record of the 2022 intrusion in Albania describes, inside ordinary
// traffic. All of it is invented, except the few file names, account names and
// hashes that the record itself gives; nothing in it can be run.
//
//	go run ./examples/generate -o examples
//
// Each stage of the intrusion is a file stage_*.go, in the order of time, and
// ordinary.go is what happens anyway. The same code always makes the same
// evidence. Begin with tell, in story.go.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	folder := flag.String("o", ".", "`DIR`ectory to write evidence.zip to")
	flag.Parse()
	if err := write(filepath.Join(*folder, "evidence.zip")); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func write(name string) error {
	members, err := tell().members()
	if err != nil {
		return err
	}
	archive, err := pack(members)
	if err != nil {
		return err
	}
	return os.WriteFile(name, archive, 0o644)
}
