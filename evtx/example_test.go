package evtx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/kulla-defence/kulla/evtx"
)

// sample is a log of two chunks; in the first, one record of three is damaged.
func sample() []byte {
	return file(spoiled(events(3), 512, 0), events(2))
}

func Example() {
	log := sample()
	f, err := evtx.Open(bytes.NewReader(log), int64(len(log)))
	if err != nil {
		fmt.Println(err)
		return
	}
	var value []byte
	for r, err := range f.Records(context.Background(), evtx.Options{Workers: 2}) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		image := r.Layout().Index("Image")
		value, _ = r.AppendValue(value[:0], image)
		fmt.Printf("record %d at %d: Image=%s\n", r.ID, r.Offset, value)
	}
	// Output:
	// evtx: chunk 0: offset 4608: no record where one should be
	// record 2 at 5544: Image=image 1
	// record 3 at 6480: Image=image 2
	// record 1 at 70144: Image=image 0
	// record 2 at 71080: Image=image 1
}

// A stream is cut into chunks by the caller. The work that depends on the shape
// of a record, here to find a column, is done once for each layout.
func ExampleDecoder() {
	log := sample()
	header, err := evtx.ParseFileHeader(log)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("dirty:", header.Dirty)
	columns := map[*evtx.Layout]int{}
	d := evtx.NewDecoder(new(evtx.Cache))
	var value []byte
	for at, i := evtx.FileHeaderSize, 0; at < len(log); at, i = at+evtx.ChunkSize, i+1 {
		d.Reset(log[at:min(at+evtx.ChunkSize, len(log))], i, int64(at))
		for d.Next() {
			r := d.Record()
			column, ok := columns[r.Layout()]
			if !ok {
				column = r.Layout().Index("Image")
				columns[r.Layout()] = column
			}
			value, _ = r.AppendValue(value[:0], column)
			fmt.Printf("%s ", value)
		}
		fmt.Println("problems:", len(d.Errors()))
	}
	fmt.Println("layouts:", len(columns))
	// Output:
	// dirty: false
	// image 1 image 2 problems: 1
	// image 0 image 1 problems: 0
	// layouts: 1
}

func ExampleRecord_AppendXML() {
	d := evtx.NewDecoder(nil)
	d.Reset(events(1), 0, evtx.FileHeaderSize)
	for d.Next() {
		fmt.Printf("%s\n", d.Record().AppendXML(nil))
	}
	// Output:
	// <Event xmlns='urn:x'><System><Provider Name='Maker'/><EventID>4242</EventID><TimeCreated SystemTime='2022-06-18T04:26:40.0000001Z'/><Channel>Test/Operational</Channel><Computer>HOST</Computer></System><EventData><Data Name='Image'>image 0</Data><Data Name='Empty'></Data></EventData></Event>
}

func ExampleCorruptError() {
	d := evtx.NewDecoder(nil)
	d.Reset(spoiled(events(3), 516, 1), 7, 462848)
	for d.Next() {
	}
	for _, e := range d.Errors() {
		fmt.Println(e)
		fmt.Println("lost bytes:", e.Size, "impossible size:", errors.Is(e, evtx.ErrRecordSize))
	}
	// Output:
	// evtx: chunk 7: record 1 at offset 463360: impossible record size: its two sizes differ: truncated: values of the template instance at chunk offset 540
	// lost bytes: 936 impossible size: true
}
