package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// metaVictim is the name under which a case keeps who was attacked.
const metaVictim = "victim"

// A victim is who was attacked, as far as the user says.
type victim struct {
	Country string `json:"country,omitempty"`
	Sector  string `json:"sector,omitempty"`
}

// keepVictim remembers who was attacked: what is not said again still holds.
func (i *investigation) keepVictim() error {
	known, err := recall[victim](i.kept, metaVictim)
	if err != nil {
		return err
	}
	i.victim = victim{cmp.Or(i.options.country, known.Country), cmp.Or(i.options.sector, known.Sector)}
	if i.victim == known {
		return nil
	}
	return remember(i.kept, metaVictim, i.victim)
}

// attacked is the victim as an assessment takes it.
func (v victim) attacked() attribution.Victim {
	attacked := attribution.Victim{Country: v.Country}
	if v.Sector != "" {
		attacked.Sectors = []string{v.Sector}
	}
	return attacked
}

// checkSector refuses a sector that no actor of the knowledge can be compared by.
func checkSector(base *knowledge.Base, sector string) error {
	if sector == "" {
		return nil
	}
	sectors := base.Sectors()
	if slices.Contains(sectors, sector) {
		return nil
	}
	return usagef("sectors are "+strings.Join(sectors, ", "), "--victim-sector %q is no sector that the knowledge has", sector)
}
