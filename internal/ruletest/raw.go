package ruletest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kulla-defence/kulla/internal/evtxwriter"
	"github.com/kulla-defence/kulla/internal/logwriter"
	"github.com/kulla-defence/kulla/sigma"
)

// A rawFormat writes one event as a whole log.
type rawFormat struct {
	name  string
	write func(r row) ([]byte, error)
}

// rawFormatOf is how the events of a route are recorded; nil where nothing
// here writes them.
func rawFormatOf(route *sigma.Route) *rawFormat {
	s := route.LogSource
	switch {
	case s.Product == "windows" && s.Category == "" && s.Service == "":
		return &rawFormat{"evtx", writeEVTX}
	case s.Category == "webserver" && s.Product == "" && s.Service == "":
		return &rawFormat{"w3c", writeW3C}
	case s.Product == "zeek" && s.Service != "":
		return &rawFormat{"zeek", func(r row) ([]byte, error) { return writeZeek(s.Service, r) }}
	}
	return nil
}

// writeEVTX writes columns of the System section there, and the others as
// data.
func writeEVTX(r row) ([]byte, error) {
	e := evtxwriter.Event{Provider: "Kulla-SelfTest", Channel: "Application", Computer: "host.example.test", Time: Epoch}
	for _, field := range r {
		if !utf8.ValidString(field.Text) || strings.ContainsRune(field.Text, 0) {
			return nil, fmt.Errorf("%s cannot hold %q", field.Name, field.Text)
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
			err = fmt.Errorf("%s cannot hold %q", field.Name, field.Text)
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

// w3cColumns are those that IIS 10 writes by default, and the referrer.
var w3cColumns = []string{"date", "time", "s-ip", "cs-method", "cs-uri-stem", "cs-uri-query", "s-port", "cs-username", "c-ip",
	"cs(User-Agent)", "cs(Referer)", "sc-status", "sc-substatus", "sc-win32-status", "time-taken"}

// writeW3C writes what a rule asks for as IIS would. IIS logs the path and the
// query apart; a rule sees them together too.
func writeW3C(r row) ([]byte, error) {
	log := &logwriter.W3C{Software: "Microsoft Internet Information Services 10.0", Fields: w3cColumns}
	fields := []logwriter.Field{{Name: "cs-method", Value: "GET"}, {Name: "cs-uri-stem", Value: "/"}}
	at := Epoch
	set := func(name, value string) {
		fields = slices.DeleteFunc(fields, func(f logwriter.Field) bool { return f.Name == name })
		fields = append(fields, logwriter.Field{Name: name, Value: value})
	}
	for _, field := range r {
		if strings.ContainsAny(field.Text, " \t\r\n") || field.Text == "" {
			return nil, fmt.Errorf("%s cannot hold %q", field.Name, field.Text)
		}
		switch field.Name {
		case "cs-user-agent":
			set("cs(User-Agent)", field.Text)
		case "cs-referer":
			set("cs(Referer)", field.Text)
		case keywordColumn:
			set("cs(Referer)", field.Text)
		case "time":
			clock, err := time.Parse(time.TimeOnly, field.Text)
			if err != nil {
				return nil, fmt.Errorf("%s cannot hold %q", field.Name, field.Text)
			}
			at = at.Add(clock.Sub(clock.Truncate(24 * time.Hour)))
		default:
			if !slices.Contains(w3cColumns, field.Name) {
				return nil, fmt.Errorf("has no column %s", field.Name)
			}
			set(field.Name, field.Text)
		}
	}
	return log.AppendLine(log.AppendHeader(nil, at), at, fields...), nil
}

func writeZeek(path string, r row) ([]byte, error) {
	log := &logwriter.Zeek{Path: path, Fields: []string{"ts"}, Types: []string{"time"}}
	var fields []logwriter.Field
	for _, field := range r {
		if field.Null || slices.Contains(log.Fields, field.Name) {
			return nil, errors.New("a column has one value")
		}
		log.Fields, log.Types = append(log.Fields, field.Name), append(log.Types, "string")
		fields = append(fields, logwriter.Field{Name: field.Name, Value: field.Text})
	}
	return log.AppendLine(log.AppendHeader(nil, Epoch), Epoch, fields...), nil
}
