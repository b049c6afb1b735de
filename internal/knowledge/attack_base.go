package knowledge

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// An attackJoin puts the objects of a bundle together.
type attackJoin struct {
	objects    map[string]*attackObject  // by STIX id
	known      map[string]bool           // ids of ATT&CK's that the base has
	replaced   map[string]string         // STIX id of a revoked object -> of the one instead
	references map[string]Citation       // by name
	features   map[string]*featureSet    // STIX id of who uses -> what
	actors     map[string][]string       // STIX id of a campaign -> ids of groups
	mitigated  map[string]map[string]int // STIX id of a technique -> ids of mitigations
}

// base joins what was read.
func (b *attackBundle) base() (*Base, error) {
	join := attackJoin{
		objects: map[string]*attackObject{}, known: map[string]bool{}, replaced: map[string]string{}, references: map[string]Citation{},
		features: map[string]*featureSet{}, actors: map[string][]string{}, mitigated: map[string]map[string]int{},
	}
	for i := range b.objects {
		join.note(&b.objects[i])
	}
	for i := range b.objects {
		if o := &b.objects[i]; o.Type == "relationship" && !o.Revoked && !o.Deprecated {
			join.relate(o)
		}
	}
	base := &Base{Renamed: map[string]string{}}
	for i := range b.objects {
		join.put(base, &b.objects[i])
	}
	if len(base.Techniques) == 0 && len(base.Actors) == 0 {
		return nil, ErrNotATTACK
	}
	base.order()
	labels, err := stateLabels()
	if err != nil {
		return nil, err
	}
	labels.apply(base.Actors)
	return base, nil
}

// note takes what relations need to know before they are read.
func (j *attackJoin) note(o *attackObject) {
	for _, reference := range o.References {
		if reference.isReport() {
			j.reference(reference)
		}
	}
	if o.Type != "relationship" {
		j.objects[o.ID] = o
	} else if o.RelationshipType == "revoked-by" {
		j.replaced[o.Source] = o.Target
	}
}

// reference keeps the fullest form of a citation that objects repeat.
func (j *attackJoin) reference(r attackReference) {
	old, ok := j.references[r.Name]
	if ok && old.URL != "" && !old.Published.IsZero() {
		return
	}
	if published := publishedAt(r); old.Published.IsZero() {
		old.Published = published
	}
	old.Name, old.URL = r.Name, cmp.Or(old.URL, r.URL)
	j.references[r.Name] = old
}

func (j *attackJoin) relate(o *attackObject) {
	source, target := j.current(o.Source), j.current(o.Target)
	if source == nil || target == nil {
		return
	}
	switch o.RelationshipType {
	case "uses":
		kind := "technique"
		if isSoftware(target) {
			kind = "software"
		} else if target.Type != "attack-pattern" {
			return
		}
		set := j.features[source.ID]
		if set == nil {
			set = &featureSet{}
			j.features[source.ID] = set
		}
		set.add(Feature{Kind: kind, ID: target.externalID()}, j.cited(o))
	case "attributed-to":
		if source.Type == "campaign" && target.Type == "intrusion-set" {
			j.actors[source.ID] = append(j.actors[source.ID], target.externalID())
		}
	case "mitigates":
		if source.Type == "course-of-action" && target.Type == "attack-pattern" {
			if j.mitigated[target.ID] == nil {
				j.mitigated[target.ID] = map[string]int{}
			}
			j.mitigated[target.ID][source.ID]++
		}
	}
}

// current returns the object that a reference means now: nil for what is
// gone, is not in the bundle or has no id of ATT&CK's.
func (j *attackJoin) current(id string) *attackObject {
	for range 8 {
		o := j.objects[id]
		if o == nil || o.Deprecated {
			return nil
		}
		if !o.Revoked {
			if o.externalID() == "" {
				return nil
			}
			return o
		}
		id = j.replaced[id]
	}
	return nil
}

// cited lists the reports of an object, those that its text names among them.
func (j *attackJoin) cited(o *attackObject) []Citation {
	byName := map[string]Citation{}
	for _, reference := range o.References {
		if known, ok := j.references[reference.Name]; ok && reference.isReport() {
			byName[reference.Name] = known
		}
	}
	for _, name := range citationNames(o.Description) {
		citation := j.references[name]
		citation.Name = name
		byName[name] = citation
	}
	return orderedCitations(byName)
}

// put adds an object to the base as what it is there.
func (j *attackJoin) put(base *Base, o *attackObject) {
	if o.Type == "attack-pattern" && o.Revoked {
		if now := j.current(o.ID); now != nil && o.externalID() != "" && now.externalID() != o.externalID() {
			base.Renamed[o.externalID()] = now.externalID()
		}
	}
	if o.Type == "relationship" || j.current(o.ID) != o || j.known[o.externalID()] {
		return
	}
	id := o.externalID()
	j.known[id] = true
	switch o.Type {
	case "intrusion-set":
		base.Actors = append(base.Actors, &Actor{ID: id, Name: o.Name, Aliases: o.Aliases,
			Features: j.features[o.ID].list(), Citations: j.cited(o)})
	case "malware", "tool":
		base.Software = append(base.Software, &Software{ID: id, Name: o.Name, Aliases: o.SoftwareAliases,
			Public: o.Type == "tool", Features: j.features[o.ID].list(), Citations: j.cited(o)})
	case "campaign":
		base.Campaigns = append(base.Campaigns, &Campaign{ID: id, Name: o.Name, Actors: j.actors[o.ID],
			Features: j.features[o.ID].list(), First: instant(o.FirstSeen), Last: instant(o.LastSeen), Citations: j.cited(o)})
	case "attack-pattern":
		base.Techniques = append(base.Techniques, &Technique{ID: id, Name: o.Name, Tactics: o.tactics(), Mitigations: j.mitigations(o.ID)})
	}
}

func (j *attackJoin) mitigations(technique string) []Mitigation {
	var list []Mitigation
	for id := range j.mitigated[technique] {
		list = append(list, Mitigation{ID: j.objects[id].externalID(), Name: j.objects[id].Name})
	}
	slices.SortFunc(list, func(a, b Mitigation) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// isReport is false for ids and for aliases, which ATT&CK lists in the same place.
func (r attackReference) isReport() bool { return r.Name != "" && r.ExternalID == "" && r.URL != "" }

func isSoftware(o *attackObject) bool { return o.Type == "malware" || o.Type == "tool" }

// externalID is ATT&CK's own id, such as "G0049".
func (o *attackObject) externalID() string {
	for _, reference := range o.References {
		if reference.Name == "mitre-attack" {
			return reference.ExternalID
		}
	}
	return ""
}

func (o *attackObject) tactics() []string {
	tactics := []string{}
	for _, phase := range o.Phases {
		if phase.Chain == "mitre-attack" && !slices.Contains(tactics, phase.Name) {
			tactics = append(tactics, phase.Name)
		}
	}
	return tactics
}

func instant(text string) time.Time {
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(text))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// A featureSet joins relations that say the same: two techniques that became
// one, or a fact stated twice.
type featureSet struct {
	features  map[string]Feature
	citations map[string]map[string]Citation
}

func (s *featureSet) add(feature Feature, cited []Citation) {
	if s.features == nil {
		s.features, s.citations = map[string]Feature{}, map[string]map[string]Citation{}
	}
	if _, ok := s.features[feature.ID]; !ok {
		s.features[feature.ID], s.citations[feature.ID] = feature, map[string]Citation{}
	}
	for _, citation := range cited {
		s.citations[feature.ID][citation.Name] = citation
	}
}

func (s *featureSet) list() []Feature {
	if s == nil {
		return nil
	}
	list := make([]Feature, 0, len(s.features))
	for id, feature := range s.features {
		feature.Citations = orderedCitations(s.citations[id])
		list = append(list, feature)
	}
	slices.SortFunc(list, func(a, b Feature) int { return cmp.Compare(a.ID, b.ID) })
	return list
}
