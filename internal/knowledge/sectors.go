package knowledge

import "slices"

// Sectors are all that actors were seen against, in order of the alphabet.
func (b *Base) Sectors() []string {
	var sectors []string
	for _, actor := range b.Actors {
		for _, victim := range actor.Victims {
			if victim.Sector != "" && !slices.Contains(sectors, victim.Sector) {
				sectors = append(sectors, victim.Sector)
			}
		}
	}
	slices.Sort(sectors)
	return sectors
}
