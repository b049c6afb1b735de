// Package evtx reads Windows event log files (EVTX): bytes in, records out.
//
// # A tour
//
// A file is a header and chunks of 64 KiB, each of which can be read by itself.
// Open takes a whole file as an io.ReaderAt; File.Records gives its records in
// the order of the file while several chunks are decoded at once. Who has a
// stream instead cuts it into chunks himself, after ParseFileHeader, and gives
// each to a Decoder. There may be one Decoder for each goroutine; they share a
// Cache of what they learn about templates.
//
//	f, err := evtx.Open(r, size)
//	for record, err := range f.Records(ctx, evtx.Options{Workers: 4}) {
//
// A Record is lazy. Reading one finds where its values are and what shape it
// has; no text is made. The shape is a Layout: the names of the columns, the
// same pointer for all records made from the same templates, so that work which
// depends on the shape is done once. Record.AppendValue makes the text of one
// column, Record.AppendJSON and Record.AppendXML that of the whole.
//
// # Corrupt files
//
// Evidence is damaged, cut short, copied while it was written, or crafted.
// Nothing of that ends the reading: each place that could not be read is a
// *CorruptError with chunk, record and offset, and the reading goes on at the
// next record. Options.Verify compares checksums, Options.Carve looks for
// records in what the log no longer counts.
//
// # What it is not
//
// The package renders no messages: the texts that the Event Viewer shows live
// in the message files of the providers, not in the log. It writes no files.
//
// docs/formats/evtx.md draws the format byte by byte.
package evtx
