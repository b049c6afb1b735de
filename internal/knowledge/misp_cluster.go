package knowledge

import (
	"strconv"
	"strings"
)

// Types of clusters that are read.
const (
	galaxyActor     = "threat-actor"
	galaxyGroup     = "mitre-intrusion-set"
	galaxyMalware   = "mitre-malware"
	galaxyTool      = "mitre-tool"
	galaxyTechnique = "mitre-attack-pattern"
)

// GalaxyID begins the ids of actors that only MISP's own cluster describes; the
// cluster's UUID follows.
const GalaxyID = "misp:"

// A galaxyReader turns clusters into facts.
type galaxyReader struct {
	techniques map[string]string // uuid of a technique in use -> its id
	software   map[string]string // uuid -> id
	replaced   map[string]string // uuid of what was revoked -> of what came instead
	attack     *Base
	actors     *Base
}

// note takes what relations need to know before they are read.
func (c *galaxyReader) note(files []clusterFile) {
	for _, f := range files {
		for i := range f.Values {
			v := &f.Values[i]
			switch {
			case v.Revoked:
				for _, r := range v.Related {
					if r.Type == "revoked-by" {
						c.replaced[v.UUID] = r.To
					}
				}
			case f.Type == galaxyTechnique && v.whyNot() == "":
				c.techniques[v.UUID] = v.id()
			case f.Type == galaxyMalware || f.Type == galaxyTool:
				c.software[v.UUID] = v.id()
			}
		}
	}
}

func (v *cluster) id() string { return string(v.Meta.ID) }

// name is the value without the id that ATT&CK's clusters end with.
func (v *cluster) name() string { return strings.TrimSuffix(v.Value, " - "+v.id()) }

// whyNot says why a cluster of techniques is none of ATT&CK Enterprise's; it
// is "" for those that are.
func (v *cluster) whyNot() string {
	switch {
	case strings.HasPrefix(v.id(), "TA"):
		return "a tactic"
	case !techniqueID.MatchString(v.id()):
		return "no id"
	case v.Revoked:
		return "revoked"
	case len(v.Meta.Phases) == 0:
		return "deprecated"
	}
	for _, phase := range v.Meta.Phases {
		if strings.HasPrefix(phase, "attack-") {
			return ""
		}
	}
	return "not of ATT&CK Enterprise"
}

func (c *galaxyReader) read(f *clusterFile) {
	for i := range f.Values {
		v := &f.Values[i]
		switch {
		case f.Type == galaxyTechnique:
			c.technique(f, v)
		case f.Type == galaxyActor:
			c.actor(f, v)
		case f.Type != galaxyGroup && f.Type != galaxyMalware && f.Type != galaxyTool:
			f.leave(f.Type, "not a cluster that is read")
		case v.Revoked:
			f.leave(f.Type, "revoked")
		case v.id() == "":
			f.leave(f.Type, "no id")
		case f.Type == galaxyGroup:
			c.attack.Actors = appendNew(c.attack.Actors, &Actor{ID: v.id(), Name: v.name(), Aliases: v.Meta.Synonyms, Features: c.features(f, v), Citations: v.cite()}, f, actorKey)
		default:
			c.attack.Software = appendNew(c.attack.Software, &Software{ID: v.id(), Name: v.name(), Aliases: v.Meta.Synonyms, Public: f.Type == galaxyTool,
				Features: c.features(f, v), Citations: v.cite()}, f, softwareKey)
		}
	}
}

func (c *galaxyReader) technique(f *clusterFile, v *cluster) {
	why := v.whyNot()
	if why != "" {
		f.leave(f.Type, why)
	}
	if now := c.techniques[c.current(v.UUID)]; why == "revoked" && now != "" && now != v.id() {
		c.attack.Renamed[v.id()] = now
	}
	if why != "" {
		return
	}
	var tactics []string
	for _, phase := range v.Meta.Phases {
		if _, tactic, ok := strings.Cut(phase, ":"); ok && strings.HasPrefix(phase, "attack-") {
			tactics = append(tactics, tactic)
		}
	}
	c.attack.Techniques = appendNew(c.attack.Techniques, &Technique{ID: v.id(), Name: v.name(), Tactics: sorted(tactics)}, f, techniqueKey)
}

// current follows what was revoked.
func (c *galaxyReader) current(uuid string) string {
	for range 8 {
		to, ok := c.replaced[uuid]
		if !ok {
			break
		}
		uuid = to
	}
	return uuid
}

// features are what a cluster is said to use.
func (c *galaxyReader) features(f *clusterFile, v *cluster) []Feature {
	var made []Feature
	cited := v.cite()
	for _, r := range v.Related {
		to := c.current(r.To)
		switch {
		case r.Type != "uses":
			f.leave("relation", "other than uses")
		case c.techniques[to] != "":
			made = append(made, Feature{Kind: FeatureTechnique, ID: c.techniques[to], Citations: cited})
		case c.software[to] != "":
			made = append(made, Feature{Kind: FeatureSoftware, ID: c.software[to], Citations: cited})
		default:
			f.leave("relation", "to what is not in the base")
		}
	}
	return made
}

// cite is the page of ATT&CK that a cluster was made of, or the cluster itself.
// The galaxy lists reports beside, but not which fact is from which.
func (v *cluster) cite() []Citation {
	if v.id() == "" {
		return []Citation{{Name: "MISP galaxy threat-actor " + v.Value}}
	}
	cited := Citation{Name: "ATT&CK " + v.id()}
	for _, reference := range v.Meta.References {
		if strings.HasPrefix(reference, "https://attack.mitre.org/") {
			cited.URL = reference
			break
		}
	}
	return []Citation{cited}
}

// actor takes a cluster of MISP's own.
func (c *galaxyReader) actor(f *clusterFile, v *cluster) {
	if v.UUID == "" || strings.TrimSpace(v.Value) == "" {
		f.leave(f.Type, "no id")
		return
	}
	made := &Actor{ID: GalaxyID + v.UUID, Name: v.Value, Aliases: v.Meta.Synonyms, Features: c.features(f, v), Citations: v.citeReports()}
	made.State, made.Claims = v.state()
	cited := v.cite()
	for _, name := range append(append([]string{}, v.Meta.Victims...), v.Meta.Suspected...) {
		if code := countryCode(name); code != "" {
			made.Victims = append(made.Victims, Victim{Country: code, Citations: cited})
		} else {
			f.leave("victim", "not a country")
		}
	}
	for _, sector := range append(append([]string{}, v.Meta.Categories...), v.Meta.Sectors...) {
		made.Victims = append(made.Victims, Victim{Sector: strings.ToLower(sector), Citations: cited})
	}
	c.actors.Actors = appendNew(c.actors.Actors, made, f, actorKey)
}

// state is that of the suspected sponsor. A country without one says where
// somebody thinks a group lives, or what a persona says of itself: a claim. So
// is one that the galaxy itself is not half sure of.
func (v *cluster) state() (string, []Claim) {
	sponsor, named := countryCode(string(v.Meta.Sponsor)), strings.ToUpper(string(v.Meta.Country))
	confidence, err := strconv.Atoi(string(v.Meta.Confidence))
	unsure := err == nil && confidence < 50
	switch {
	case sponsor != "" && !unsure && (named == "" || named == sponsor):
		return sponsor, nil
	case sponsor != "" && named == "":
		named = sponsor
	}
	if named == "" {
		return "", nil
	}
	return "", []Claim{{Field: "country", Value: named, Citations: v.cite()}}
}

// citeReports adds the reports that the cluster lists.
func (v *cluster) citeReports() []Citation {
	made := v.cite()
	for _, reference := range v.Meta.References {
		if strings.HasPrefix(reference, "https://") || strings.HasPrefix(reference, "http://") {
			made = append(made, Citation{Name: reference, URL: reference})
		}
	}
	return made
}

// appendNew adds an entry unless one of its id is there: then it is left out.
func appendNew[T any](list []*T, entry *T, f *clusterFile, id func(*T) string) []*T {
	if f.seen == nil {
		f.seen = map[string]bool{}
	}
	if f.seen[id(entry)] {
		f.leave(f.Type, "an id that stands twice")
		return list
	}
	f.seen[id(entry)] = true
	return append(list, entry)
}
