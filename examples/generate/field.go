package main

import "github.com/kulla-defence/kulla/internal/evtxwriter"

// Fields of events, by the type their provider gives them.

func text(name, value string) evtxwriter.Field {
	return evtxwriter.Field{Name: name, Value: evtxwriter.String(value)}
}

func sid(name, value string) evtxwriter.Field {
	return evtxwriter.Field{Name: name, Value: evtxwriter.SID(value)}
}

func identifier(name, guid string) evtxwriter.Field {
	return evtxwriter.Field{Name: name, Value: evtxwriter.GUID(guid)}
}

func integer(name string, value uint32) evtxwriter.Field {
	return evtxwriter.Field{Name: name, Value: evtxwriter.Uint32(value)}
}

func hex(name string, value uint64) evtxwriter.Field {
	return evtxwriter.Field{Name: name, Value: evtxwriter.Hex64(value)}
}

func truth(name string, value bool) evtxwriter.Field {
	return evtxwriter.Field{Name: name, Value: evtxwriter.Bool(value)}
}

// pointer is a process identifier as the Security log has it, in hexadecimal.
func pointer(name string, process uint32) evtxwriter.Field {
	return evtxwriter.Field{Name: name, Value: evtxwriter.Pointer(uint64(process))}
}
