package knowledge

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	inReference = regexp.MustCompile(`\((\d{4})(?:,\s*([A-Za-z]+)\.?(?:\s+(\d{1,2}))?)?[^)]*\)`)
	inAddress   = regexp.MustCompile(`/(20\d\d)/(?:(\d\d)/(?:(\d\d)/)?)?`)
)

// citationNames lists the names in "(Citation: NAME)".
func citationNames(text string) []string {
	var names []string
	for {
		_, rest, ok := strings.Cut(text, "(Citation:")
		if !ok {
			return names
		}
		end := closing(rest)
		if name := strings.TrimSpace(rest[:end]); name != "" && len(name) <= 300 {
			names = append(names, name)
		}
		text = rest[end:]
	}
}

// closing is where the bracket that is open before text is closed: a name may
// have brackets of its own.
func closing(text string) int {
	open := 1
	for i := range len(text) {
		switch text[i] {
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				return i
			}
		}
	}
	return len(text)
}

func orderedCitations(byName map[string]Citation) []Citation {
	list := make([]Citation, 0, len(byName))
	for _, citation := range byName {
		list = append(list, citation)
	}
	slices.SortFunc(list, func(a, b Citation) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// publishedAt reads the date of a report: from its reference, "MSTIC. (2022,
// September 8). Title …", else from its address, ".../2022/09/08/...". The day
// or month is the first where it is not given; the date zero where no year is.
func publishedAt(r attackReference) time.Time {
	if m := inReference.FindStringSubmatch(r.Description); m != nil {
		if at, ok := citedDate(m[1], m[2], m[3]); ok {
			return at
		}
	}
	if m := inAddress.FindStringSubmatch(r.URL); m != nil {
		if at, ok := citedDate(m[1], m[2], m[3]); ok {
			return at
		}
	}
	return time.Time{}
}

// citedDate takes a month as a name or a number; what is absent is the first.
func citedDate(year, month, day string) (time.Time, bool) {
	y, err := strconv.Atoi(year)
	if err != nil || y < 1980 || y > 2100 {
		return time.Time{}, false
	}
	m, d := 1, 1
	if n, err := strconv.Atoi(month); err == nil && 1 <= n && n <= 12 {
		m = n
	} else if i := slices.Index(months, strings.ToLower(month[:min(3, len(month))])); i >= 0 {
		m = i + 1
	}
	if n, err := strconv.Atoi(day); err == nil && 1 <= n && n <= 31 {
		d = n
	}
	return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC), true
}

var months = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
