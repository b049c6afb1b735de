package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/store"
)

// namesOfHost are all names by which findings of a case name the machine that
// is meant by one: its name with or without its domain, an earlier one, or an
// address. A name that means none of the case's is an error.
func namesOfHost(kept *store.Case, meant string) ([]string, error) {
	context, err := contextOf(kept)
	if err != nil {
		return nil, err
	}
	written, err := kept.Hosts()
	if err != nil {
		return nil, err
	}
	key := func(name string) entity.Key {
		return context.Resolve(entity.Mention{Kind: entity.Host, Role: entity.At, Value: name}).Key
	}
	wanted := key(meant)
	names := []string{meant} // finds nothing where the host has no findings
	for _, name := range written {
		if key(name) == wanted {
			names = append(names, name)
		}
	}
	known := context.Hosts()
	if len(names) > 1 || slices.ContainsFunc(known, func(host entity.Entity) bool { return host.Key == wanted }) {
		return names, nil
	}
	all := map[entity.Key]string{} // one name of each machine
	for _, name := range written {
		all[key(name)] = name
	}
	for _, host := range known {
		all[host.Key] = host.Name
	}
	return nil, withHint(fmt.Errorf("no evidence of this case is of a host %q", meant), nearHosts(slices.Collect(maps.Values(all)), meant))
}

// contextOf is what a case knows of hosts and their names.
func contextOf(kept *store.Case) (*entity.Context, error) {
	context := entity.NewContext()
	data, err := kept.Context()
	if err != nil || len(data) == 0 {
		return context, err
	}
	return context, context.UnmarshalBinary(data)
}

// nearHosts names the hosts whose names are most like another.
func nearHosts(names []string, meant string) string {
	const most = 6
	first := func(name string) string {
		label, _, _ := strings.Cut(strings.ToLower(name), ".")
		return label
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 {
		return "the case has no host with a name"
	}
	meant = first(meant)
	distance := func(name string) int {
		label := first(name)
		if meant != "" && (strings.Contains(label, meant) || strings.Contains(meant, label)) {
			return 0
		}
		return edits(label[:min(len(label), maxLabel)], meant[:min(len(meant), maxLabel)])
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(distance(a), distance(b)) })
	shown := make([]string, 0, most)
	for _, name := range names[:min(len(names), most)] {
		shown = append(shown, report.Visible(name))
	}
	if len(names) > most {
		return fmt.Sprintf("the nearest of its %d hosts are %s", len(names), strings.Join(shown, ", "))
	}
	return "its hosts are " + strings.Join(shown, ", ")
}

// maxLabel is the longest label of a domain name.
const maxLabel = 63

// edits is how many letters have to be put in, left out or changed to make one
// word of another. Package sigma has the like for the words of rules; it is
// public, and this is no part of what it promises.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
