package casereport

import (
	"strings"
)

// An unseenView is one kind of what could not be seen.
type unseenView struct {
	// Key is that of its message; empty where What is all there is.
	Key, What string
	Count     int64
	Rows      []Unseen
	More      int
}

const maxUnseenRows = 150

// unseenKinds are what internal/report calls the kinds.
var unseenKinds = map[string]string{
	"evidence altered": "unseen.altered", "evidence not read": "unseen.unread", "evidence damaged": "unseen.damaged", "log cleared": "unseen.cleared", "records missing": "unseen.missing", "times": "unseen.times",
	"rules not loaded": "unseen.rules", "correlations": "unseen.correlations", "rules that could not have fired": "unseen.blind",
	"clocks not compared": "unseen.clocks",
	"entities":            "unseen.entities",
}

// Blindness groups what could not be seen by kind, in the order of importance.
func (p *page) Blindness() []*unseenView {
	byWhat := map[string]*unseenView{}
	var views []*unseenView
	for _, one := range p.Unseen {
		v := byWhat[one.What]
		if v == nil {
			v = &unseenView{Key: unseenKinds[strings.ToLower(one.What)], What: one.What}
			byWhat[one.What] = v
			views = append(views, v)
		}
		v.Count += max(one.Count, 1)
		if len(v.Rows) < maxUnseenRows {
			v.Rows = append(v.Rows, one)
		} else {
			v.More++
		}
	}
	return views
}
