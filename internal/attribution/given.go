package attribution

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Limits on an artefact file.
const (
	maxGivenBytes = 1 << 20
	maxFacts      = 500
	maxFactText   = 4096
)

const factSighting = "sighting"

// factKinds are the kinds that a fact may be of.
var factKinds = []string{string(Secret), string(Malware), string(Infrastructure), string(Procedure), string(Tool), string(Habit), string(Leak), string(Claim), factSighting}

var markings = []string{"clear", "green", "amber", "amber+strict", "red"}

// A GivenError is what is wrong with an artefact file, and where.
type GivenError struct {
	Line   int // 0 when it is of the whole file
	Reason string
}

func (e *GivenError) Error() string {
	if e.Line == 0 {
		return "artefact file: " + e.Reason
	}
	return fmt.Sprintf("artefact file: line %d: %s", e.Line, e.Reason)
}

// ParseArtefacts reads an artefact file: docs/formats/artefacts.md. It is
// strict: what it does not know is a *GivenError that names the line; all of
// them are joined.
func ParseArtefacts(r io.Reader) (Given, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxGivenBytes+1))
	if err != nil {
		return Given{}, fmt.Errorf("artefact file: %w", err)
	}
	if len(data) > maxGivenBytes {
		return Given{}, &GivenError{0, fmt.Sprintf("longer than %d bytes", maxGivenBytes)}
	}
	var document yaml.Node
	if err := yaml.Load(data, &document); err != nil {
		return Given{}, &GivenError{0, err.Error()}
	}
	list, err := factList(&document)
	if err != nil {
		return Given{}, err
	}
	var given Given
	var problems []error
	for _, node := range list {
		fact, err := parseFact(node)
		if err != nil {
			problems = append(problems, err)
		}
		given.Facts = append(given.Facts, fact)
	}
	if len(problems) > 0 {
		return Given{}, errors.Join(problems...)
	}
	return given, nil
}

// factList is the list under "artefacts", the only key.
func factList(document *yaml.Node) ([]*yaml.Node, error) {
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return nil, &GivenError{document.Line, "wanted a map with the key artefacts"}
	}
	var list []*yaml.Node
	top := document.Content[0].Content
	for i := 0; i+1 < len(top); i += 2 {
		switch key, value := top[i], top[i+1]; {
		case key.Value != "artefacts":
			return nil, &GivenError{key.Line, fmt.Sprintf("unknown key %q", key.Value)}
		case value.Kind != yaml.SequenceNode:
			return nil, &GivenError{value.Line, "artefacts is no list"}
		case i > 0:
			return nil, &GivenError{key.Line, "artefacts stands twice"}
		case len(value.Content) > maxFacts:
			return nil, &GivenError{value.Content[maxFacts].Line, fmt.Sprintf("more than %d artefacts", maxFacts)}
		default:
			list = value.Content
		}
	}
	return list, nil
}

// parseFact reads one entry of the list.
func parseFact(node *yaml.Node) (Fact, error) {
	fact := Fact{Line: node.Line}
	if node.Kind != yaml.MappingNode {
		return fact, &GivenError{node.Line, "an artefact is a map"}
	}
	given := map[string]bool{}
	var problems []error
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		reason := ""
		switch {
		case given[key.Value]:
			reason = key.Value + " stands twice"
		case value.Kind != yaml.ScalarNode:
			reason = key.Value + " is no single value"
		case len(value.Value) > maxFactText:
			reason = fmt.Sprintf("%s is longer than %d bytes", key.Value, maxFactText)
		default:
			reason = fact.set(key.Value, value.Value)
		}
		if reason != "" {
			problems = append(problems, &GivenError{key.Line, reason})
		}
		given[key.Value] = true
	}
	for _, key := range []string{"kind", "field", "value", "source", "reliability", "credibility"} {
		if !given[key] {
			problems = append(problems, &GivenError{node.Line, key + " is missing"})
		}
	}
	if fact.Kind == factSighting && fact.Country == "" && given["kind"] {
		problems = append(problems, &GivenError{node.Line, "a sighting needs the country of the partner"})
	}
	return fact, errors.Join(problems...)
}

// set gives one key its value; it returns what is wrong with it.
func (f *Fact) set(key, value string) (reason string) {
	plain := map[string]*string{"field": &f.Field, "value": &f.Value, "source": &f.Source, "note": &f.Note}
	if target, ok := plain[key]; ok {
		if *target = strings.TrimSpace(value); *target == "" && key != "note" {
			return key + " is empty"
		}
		return ""
	}
	switch key {
	case "kind":
		return oneOf(&f.Kind, key, value, factKinds)
	case "phase":
		return oneOf(&f.Phase, key, value, Phases)
	case "reliability":
		return oneOf(&f.Reliability, key, value, strings.Split(reliabilities, ""))
	case "tlp":
		return oneOf(&f.TLP, key, strings.ToLower(value), markings)
	case "credibility":
		if len(value) != 1 || value[0] < '1' || value[0] > '6' {
			return fmt.Sprintf("credibility is 1 to 6, not %q", value)
		}
		f.Credibility = int(value[0] - '0')
	case "country":
		return f.setCountry(value)
	case "observed_at":
		return f.setTime(value)
	case "refers_to":
		return f.setReference(value)
	default:
		return fmt.Sprintf("unknown key %q", key)
	}
	return ""
}

func oneOf(target *string, key, value string, known []string) string {
	if !slices.Contains(known, value) {
		return fmt.Sprintf("%s is one of %s, not %q", key, strings.Join(known, ", "), value)
	}
	*target = value
	return ""
}

func (f *Fact) setCountry(value string) string {
	f.Country = strings.ToUpper(value)
	if len(value) != 2 || strings.Trim(f.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return fmt.Sprintf("country is a code of two letters, not %q", value)
	}
	return ""
}

func (f *Fact) setTime(value string) string {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, value); err == nil {
			f.ObservedAt = at.UTC()
			return ""
		}
	}
	return fmt.Sprintf("observed_at is a date or a time with its zone (2022-07-15, 2022-07-15T06:00:00Z), not %q", value)
}

// setReference takes a digest or the number of a finding.
func (f *Fact) setReference(value string) string {
	name, rest, _ := strings.Cut(value, "=")
	digits := map[string]int{"sha256": 64, "sha1": 40, "md5": 32}
	lower := strings.ToLower(rest)
	switch {
	case digits[name] > 0 && len(lower) == digits[name] && strings.Trim(lower, "0123456789abcdef") == "":
	case name == "finding" && rest != "" && len(rest) < 19 && strings.Trim(rest, "0123456789") == "":
	default:
		return fmt.Sprintf("refers_to is a digest or a finding (sha256=…, finding=17), not %q", value)
	}
	f.RefersTo = name + "=" + lower
	return ""
}
