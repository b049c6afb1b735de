package auditd

// A joiner tells which records belong together: those of one id that are not
// far apart. The splitter and the parsers follow the same rule, so that a cut
// between blocks changes nothing.
type joiner struct{ open []openEvent }

// An openEvent is one that may get more records.
type openEvent struct {
	id id
	// first and last are the numbers of lines.
	first, last int64
	// number is the caller's.
	number  int
	records int
	bytes   int
}

// The bounds of one event. Records of an id come together, apart from those
// that other processors write at the same time.
const (
	maxDistance = 128 // lines between two records
	maxRecords  = 1024
	maxBytes    = 1 << 20
)

// place returns the event that the record on a line belongs to, which is a new
// one unless joined is set.
func (j *joiner) place(id id, line int64, size int) (event *openEvent, joined bool) {
	for i := len(j.open) - 1; i >= 0; i-- {
		e := &j.open[i]
		if e.id != id || line-e.last > maxDistance {
			continue
		}
		if e.records >= maxRecords || e.bytes+size > maxBytes {
			break
		}
		e.last = line
		e.records++
		e.bytes += size
		return e, true
	}
	if len(j.open) >= 2*maxDistance {
		j.forget(line)
	}
	j.open = append(j.open, openEvent{id: id, first: line, last: line, records: 1, bytes: size})
	return &j.open[len(j.open)-1], false
}

// forget drops what is too far back to get more records.
func (j *joiner) forget(line int64) {
	kept := j.open[:0]
	for _, e := range j.open {
		if line-e.last <= maxDistance {
			kept = append(kept, e)
		}
	}
	j.open = kept
}
