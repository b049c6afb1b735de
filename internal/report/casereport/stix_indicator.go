package casereport

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/knowledge"
	"github.com/kulla-defence/kulla/stix"
)

// Types of indicators: what the knowledge has as an actor's, and what was seen
// here and is no part of anything known to be good.
const (
	malicious = "malicious-activity"
	anomalous = "anomalous-activity"
)

// indicate adds what others can look for, once for the whole bundle: a pattern
// that another incident had before gets that incident's name too.
func (b *bundler) indicate(one *incident.Incident, use incident.EntityUse, observed string, pattern string) []string {
	kind := b.indicatorType(&use)
	if kind == "" {
		return nil
	}
	first := b.time(use.First, one.First)
	indicator := b.indicators[pattern]
	if indicator == nil {
		indicator = &stix.Indicator{Common: b.common("indicator", "pattern\x00"+pattern), Name: use.Name, Description: "seen in incident " + one.ID,
			Pattern: pattern, PatternType: "stix", PatternVersion: "2.1", ValidFrom: first}
		b.indicators[pattern] = indicator
		b.add(indicator)
	} else if !strings.HasSuffix(indicator.Description, one.ID) {
		indicator.Description += ", " + one.ID
	}
	indicator.IndicatorTypes = []string{kind}
	if first.Before(indicator.ValidFrom.Time) {
		indicator.ValidFrom = first
	}
	ids := []string{indicator.ID}
	ids = append(ids, b.add(b.relationship("based-on", indicator.ID, observed, ""))...)
	return append(ids, b.indicatesCampaign(indicator.ID, one)...)
}

// indicatesCampaign ties an indicator to the activity that its incident is of.
func (b *bundler) indicatesCampaign(indicator string, one *incident.Incident) []string {
	a := b.document.Assessment
	if a == nil || !slices.Contains(a.Incidents, one.ID) {
		return nil
	}
	return b.add(b.relationship("indicates", indicator, b.campaignID(), ""))
}

// indicatorType is what an entity indicates, empty where nobody should be told
// to look for it.
func (b *bundler) indicatorType(use *incident.EntityUse) string {
	known := b.known(&use.Entity)
	rare := use.Weight > 0.5
	switch use.Kind {
	case entity.Address:
		if b.familiar.address(use.Name) {
			return ""
		}
	case entity.Domain:
		if b.familiar.domain(use.Name) {
			return ""
		}
	case entity.URL:
		if b.familiarURL(use.Name) {
			return ""
		}
	case entity.File:
		if !known && (b.familiar.file(&use.Entity) || b.isSigned(use)) {
			return ""
		}
	}
	switch {
	case known:
		return malicious
	case rare:
		return anomalous
	}
	return ""
}

func (b *bundler) familiarURL(name string) bool {
	parsed, err := url.Parse(name)
	if err != nil {
		return true
	}
	host := parsed.Hostname()
	if o := stix.Address(host); o != nil {
		return b.familiar.address(o.Value)
	}
	return b.familiar.domain(host)
}

// known says whether the knowledge has an entity as an actor's: by its digest,
// address or name, and not as a tool that anybody can have.
func (b *bundler) known(e *entity.Entity) bool {
	if b.document.Base == nil {
		return false
	}
	if b.artefacts == nil {
		b.artefacts = map[string]bool{}
		for _, a := range b.document.Base.Artefacts {
			if pointsAtMalice(a) {
				b.artefacts[a.Field+"="+strings.ToLower(a.Value)] = true
			}
		}
	}
	switch e.Kind {
	case entity.File:
		return slices.ContainsFunc(e.Aliases, func(alias string) bool { return b.artefacts[strings.ToLower(alias)] })
	case entity.Address, entity.Domain:
		return b.artefacts[string(e.Kind)+"="+strings.ToLower(e.Name)]
	}
	return false
}

func pointsAtMalice(a *knowledge.Artefact) bool {
	return !a.Pattern && (a.Kind == "malware" || a.Kind == "secret" || a.Kind == "infrastructure" || a.Kind == "procedure")
}

// isSigned says whether the record that names a file says that it is validly
// signed, or by its maker that it is a renamed program of the system.
func (b *bundler) isSigned(use *incident.EntityUse) bool {
	if b.document.Finding == nil || use.Example == 0 {
		return false
	}
	f, err := b.document.Finding(use.Example)
	if err != nil || f == nil || f.Finding == nil {
		return false
	}
	fields := map[string]string{}
	for _, field := range f.Fields {
		fields[field.Name] = strings.ToLower(field.Value)
	}
	digests := fields["Hashes"] + "," + fields["Hash"]
	if !slices.ContainsFunc(use.Aliases, func(alias string) bool { return isDigest(alias) && strings.Contains(digests, strings.ToLower(alias)) }) {
		return false // the record is about another file
	}
	return fields["Signed"] == "true" && fields["SignatureStatus"] == "valid" ||
		strings.HasPrefix(fields["Company"], "microsoft") && slices.Contains(systemPrograms, fields["OriginalFileName"])
}

// sigma is a rule that found something, for others to run: with the techniques
// that it indicates, and the activity.
func (b *bundler) sigma(one *incident.Incident, use incident.RuleUse) []string {
	if b.document.RuleText == nil || use.ID == "" {
		return nil
	}
	rule := b.document.RuleText(use.ID)
	if rule == "" {
		return nil
	}
	kind := anomalous
	if isGrave(use.Level) {
		kind = malicious
	}
	indicator := &stix.Indicator{Common: b.common("indicator", "rule\x00"+use.ID), Name: use.Title, Description: fmt.Sprintf("Sigma rule %s", use.ID),
		IndicatorTypes: []string{kind}, Pattern: rule, PatternType: "sigma", ValidFrom: b.time(b.document.firstUse(use.ID))}
	ids := b.add(indicator)
	for _, technique := range b.techniquesOf(use) {
		if slices.ContainsFunc(b.document.techniquesOf(one), func(t incident.TechniqueUse) bool { return t.ID == technique }) {
			ids = append(ids, b.add(b.relationship("indicates", indicator.ID, b.common("attack-pattern", technique).ID, ""))...)
		}
	}
	return append(ids, b.indicatesCampaign(indicator.ID, one)...)
}

// techniquesOf are those that a rule is tagged with.
func (b *bundler) techniquesOf(use incident.RuleUse) []string {
	if b.document.Finding == nil || use.Example == 0 {
		return nil
	}
	f, err := b.document.Finding(use.Example)
	if err != nil || f == nil || f.Finding == nil || f.Rule == nil {
		return nil
	}
	return b.document.currentTechniques(f.Rule.Techniques)
}
