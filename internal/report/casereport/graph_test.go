package casereport

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
)

func use(kind entity.Kind, name string, count int64) incident.EntityUse {
	return incident.EntityUse{Entity: entity.Entity{Key: entity.Key(string(kind) + ":" + name), Kind: kind, Name: name}, Count: count, Weight: 1}
}

func labels(g *graphView, kind entity.Kind) []string {
	var all []string
	for _, n := range g.Nodes {
		if n.Kind == kind {
			all = append(all, n.Label)
		}
	}
	return all
}

// The intruder's address is shown before any that was only scanned, and the
// processes of one program are one.
func TestGraphShowsTheIntruder(t *testing.T) {
	t.Parallel()
	one := &incident.Incident{Level: "critical", Entities: []incident.EntityUse{use(entity.Host, "VPN01", 1), use(entity.Address, "203.0.113.151", 1)}}
	link := func(from, to, kind string) {
		one.Links = append(one.Links, incident.Link{From: entity.Key(from), To: entity.Key(to), Kind: kind})
	}
	link("address:203.0.113.151", "host:VPN01", "logged_on")
	for i := range 80 {
		address := fmt.Sprintf("10.10.2.%d", i)
		one.Entities = append(one.Entities, use(entity.Address, address, 100))
		if i > 0 {
			link("address:10.10.2.0", "address:"+address, "connected")
		}
	}
	for i := range 5 {
		shell := use(entity.Process, `C:\Windows\System32\cmd.exe`, 1)
		shell.Key = entity.Key(fmt.Sprintf("process:%d", i))
		one.Entities = append(one.Entities, shell, use(entity.File, fmt.Sprintf(`C:\Share\report-%03d.docx.lck`, i), 1))
		link(string(shell.Key), fmt.Sprintf(`file:C:\Share\report-%03d.docx.lck`, i), "wrote")
	}
	g := newGraph([]*incident.Incident{one}, newHostNames(&Document{Incidents: []*incident.Incident{one}}))
	if got := labels(g, entity.Address); len(got) > maxInColumn || !slices.Contains(got, "203.0.113.151") || !strings.HasPrefix(got[len(got)-1], "+ ") {
		t.Errorf("addresses: %v", got)
	}
	if got := labels(g, entity.Process); !slices.Equal(got, []string{"cmd.exe ×5"}) {
		t.Errorf("programs: %v", got)
	}
	if got := labels(g, entity.File); !slices.Equal(got, []string{"report-….docx.lck ×5"}) {
		t.Errorf("files: %v", got)
	}
	if len(g.Edges) < 3 {
		t.Errorf("%d links", len(g.Edges))
	}
}

// What stands alone is counted where others are linked.
func TestGraphLeavesOutWhatStandsAlone(t *testing.T) {
	t.Parallel()
	one := &incident.Incident{Level: "high", Entities: []incident.EntityUse{use(entity.Host, "WEB01", 1), use(entity.Account, "ana", 1), use(entity.Account, "alone", 50)},
		Links: []incident.Link{{From: "account:ana", To: "host:WEB01", Kind: "logged_on"}}}
	if got := labels(newGraph([]*incident.Incident{one}, hostNames{}), entity.Account); !slices.Equal(got, []string{"ana", "+ 1"}) {
		t.Errorf("accounts: %v", got)
	}
}
