package evtxwriter

import "time"

// An Event is one record. Zero fields are written as Windows writes them:
// left out, or 0.
type Event struct {
	Provider string
	// GUID of the provider, with or without braces; classic sources have none.
	GUID       string
	EventID    uint16
	Qualifiers *uint16 // classic sources only
	Version    uint8
	Level      uint8
	Task       uint16
	Opcode     uint8
	Keywords   uint64
	Time       time.Time
	// RecordID is the record's number; 0 is one more than the last.
	RecordID          uint64
	ActivityID        string
	RelatedActivityID string
	PID, TID          uint32
	Channel           string
	Computer          string
	UserSID           string
	// Data becomes the EventData element.
	Data []Field
	// UserData becomes the only child of the UserData element, in place of Data.
	UserData *Element
	// Plain writes the record without templates, all values as text, as tools
	// that export part of a log do.
	Plain bool
}

// A Field is a Data element of EventData. Without a name it has no Name
// attribute, as in events of classic sources.
type Field struct {
	Name  string
	Value Value
}

const namespace = Text("http://schemas.microsoft.com/win/2004/08/events/event")

// Slots of the System template, as the event service of Windows 10 has them.
const (
	levelSlot = iota
	opcodeSlot
	taskSlot
	eventIDSlot
	qualifiersSlot
	keywordsSlot
	timeSlot
	activitySlot
	processSlot
	threadSlot
	recordIDSlot
	versionSlot
	userSlot
	relatedActivitySlot
	providerSlot
	providerGUIDSlot
	channelSlot
	contentSlot
)

// root is the Event element. The computer is literal text in it, as Windows
// has it; all else are values.
func (e *Event) root(id uint64) *Element {
	system := &Element{Name: "System", Children: []Node{
		&Element{Name: "Provider", Attributes: []Attribute{
			{"Name", optional(providerSlot, unterminated(e.Provider))},
			{"Guid", optional(providerGUIDSlot, guidOrNull(e.GUID))},
		}},
		&Element{Name: "EventID",
			Attributes: []Attribute{{"Qualifiers", optional(qualifiersSlot, e.qualifiers())}},
			Children:   []Node{optional(eventIDSlot, Uint16(e.EventID))}},
		single("Version", optional(versionSlot, Uint8(e.Version))),
		single("Level", optional(levelSlot, Uint8(e.Level))),
		single("Task", optional(taskSlot, Uint16(e.Task))),
		single("Opcode", optional(opcodeSlot, Uint8(e.Opcode))),
		single("Keywords", optional(keywordsSlot, Hex64(e.Keywords))),
		&Element{Name: "TimeCreated", Attributes: []Attribute{{"SystemTime", optional(timeSlot, FileTime(e.Time))}}},
		single("EventRecordID", optional(recordIDSlot, Uint64(id))),
		&Element{Name: "Correlation", Attributes: []Attribute{
			{"ActivityID", optional(activitySlot, guidOrNull(e.ActivityID))},
			{"RelatedActivityID", optional(relatedActivitySlot, guidOrNull(e.RelatedActivityID))},
		}},
		&Element{Name: "Execution", Attributes: []Attribute{
			{"ProcessID", optional(processSlot, Uint32(e.PID))},
			{"ThreadID", optional(threadSlot, Uint32(e.TID))},
		}},
		single("Channel", optional(channelSlot, unterminated(e.Channel))),
		single("Computer", Text(e.Computer)),
		&Element{Name: "Security", Attributes: []Attribute{{"UserID", optional(userSlot, sidOrNull(e.UserSID))}}},
	}}
	root := &Element{Name: "Event", Attributes: []Attribute{{"xmlns", namespace}}, Children: []Node{system}}
	if content := e.content(); content != nil {
		root.Children = append(root.Children, optional(contentSlot, BinXML(content)))
	}
	if e.Plain {
		return withoutNulls(root)
	}
	return root
}

func (e *Event) content() *Element {
	if e.UserData != nil {
		return &Element{Name: "UserData", Children: []Node{e.UserData}}
	}
	if len(e.Data) == 0 {
		return nil
	}
	data := &Element{Name: "EventData"}
	for _, field := range e.Data {
		element := single("Data", field.Value)
		if field.Name != "" {
			element.Attributes = []Attribute{{"Name", Text(field.Name)}}
		}
		data.Children = append(data.Children, element)
	}
	return data
}

func (e *Event) qualifiers() Value {
	if e.Qualifiers == nil {
		return typedNull(uint16Type)
	}
	return Uint16(*e.Qualifiers)
}

func single(name string, content Node) *Element {
	return &Element{Name: name, Children: []Node{content}}
}

func optional(slot int, v Value) substitution {
	return substitution{Value: v, slot: slot, optional: true}
}

func guidOrNull(s string) Value {
	if s == "" {
		return typedNull(guidType)
	}
	return GUID(s)
}

func sidOrNull(s string) Value {
	if s == "" {
		return typedNull(sidType)
	}
	return SID(s)
}

// withoutNulls leaves out the attributes that have no value, as rendering the
// template would.
func withoutNulls(e *Element) *Element {
	kept := &Element{Name: e.Name}
	for _, attribute := range e.Attributes {
		if s, ok := attribute.Value.(substitution); !ok || s.kind != nullType {
			kept.Attributes = append(kept.Attributes, attribute)
		}
	}
	for _, child := range e.Children {
		if element, ok := child.(*Element); ok {
			child = withoutNulls(element)
		}
		kept.Children = append(kept.Children, child)
	}
	return kept
}
