// Package evtxwriter writes Windows event logs (EVTX), for tests and for
// sample evidence. What it writes is a valid file that other readers open as
// well: file header, chunks of 64 KiB with both checksums, the tables of names
// and templates, and records whose BinXML has the form Windows gives it, an
// instance of the System template with an instance of the EventData template
// nested in it, each template defined where the chunk first uses it.
//
// The same events always make the same bytes. Options and Event.Plain ask for
// the rarer forms a reader must cope with. The package does not read EVTX and
// does not write damaged files: a test that needs one damages a good one.
//
// Sources: Microsoft [MS-EVEN6] section 2.2.12 for BinXML; the libevtx project,
// "Windows XML Event Log (EVTX) format", for the file; and logs of Windows 10
// and Server 2022 where the two leave something open.
//
// Begin with Writer and Event.
package evtxwriter
