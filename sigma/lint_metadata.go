package sigma

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// metadata checks the keys that all kinds of documents share, against the
// Sigma rules specification 2.1.
func (l *linter) metadata(root *node, isFilter bool) {
	for i := 0; i+1 < len(root.children); i += 2 {
		value := root.children[i+1]
		switch root.children[i].value {
		case "title":
			l.titleOf(value)
		case "id":
			l.idOf(value)
		case "name":
			l.once("name", value, value.value, Doubtful)
		case "status":
			if _, ok := parseStatus(value.value); !ok {
				l.report(value, Doubtful, "status-unknown", "unknown status %q%s", value.value, didYouMean(value.value, statuses()))
			}
		case "level":
			if _, ok := parseLevel(value.value); !ok {
				l.report(value, Doubtful, "level-unknown", "unknown level %q%s", value.value, didYouMean(value.value, levels()))
			}
		case "date", "modified":
			l.date(root.children[i].value, value)
		case "tags":
			l.tags(value)
		case "related":
			l.related(value)
		}
	}
	l.missing(root, isFilter)
}

// missing reports keys that a document should have.
func (l *linter) missing(root *node, isFilter bool) {
	if root.get("title") == nil {
		l.report(root, Doubtful, "title-missing", "there is no title")
	}
	if root.get("id") == nil {
		l.report(root, Doubtful, "id-missing", "there is no id")
	}
	if root.get("level") == nil && !isFilter {
		l.report(root, Doubtful, "level-missing", "there is no level")
	}
	if root.get("description") == nil {
		l.report(root, Style, "description-missing", "there is no description")
	}
	if date, modified := root.get("date"), root.get("modified"); date != nil && modified != nil {
		if isDate(date.value) && isDate(modified.value) && modified.value < date.value {
			l.report(modified, Doubtful, "modified-before-date", "modified %s is before date %s", modified.value, date.value)
		}
	}
}

func (l *linter) titleOf(value *node) {
	const longest = 256
	if length := utf8.RuneCountInString(value.value); length > longest {
		l.report(value, Doubtful, "title-long", "the title has %d characters, at most %d are allowed", length, longest)
	}
	if strings.TrimSpace(value.value) == "" {
		l.report(value, Doubtful, "title-missing", "the title is empty")
		return
	}
	l.once("title", value, value.value, Style)
}

func (l *linter) idOf(value *node) {
	uuid := regexp.MustCompile(`^(?i)[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	if !uuid.MatchString(value.value) {
		l.report(value, Doubtful, "id-invalid", "%q is not a UUID of version 4", value.value)
	}
	l.once("id", value, strings.ToLower(value.value), Unusable)
}

func isDate(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

func (l *linter) date(name string, value *node) {
	if isDate(value.value) {
		return
	}
	if isDate(strings.ReplaceAll(value.value, "/", "-")) {
		l.report(value, Style, "date-format", "%s %q is in the form of old, write %s", name, value.value, strings.ReplaceAll(value.value, "/", "-"))
		return
	}
	l.report(value, Doubtful, "date-format", "%s %q is not a date, want YYYY-MM-DD", name, value.value)
}

// namespaces are those of the Sigma tags appendix 2.1.
func namespaces() []string {
	return []string{"attack", "car", "cve", "d3fend", "detection", "stp", "tlp"}
}

func (l *linter) tags(list *node) {
	var seen []string
	for _, tag := range list.children {
		namespace, rest, found := strings.Cut(tag.value, ".")
		switch {
		case slices.Contains(seen, tag.value):
			l.report(tag, Style, "tag-duplicate", "the tag %q is here twice", tag.value)
		case !found || !slices.Contains(namespaces(), namespace):
			l.report(tag, Doubtful, "tag-namespace", "%q is in no known namespace (%s)%s",
				tag.value, strings.Join(namespaces(), ", "), didYouMean(namespace, namespaces()))
		case namespace == "attack" && strings.Contains(rest, "_"):
			l.report(tag, Style, "tag-underscore", "%q has underscores, write %s", tag.value, strings.ReplaceAll(tag.value, "_", "-"))
		case tag.value != strings.ToLower(tag.value):
			l.report(tag, Style, "tag-capitals", "%q has capitals, write %s", tag.value, strings.ToLower(tag.value))
		}
		seen = append(seen, tag.value)
	}
}

func (l *linter) related(list *node) {
	types := []string{"derived", "obsolete", "obsoletes", "merged", "renamed", "similar"}
	for _, element := range list.children {
		kind := element.get("type")
		if kind == nil || element.get("id") == nil {
			l.report(element, Doubtful, "related-incomplete", "related needs an id and a type")
		} else if !slices.Contains(types, kind.value) {
			l.report(kind, Doubtful, "related-type", "unknown relation %q%s", kind.value, didYouMean(kind.value, types))
		}
	}
}

func (l *linter) logSource(root *node) {
	source := root.get("logsource")
	if source == nil {
		l.report(root, Doubtful, "logsource-empty", "there is no logsource: it is about every event")
		return
	}
	if source.get("category") == nil && source.get("product") == nil && source.get("service") == nil {
		l.report(source, Doubtful, "logsource-empty", "the logsource has no category, product or service: it is about every event")
	}
}
