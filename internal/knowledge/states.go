package knowledge

import (
	_ "embed" // states.yml
	"fmt"

	"go.yaml.in/yaml/v4"
)

//go:embed states.yml
var statesFile []byte

// labels are states and services by the id of the group.
type labels map[string]struct{ state, service string }

// stateLabels reads states.yml: state -> service, "-" for none -> groups.
func stateLabels() (labels, error) {
	var file map[string]map[string][]string
	if err := yaml.Unmarshal(statesFile, &file); err != nil {
		return nil, fmt.Errorf("states.yml: %w", err)
	}
	found := labels{}
	for state, services := range file {
		for service, groups := range services {
			if service == "-" {
				service = ""
			}
			for _, id := range groups {
				if _, ok := found[id]; ok {
					return nil, fmt.Errorf("states.yml: %s is listed twice", id)
				}
				found[id] = struct{ state, service string }{state, service}
			}
		}
	}
	return found, nil
}

func (l labels) apply(actors []*Actor) {
	for _, actor := range actors {
		actor.State, actor.Service = l[actor.ID].state, l[actor.ID].service
	}
}
