package ruletest

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kulla-defence/kulla/internal/evtxwriter"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/sigma"
)

// A rawFormat writes one event as a whole log.
type rawFormat struct {
	name  string
	write func(r row) ([]byte, error)
	// given is what the user has to say of such a log.
	given source.Given
}

// rawFormatsOf are the ways in which the events of a route are recorded, best
// first; none where no reader says of an event that it is of this log source.
func rawFormatsOf(route *sigma.Route) []rawFormat {
	s := route.LogSource
	if base, ok := jsonRecords[s.Product+"/"+s.Service]; ok && s.Category == "" {
		return []rawFormat{{name: "json", write: func(r row) ([]byte, error) { return writeJSON(r, base) }}}
	}
	switch {
	case s.Product == "windows" && s.Category == "" && s.Service == "":
		return []rawFormat{{name: "evtx", write: writeEVTX}}
	case s.Product == "zeek" && s.Service != "":
		return []rawFormat{{name: "zeek", write: func(r row) ([]byte, error) { return writeZeek(s.Service, r) }}}
	case s.Product == "exchange":
		return exchangeFormats(s.Service)
	case s.Product == "linux" && s.Category == "":
		return linuxFormats(s.Service)
	case s.Product == "" && s.Service == "":
		return categoryFormats(s.Category)
	case s.Category == "":
		return applianceFormats(s.Product, s.Service)
	}
	return nil
}

// categoryFormats are logs that are known by what they are of, whatever wrote
// them.
func categoryFormats(category string) []rawFormat {
	switch category {
	case "webserver":
		return []rawFormat{{name: "w3c", write: writeIIS}, {name: "access log", write: writeAccess}}
	case "proxy":
		return []rawFormat{{name: "w3c", write: writeProxy}}
	case "vpn":
		return []rawFormat{{name: "fortios", write: writeFortiOS(fortiVPN)}}
	case "firewall":
		return []rawFormat{{name: "cef", write: writeCEF}}
	}
	return nil
}

// givenFormat is for events of which no reader knows the log source: as JSON,
// and the user says it.
func givenFormat(s sigma.LogSource) rawFormat {
	return rawFormat{name: "json, with --log-source", write: func(r row) ([]byte, error) { return writeJSON(r, nil) },
		given: source.Given{Product: s.Product, Category: s.Category, Service: s.Service}}
}

// cannotHold says that a format has no way to write a value.
func cannotHold(field Field) error { return fmt.Errorf("%s cannot hold %q", field.Name, field.Text) }

// noColumn says that a format has no such column.
func noColumn(name string) error { return fmt.Errorf("has no column %s", name) }

// isOneLine says whether a text can stand in a line as it is.
func isOneLine(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) < 0
}

// writeEVTX writes columns of the System section there, and the others as
// data.
func writeEVTX(r row) ([]byte, error) {
	e := evtxwriter.Event{Provider: "Kulla-SelfTest", Channel: "Application", Computer: "host.example.test", Time: Epoch}
	for _, field := range r {
		if !utf8.ValidString(field.Text) || strings.ContainsRune(field.Text, 0) {
			return nil, cannotHold(field)
		}
		inSystem, err := setSystem(&e, field)
		if err != nil {
			return nil, err
		}
		if !inSystem {
			value := evtxwriter.String(field.Text)
			if field.Null {
				value = evtxwriter.Null()
			}
			e.Data = append(e.Data, evtxwriter.Field{Name: field.Name, Value: value})
		}
	}
	return evtxwriter.Encode(evtxwriter.Options{}, e)
}

func setSystem(e *evtxwriter.Event, field Field) (inSystem bool, err error) {
	number := func(bits int) uint64 {
		n, wrong := strconv.ParseUint(field.Text, 0, bits)
		if wrong != nil {
			err = cannotHold(field)
		}
		return n
	}
	switch field.Name {
	case "Channel":
		e.Channel = field.Text
	case "Provider_Name":
		e.Provider = field.Text
	case "Computer":
		e.Computer = field.Text
	case "EventID":
		e.EventID = uint16(number(16))
	case "Version":
		e.Version = uint8(number(8))
	case "Level":
		e.Level = uint8(number(8))
	case "Opcode":
		e.Opcode = uint8(number(8))
	case "Task":
		e.Task = uint16(number(16))
	case "Keywords":
		e.Keywords = number(64)
	case "Execution_ProcessID":
		e.PID = uint32(number(32))
	case "Execution_ThreadID":
		e.TID = uint32(number(32))
	case "EventRecordID":
		e.RecordID = number(64)
	default:
		return false, nil
	}
	return true, err
}
