package cli

// What ATT&CK v19 (April 2026, https://attack.mitre.org/resources/updates/)
// calls techniques that rules written before it are tagged with: the tactic
// Defense Evasion became Stealth and Defense Impairment, and what impairs
// defences got numbers of its own.
var renamedTechniques = map[string]string{
	"T1562.001": "T1685",
	"T1562.002": "T1685.001",
	"T1070.001": "T1685.005",
}

// The tactics before and since.
const (
	oldEvasion        = "defense-evasion"
	defenseImpairment = "defense-impairment"
)

// currentTechnique is what a technique is called now.
func currentTechnique(name string) string {
	if renamed := renamedTechniques[name]; renamed != "" {
		return renamed
	}
	return name
}

// currentTactic is what the tactic of a technique is called now, as far as the
// technique says it: the other half of the old tactic is told by nothing.
func currentTactic(tactic, technique string) string {
	if tactic == oldEvasion {
		for _, renamed := range renamedTechniques {
			if technique == renamed {
				return defenseImpairment
			}
		}
	}
	return tactic
}
