package casereport

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/stix"
)

// writeSTIX writes a case as one STIX 2.1 bundle: each incident with what was
// observed, the techniques, patterns to look for elsewhere, and who it is
// attributed to as far as that is published. Identifiers are made of the case,
// so that the same case gives the same bundle. Texts are English.
//
// OASIS' validator refuses, by the interoperability profile, some of what the
// specification asks for: it wants a creator of every object, also of
// observables and of the marking of TLP 2.0, and of every intrusion set its
// resources and motivation. With interop the bundle is as that profile has it:
// creators everywhere, no definition of the marking, which has the id that
// OASIS published, and "unknown" where nothing is known.
func writeSTIX(w io.Writer, d *Document, text func(incident.Sentence) string, interop bool) error {
	marking := stix.TLP(cmp.Or(d.TLP, defaultTLP))
	if marking == nil {
		return fmt.Errorf("stix: unknown marking %q", d.TLP)
	}
	b := &bundler{document: d, text: text, marking: marking, interop: interop, observed: map[string]bool{}, indicators: map[string]*stix.Indicator{}, familiar: newFamiliar(d)}
	if !interop {
		b.add(marking)
	}
	b.identity()
	for _, one := range d.Incidents {
		if err := b.incident(one); err != nil {
			return err
		}
	}
	b.assessment()
	_, err := stix.NewBundle(d.scope(), b.objects...).WriteTo(w)
	return err
}

// defaultTLP is the marking of what nobody marked.
const defaultTLP = "amber+strict"

// scope names the case in identifiers: its key, which no other case has.
func (d *Document) scope() string { return "case " + cmp.Or(d.Ledger.PublicKey, d.Name) + " " + d.Name }

// A bundler gathers the objects of one bundle.
type bundler struct {
	document *Document
	text     func(incident.Sentence) string
	marking  *stix.Marking
	interop  bool
	producer string
	objects  []stix.Object
	observed map[string]bool
	// indicators by their patterns, artefacts of the knowledge that point at
	// malice, and what nobody should look for.
	indicators map[string]*stix.Indicator
	artefacts  map[string]bool
	familiar   *familiar
}

// add adds objects of one incident to the bundle, and returns their ids.
func (b *bundler) add(objects ...stix.Object) []string {
	ids := make([]string, len(objects))
	for i, o := range objects {
		ids[i] = o.Identifier()
	}
	b.objects = append(b.objects, objects...)
	return ids
}

// common are the properties of an object of the case; the name tells it apart
// from others of its kind.
func (b *bundler) common(kind, name string) stix.Common {
	common := stix.NewCommon(kind, b.document.scope()+"\x00"+name, b.document.Generated)
	common.CreatedBy = b.producer
	common.Markings = []string{b.marking.ID}
	return common
}

func (b *bundler) identity() {
	who := &stix.Identity{Common: b.common("identity", "producer"), Name: "Kulla " + b.document.Tool, Class: "system"}
	b.producer = who.ID
	who.CreatedBy = who.ID
	b.add(who)
}

// maxObserved bounds how many entities of one incident are shared.
const maxObserved = 500

func (b *bundler) incident(one *incident.Incident) error {
	story := make([]string, len(one.Story))
	for i, sentence := range one.Story {
		story[i] = b.text(sentence)
	}
	about := &stix.Incident{Common: b.common("incident", one.ID), Name: one.ID + ": " + b.text(one.Title), Description: strings.Join(story, "\n")}
	about.Labels = []string{one.Level}
	members := b.add(about)
	members = append(members, b.observations(one)...)
	for _, use := range b.document.techniquesOf(one) {
		members = append(members, b.technique(about.ID, use)...)
	}
	for _, use := range one.Rules {
		members = append(members, b.sigma(one, use)...)
	}
	grouping := &stix.Grouping{Common: b.common("grouping", one.ID), Name: about.Name, Context: "suspicious-activity", Objects: unique(members)}
	b.add(grouping)
	return nil
}

func unique(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// observations are what was seen in an incident, one observed-data object for
// each entity, and a pattern for those that others can look for.
func (b *bundler) observations(one *incident.Incident) []string {
	var ids []string
	for i, use := range one.Entities {
		if i == maxObserved {
			break
		}
		observables, pattern := observablesOf(use.Entity)
		if len(observables) == 0 {
			continue
		}
		observed := b.observation(one, use, observables)
		ids = append(ids, observed...)
		if pattern != "" {
			ids = append(ids, b.indicate(one, use, observed[0], pattern)...)
		}
	}
	return ids
}

func (b *bundler) observation(one *incident.Incident, use incident.EntityUse, observables []*stix.Observable) []string {
	seen := &stix.ObservedData{Common: b.common("observed-data", one.ID+"\x00"+string(use.Key)), Number: min(max(use.Count, 1), 999_999_999)}
	seen.First, seen.Last = b.time(use.First, one.First), b.time(use.Last, one.Last)
	for _, o := range observables {
		seen.Objects = append(seen.Objects, o.ID)
		if !b.observed[o.ID] {
			b.observed[o.ID] = true
			o.Markings = []string{b.marking.ID}
			if b.interop {
				o.CreatedBy = b.producer
			}
			b.add(o)
		}
	}
	return append(b.add(seen), seen.Objects...)
}

// time is the first of the times that is stated; the report's when none is.
func (b *bundler) time(times ...time.Time) stix.Time {
	for _, t := range times {
		if !t.IsZero() {
			return stix.Time{Time: t.Truncate(time.Microsecond)}
		}
	}
	return stix.Time{Time: b.document.Generated.Truncate(time.Microsecond)}
}

// firstUse is when a rule first found something in the case, so that its
// indicator is the same in all incidents.
func (d *Document) firstUse(rule string) time.Time {
	var first time.Time
	for _, one := range d.Incidents {
		for _, use := range one.Rules {
			if use.ID == rule && !use.First.IsZero() && (first.IsZero() || use.First.Before(first)) {
				first = use.First
			}
		}
	}
	return first
}

func (b *bundler) relationship(kind, source, target, name string) *stix.Relationship {
	return &stix.Relationship{Common: b.common("relationship", kind+"\x00"+source+"\x00"+target+"\x00"+name), Kind: kind, Source: source, Target: target}
}

// technique is an ATT&CK technique, the same object in all incidents.
func (b *bundler) technique(about string, use incident.TechniqueUse) []string {
	pattern := &stix.AttackPattern{Common: b.common("attack-pattern", use.ID), Name: use.ID}
	if b.document.Base != nil {
		pattern.Name = b.document.Base.TechniqueName(use.ID)
	}
	pattern.ExternalReferences = []stix.ExternalReference{{SourceName: "mitre-attack", ExternalID: use.ID,
		URL: "https://attack.mitre.org/techniques/" + strings.ReplaceAll(use.ID, ".", "/")}}
	for _, tactic := range b.document.tacticsOf(use.ID) {
		pattern.KillChain = append(pattern.KillChain, stix.KillChainPhase{KillChain: "mitre-attack", Phase: tactic})
	}
	return b.add(pattern, b.relationship("related-to", about, pattern.ID, ""))
}

// tacticsOf are the tactics of a technique in any incident.
func (d *Document) tacticsOf(technique string) []string {
	var tactics []string
	for _, one := range d.Incidents {
		for _, use := range d.techniquesOf(one) {
			if use.ID == technique {
				tactics = append(tactics, use.Tactics...)
			}
		}
	}
	return unique(tactics)
}

// assessment is the activity as a campaign, with what is said of its actor:
// a relationship only where the gates let a name be published.
func (b *bundler) assessment() {
	a := b.document.Assessment
	if a == nil || len(a.Incidents) == 0 {
		return
	}
	campaign := &stix.Campaign{Common: b.common("campaign", a.Cluster), Name: cmp.Or(a.Cluster, "KC"), Description: b.text(a.Answer.Sentence)}
	b.add(campaign)
	about := []string{campaign.ID}
	for _, id := range a.Incidents {
		if !slices.ContainsFunc(b.document.Incidents, func(one *incident.Incident) bool { return one.ID == id }) {
			continue
		}
		link := b.relationship("related-to", campaign.ID, b.common("incident", id).ID, "")
		b.add(link)
	}
	if who := b.actor(a); who != nil {
		link := b.relationship("attributed-to", campaign.ID, who.ID, "")
		link.Confidence = who.Confidence
		b.add(who, link)
		about = append(about, who.ID, link.ID)
	}
	b.add(&stix.Note{Common: b.common("note", "likelihood"), Abstract: "likelihood", Content: b.text(a.Likelihood), Objects: unique(slices.Clone(about))},
		&stix.Note{Common: b.common("note", "confidence"), Abstract: "analytic confidence", Content: b.text(a.Confidence.Sentence), Objects: unique(slices.Clone(about))})
}

// campaignID is the id of the activity.
func (b *bundler) campaignID() string { return b.common("campaign", b.document.Assessment.Cluster).ID }

// actor is who is published, nil for an activity cluster. The confidence is
// the posterior in hundredths, on STIX' scale of 0 to 100.
func (b *bundler) actor(a *attribution.Assessment) *stix.IntrusionSet {
	at := slices.IndexFunc(a.Hypotheses, func(h attribution.Hypothesis) bool { return h.ID == a.Answer.Hypothesis })
	if a.Answer.Hypothesis == "" || at < 0 {
		return nil
	}
	leading := a.Hypotheses[at]
	percent := int(leading.Posterior * 100)
	who := &stix.IntrusionSet{Common: b.common("intrusion-set", leading.ID), Name: b.actorName(a, &leading)}
	if b.interop {
		who.ResourceLevel, who.PrimaryMotivation = notKnown, notKnown
	}
	who.Confidence = &percent
	who.Description = "published on the level of a " + leading.Kind + " (" + leading.ID + ")"
	return who
}

// notKnown is what the interoperability profile is told where it asks for more
// than is known.
const notKnown = "unknown"

// actorName is a group's own name, or a description of the activity that a
// state or service is behind: no group of that name is known.
func (b *bundler) actorName(a *attribution.Assessment, h *attribution.Hypothesis) string {
	switch h.Kind {
	case "state":
		return "Actor of " + b.stateName(h.Name)
	case "service":
		at := slices.IndexFunc(a.Hypotheses, func(other attribution.Hypothesis) bool { return other.ID == h.Parent })
		if at >= 0 {
			return "Actor of " + h.Name + " (" + b.stateName(a.Hypotheses[at].Name) + ")"
		}
		return "Actor of " + h.Name
	}
	return h.Name
}

// stateName is what a state is called; its code where there is no word for it.
func (b *bundler) stateName(code string) string {
	key := "country." + code
	if name := b.text(incident.Sentence{Message: key}); !strings.Contains(name, key) {
		return name
	}
	return code
}

// observablesOf are an entity as observables, and a pattern that finds it
// elsewhere; none for what means nothing outside this case.
func observablesOf(e entity.Entity) ([]*stix.Observable, string) {
	if strings.TrimSpace(e.Name) == "" {
		return nil, ""
	}
	switch e.Kind {
	case entity.Address:
		return addressOf(e.Name)
	case entity.Domain:
		if !isHostName(e.Name) {
			return nil, ""
		}
		return []*stix.Observable{stix.DomainName(e.Name)}, stix.Pattern(stix.Comparison{Path: "domain-name:value", Value: e.Name})
	case entity.URL:
		return urlOf(e.Name)
	case entity.Account, entity.Mailbox:
		return []*stix.Observable{accountOf(e)}, ""
	case entity.File:
		return fileOf(e)
	}
	return nil, ""
}

// isHostName says whether a name is a domain's by RFC 1123, as the schema of
// domain-name asks for: names of services (_ldap._tcp.…) are none, and of
// labels in other scripts (RFC 5890) it is not known which are.
func isHostName(name string) bool {
	const longest, longestLabel = 253, 63
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > longestLabel || label[0] == '-' || label[len(label)-1] == '-' || len(label) > 3 && label[2:4] == "--" ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
			return false
		}
	}
	return len(name) <= longest
}

// addressOf is an address; of those of the inside nobody is told to look for.
func addressOf(name string) ([]*stix.Observable, string) {
	o := stix.Address(name)
	if o == nil {
		return nil, ""
	}
	return []*stix.Observable{o}, stix.Pattern(stix.Comparison{Path: o.Type + ":value", Value: o.Value})
}

// notInURI are printable characters that RFC 3986 has no place for.
const notInURI = " \"<>\\^`{|}"

// urlOf leaves out what is only a part of a URL, or none by RFC 3986.
func urlOf(name string) ([]*stix.Observable, string) {
	unfit := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(notInURI, r) }
	if parsed, err := url.Parse(name); err != nil || parsed.Scheme == "" || parsed.Host == "" || strings.ContainsFunc(name, unfit) {
		return nil, ""
	}
	return []*stix.Observable{stix.URL(name)}, stix.Pattern(stix.Comparison{Path: "url:value", Value: name})
}

func accountOf(e entity.Entity) *stix.Observable {
	for _, alias := range e.Aliases {
		if strings.HasPrefix(strings.ToUpper(alias), "S-1-") {
			return stix.UserAccount("windows-domain", alias, e.Name)
		}
	}
	return stix.UserAccount("", "", e.Name)
}

type hashName struct {
	prefix, name string
	size         int
}

// hashNames are STIX' names of hashes, by those of aliases.
var hashNames = []hashName{{"md5=", "MD5", 32}, {"sha1=", "SHA-1", 40}, {"sha256=", "SHA-256", 64}}

// fileOf gives a pattern only for files whose content is known.
func fileOf(e entity.Entity) ([]*stix.Observable, string) {
	hashes := map[string]string{}
	var comparisons []stix.Comparison
	for _, alias := range e.Aliases {
		for _, h := range hashNames {
			if value, ok := strings.CutPrefix(alias, h.prefix); ok && len(value) == h.size {
				hashes[h.name] = value
				comparisons = append(comparisons, stix.Comparison{Path: "file:hashes.'" + h.name + "'", Value: value})
			}
		}
	}
	folder, name := splitPath(e.Name)
	var list []*stix.Observable
	var parent *stix.Observable
	if folder != "" {
		parent = stix.Directory(folder)
		list = append(list, parent)
	}
	if name == "" && len(hashes) == 0 {
		return nil, ""
	}
	if len(hashes) == 0 {
		hashes = nil
	}
	list = append(list, stix.File(name, hashes, parent))
	if len(comparisons) == 0 {
		return list, ""
	}
	return list, stix.Pattern(comparisons...)
}

// splitPath takes a path of Windows or Unix apart.
func splitPath(path string) (folder, name string) {
	at := strings.LastIndexAny(path, `\/`)
	if at < 0 {
		return "", path
	}
	return path[:at], path[at+1:]
}
