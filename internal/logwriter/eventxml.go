package logwriter

import (
	"encoding/xml"
	"strconv"
	"strings"
	"time"
)

// EventXML is an event as XML in one line, as Sysmon for Linux sends it in the
// message of a Syslog.
type EventXML struct {
	Provider, Channel, Computer string
	ID                          uint16
	Time                        time.Time
	Data                        []Field
}

// String is the event as XML.
func (e *EventXML) String() string {
	var text strings.Builder
	text.WriteString(`<Event><System><Provider Name="` + xmlText(e.Provider) + `"/><EventID>` + strconv.Itoa(int(e.ID)) + `</EventID><TimeCreated SystemTime="` +
		e.Time.UTC().Format("2006-01-02T15:04:05.000000000Z") + `"/><Channel>` + xmlText(e.Channel) + `</Channel><Computer>` + xmlText(e.Computer) +
		`</Computer></System><EventData>`)
	for _, field := range e.Data {
		text.WriteString(`<Data Name="` + xmlText(field.Name) + `">` + xmlText(field.Value) + `</Data>`)
	}
	text.WriteString(`</EventData></Event>`)
	return text.String()
}

func xmlText(value string) string {
	var text strings.Builder
	_ = xml.EscapeText(&text, []byte(value)) // a Builder does not fail
	return text.String()
}
