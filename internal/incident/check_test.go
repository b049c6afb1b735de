package incident

import (
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/incident/entity"
)

// What this program writes passes; what nobody but a forger writes does not.
func TestCheckOfIncidents(t *testing.T) {
	t.Parallel()
	whole := func() *Incident {
		return &Incident{ID: "I-7F3KQ", Level: "high", Related: []Related{{ID: "I-00001"}}, Links: []Link{{Kind: "logged_on"}},
			Entities: []EntityUse{{Entity: entity.Entity{Kind: entity.Host, Name: "<b>"}, Roles: []entity.Role{entity.At}}}}
	}
	if err := whole().Check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Incident){
		"id": func(i *Incident) { i.ID = "" }, "level": func(i *Incident) { i.Level = "\x1b[31mhigh" }, "related": func(i *Incident) { i.Related[0].ID = "I-\u202e" },
		"link": func(i *Incident) { i.Links[0].Kind = "[x](y)" }, "kind": func(i *Incident) { i.Entities[0].Kind = "<b>" },
		"role": func(i *Incident) { i.Entities[0].Roles[0] = entity.Role(strings.Repeat("a", 65)) },
	} {
		one := whole()
		change(one)
		if one.Check() == nil {
			t.Errorf("a forged %s passes", name)
		}
	}
}
