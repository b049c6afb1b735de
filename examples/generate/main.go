// Command generate writes the sample evidence, examples/evidence.zip: the logs
// of nine machines that never were, with the traces which the public record of
// the 2022 intrusion in Albania describes, inside ordinary traffic. All of it
// is invented, except the few file names, account names and hashes that the
// record itself gives; nothing in it can be run.
//
//	go run ./examples/generate -o examples/evidence.zip
//
// With more desks, more days and busier ones, the same story lies in evidence
// of any size, for measurements:
//
//	go run ./examples/generate -o /tmp/evidence --hosts 40 --days 400 --busy 20
//
// Each stage of the intrusion is a file stage_*.go, in the order of time;
// ordinary.go is what happens anyway. The same flags always make the same
// evidence. Begin with tell, in story.go.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	name := flag.String("o", "evidence.zip", "`PATH` to write to: an archive if it ends in .zip, else a folder")
	size := scale{}
	flag.IntVar(&size.desks, "hosts", 2, "number of `DESKS`")
	flag.IntVar(&size.days, "days", len(ordinaryDays), "number of ordinary `DAYS`, spread over the fourteen months")
	flag.IntVar(&size.busy, "busy", 1, "how many `TIMES` as much happens on an ordinary day")
	flag.Parse()
	if err := write(*name, size); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func write(name string, size scale) error {
	if err := size.check(); err != nil {
		return err
	}
	out, err := create(name)
	if err != nil {
		return err
	}
	if err := tell(size).write(out, size); err != nil {
		return err
	}
	return out.close()
}
