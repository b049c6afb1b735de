// Command generate writes the sample evidence, examples/evidence.zip: the logs
// of nine machines that never were, with the traces which the public record of
// the 2022 intrusion in Albania describes, inside ordinary traffic. All of it
// is invented, except the few file names, account names and hashes that the
// record itself gives; nothing in it can be run.
//
//	go run ./examples/generate -o examples/evidence.zip
//
// The same network has two other stories (variant.go), each in a small archive
// of its own:
//
//	go run ./examples/generate --variant false-flag -o examples/false-flag.zip
//	go run ./examples/generate --variant unknown -o examples/unknown.zip
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
	chosen := flag.String("variant", "", "tell another `STORY`: false-flag or unknown")
	size := scale{}
	flag.IntVar(&size.desks, "hosts", sample.desks, "number of `DESKS`")
	flag.IntVar(&size.days, "days", sample.days, "number of ordinary `DAYS`, spread over the fourteen months")
	flag.IntVar(&size.busy, "busy", sample.busy, "how many `TIMES` as much happens on an ordinary day")
	flag.Parse()
	if err := write(*name, *chosen, size); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func write(name, chosen string, size scale) error {
	v, err := parseVariant(chosen)
	if err != nil {
		return err
	}
	if v != ofRecord && size == sample {
		size = brief
	}
	if err := size.check(); err != nil {
		return err
	}
	out, err := create(name)
	if err != nil {
		return err
	}
	if err := v.tell(size).write(out, size); err != nil {
		return err
	}
	return out.close()
}
