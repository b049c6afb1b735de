package casereport

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
)

// A graphView is the picture of entities and their links: a column for what
// comes from outside, one for who, one for where, two for with what. The
// layout depends on nothing but the entities, so that the same case always
// gives the same picture.
type graphView struct {
	Columns       []graphColumn
	Nodes         []*graphNode
	Edges         []*graphEdge
	Width, Height int
}

type graphColumn struct {
	X    int
	Name string // key of a message
}

type graphNode struct {
	X, Y  int
	Kind  entity.Kind
	Name  string
	Label string // Name, cut
	// Members counts the entities of this node, More those of all nodes that
	// are not shown.
	Members, More int

	name    string
	column  int
	outside bool
	degree  int // links to nodes that are shown
	weight  float64
	order   float64
}

type graphEdge struct {
	From, To *graphNode
	Path     string
	Level    string
}

const (
	maxInColumn   = 12 // nodes; there are five columns
	maxUnlinked   = 6  // where nothing of a column is linked
	columnWidth   = 236
	nodeWidth     = 176
	nodeHeight    = 28
	rowHeight     = 40
	graphHead     = 34
	maxLabelRunes = 21
)

var graphColumns = []struct {
	name  string
	kinds []entity.Kind
}{
	{"column.outside", []entity.Kind{entity.Address, entity.Domain, entity.URL}},
	{"column.who", []entity.Kind{entity.Account, entity.Mailbox}},
	{"column.where", []entity.Kind{entity.Host}},
	{"column.with", []entity.Kind{entity.Process, entity.Service}},
	{"column.what", []entity.Kind{entity.File}},
}

func newGraph(incidents []*incident.Incident, names hostNames) *graphView {
	g := &graphView{}
	nodes, of := graphNodes(incidents, names)
	links := linksBetween(incidents, of)
	g.choose(nodes, links)
	shown := map[*graphNode]bool{}
	for _, n := range g.Nodes {
		n.Label = n.label(names)
		shown[n] = true
	}
	for _, e := range links {
		if shown[e.From] && shown[e.To] {
			g.Edges = append(g.Edges, e)
		}
	}
	g.arrange()
	return g
}

// graphNodes are the nodes of all entities, and which entity is of which:
// processes of one program are one node, and so are files of one name.
func graphNodes(incidents []*incident.Incident, names hostNames) (nodes []*graphNode, of map[entity.Key]*graphNode) {
	byName := map[string]*graphNode{}
	of = map[entity.Key]*graphNode{}
	for _, one := range incidents {
		for _, use := range one.Entities {
			column := columnOf(use.Kind)
			if column < 0 || use.Kind == entity.Domain && names.full[strings.ToLower(use.Name)] != "" {
				continue // a name of a host is no domain of its own
			}
			name := nodeName(use.Kind, use.Name, use.Key)
			n := byName[name]
			if n == nil {
				n = &graphNode{Kind: use.Kind, Name: use.Name, name: name, column: column, outside: isOutside(&use.Entity)}
				byName[name] = n
				nodes = append(nodes, n)
			}
			if of[use.Key] == nil {
				of[use.Key] = n
				n.Members++
			}
			n.weight += (use.Weight + .2) * math.Log1p(float64(use.Count)) * float64(1+weightOf(one.Level))
		}
	}
	return nodes, of
}

// nodeName is what entities of one node have in common.
func nodeName(kind entity.Kind, name string, key entity.Key) string {
	base := strings.ToLower(baseName(name))
	switch {
	case base == "":
	case kind == entity.Process:
		return "process:" + base
	case kind == entity.File:
		return "file:" + withoutNumbers(base)
	}
	return string(key)
}

// baseName is the last part of a path.
func baseName(path string) string { return path[strings.LastIndexAny(path, `\/`)+1:] }

// longNumber is one that tells files of a row apart.
const longNumber = 3 // digits

// withoutNumbers puts a sign in the place of long numbers.
func withoutNumbers(name string) string {
	var out strings.Builder
	for name != "" {
		digits := len(name) - len(strings.TrimLeft(name, "0123456789"))
		switch {
		case digits >= longNumber:
			out.WriteString("…")
		case digits > 0:
			out.WriteString(name[:digits])
		default:
			digits = strings.IndexAny(name, "0123456789")
			if digits < 0 {
				digits = len(name)
			}
			out.WriteString(name[:digits])
		}
		name = name[digits:]
	}
	return out.String()
}

// isOutside reports whether an address, or a name, is of the world outside.
func isOutside(e *entity.Entity) bool {
	if e.Kind == entity.Address {
		address, err := netip.ParseAddr(e.Name)
		address = address.Unmap()
		return err == nil && !address.IsPrivate() && !address.IsLinkLocalUnicast() && !address.IsLoopback() && !address.IsUnspecified() && !address.IsMulticast()
	}
	return e.Kind == entity.Domain
}

func columnOf(kind entity.Kind) int {
	return slices.IndexFunc(graphColumns, func(c struct {
		name  string
		kinds []entity.Kind
	}) bool {
		return slices.Contains(c.kinds, kind)
	})
}

// linksBetween are the links between nodes, each once, of the gravest incident
// that has it.
func linksBetween(incidents []*incident.Incident, of map[entity.Key]*graphNode) []*graphEdge {
	var edges []*graphEdge
	between := map[[2]*graphNode]*graphEdge{}
	for _, one := range incidents {
		for _, link := range one.Links {
			from, to := of[link.From], of[link.To]
			if from == nil || to == nil || from == to {
				continue
			}
			e := between[[2]*graphNode{from, to}]
			if e == nil {
				e = &graphEdge{From: from, To: to, Level: one.Level}
				between[[2]*graphNode{from, to}] = e
				edges = append(edges, e)
			}
			if levelRank(one.Level) > levelRank(e.Level) {
				e.Level = one.Level
			}
		}
	}
	return edges
}

// choose keeps the nodes that matter most in each column, and counts the
// others in one. What matters depends on what else is kept: a node is worth
// more the more it is linked to others that are.
func (g *graphView) choose(nodes []*graphNode, links []*graphEdge) {
	columns := make([][]*graphNode, len(graphColumns))
	for _, n := range nodes {
		columns[n.column] = append(columns[n.column], n)
	}
	for _, column := range columns {
		slices.SortFunc(column, compareNodes)
	}
	for round := range 3 {
		kept := map[*graphNode]bool{}
		for i, column := range columns {
			most := keptOf(i, column)
			if round == 0 { // no links are counted yet
				most = min(len(column), maxInColumn)
			}
			for _, n := range column[:most] {
				kept[n] = true
			}
		}
		for _, n := range nodes {
			n.degree = 0
		}
		for _, e := range links {
			if kept[e.To] {
				e.From.degree++
			}
			if kept[e.From] {
				e.To.degree++
			}
		}
		for _, column := range columns {
			slices.SortFunc(column, compareNodes)
		}
	}
	x := 0
	for i, column := range columns {
		if len(column) == 0 {
			continue
		}
		kept := keptOf(i, column)
		if more := len(column) - kept; more > 0 {
			if kept == maxInColumn {
				kept, more = kept-1, more+1
			}
			column = append(column[:kept:kept], &graphNode{column: i, More: more, Kind: column[0].Kind})
		}
		for _, n := range column {
			n.X = x
			g.Nodes = append(g.Nodes, n)
		}
		g.Columns = append(g.Columns, graphColumn{x, graphColumns[i].name})
		x += columnWidth
	}
	g.Width = max(x-columnWidth+nodeWidth, nodeWidth)
}

// keptOf is how many nodes of a column, in their order, are shown: what is
// linked to nothing only among hosts and outsiders, or where nothing is.
func keptOf(column int, nodes []*graphNode) int {
	if graphColumns[column].name == "column.where" {
		return min(len(nodes), maxInColumn)
	}
	telling := 0
	for _, n := range nodes {
		if n.degree > 0 || n.outside {
			telling++
		}
	}
	if telling == 0 {
		telling = maxUnlinked
	}
	return min(len(nodes), telling, maxInColumn)
}

// compareNodes puts outsiders before what is inside, what is linked before what
// stands alone, and then what weighs more in grave incidents.
func compareNodes(a, b *graphNode) int {
	return cmp.Or(first(a.outside && a.degree > 0, b.outside && b.degree > 0), first(a.degree > 0, b.degree > 0), first(a.outside, b.outside),
		cmp.Compare(b.weight*float64(1+b.degree), a.weight*float64(1+a.degree)), strings.Compare(a.name, b.name))
}

// first orders what has a property before what has not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// label is a node's name, cut; of several entities with their number.
func (n *graphNode) label(names hostNames) string {
	switch {
	case n.More > 0:
		return fmt.Sprintf("+ %d", n.More)
	case n.Kind == entity.Host:
		return cutLabel(names.shortOf(n.Name), maxLabelRunes)
	case n.Members == 1 && n.Kind != entity.Process:
		return shortLabel(n.Name)
	}
	name := baseName(n.Name)
	if n.Kind == entity.File {
		name = withoutNumbers(name)
	}
	if n.Members == 1 || name == "" {
		return cutLabel(cmp.Or(name, n.Name), maxLabelRunes)
	}
	number := fmt.Sprintf(" ×%d", n.Members)
	return cutLabel(name, maxLabelRunes-len([]rune(number))) + number
}

// cutLabel cuts a name to so many characters.
func cutLabel(name string, most int) string {
	runes := []rune(shown(name))
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most-1]) + "…"
}

// shortLabel cuts a name to the width of a node; of a path the end tells most.
func shortLabel(name string) string {
	if at := strings.LastIndexAny(name, `\/`); at >= 0 && at+1 < len(name) && len(name) > maxLabelRunes {
		name = "…" + name[at:]
	}
	return cutLabel(name, maxLabelRunes)
}

// arrange orders the nodes of each column by the middle of what they are
// linked to, a few times over, and gives all their places.
func (g *graphView) arrange() {
	rows := g.columns()
	for range 6 {
		for _, column := range rows {
			for _, n := range column {
				n.order = g.middle(n)
			}
			slices.SortStableFunc(column, func(a, b *graphNode) int {
				return cmp.Or(cmp.Compare(a.More, b.More), cmp.Compare(a.order, b.order))
			})
			place(column, 0)
		}
	}
	tallest := 0
	for _, column := range rows {
		tallest = max(tallest, len(column))
	}
	for _, column := range rows {
		place(column, graphHead+(tallest-len(column))*rowHeight/2)
	}
	g.Height = graphHead + tallest*rowHeight
	for _, e := range g.Edges {
		e.Path = e.path()
	}
}

func (g *graphView) columns() [][]*graphNode {
	var rows [][]*graphNode
	for _, n := range g.Nodes {
		if len(rows) == 0 || rows[len(rows)-1][0].X != n.X {
			rows = append(rows, nil)
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], n)
	}
	for _, column := range rows {
		place(column, 0)
	}
	return rows
}

func place(column []*graphNode, top int) {
	for i, n := range column {
		n.Y = top + i*rowHeight
	}
}

func (g *graphView) middle(n *graphNode) float64 {
	sum, count := 0, 0
	for _, e := range g.Edges {
		switch n {
		case e.From:
			sum += e.To.Y
			count++
		case e.To:
			sum += e.From.Y
			count++
		}
	}
	if count == 0 {
		return math.MaxInt32 // what is linked to nothing stands below
	}
	return float64(sum) / float64(count)
}

// path is a curve from side to side, or a bow where both are in one column.
func (e *graphEdge) path() string {
	from, to := e.From, e.To
	y1, y2 := from.Y+nodeHeight/2, to.Y+nodeHeight/2
	switch {
	case from.X < to.X:
		return curve(from.X+nodeWidth, y1, to.X, y2)
	case from.X > to.X:
		return curve(from.X, y1, to.X+nodeWidth, y2)
	default:
		x := from.X + nodeWidth
		return fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x, y1, x+34, y1, x+34, y2, x, y2)
	}
}

func curve(x1, y1, x2, y2 int) string {
	half := (x2 - x1) / 2
	return fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1+half, y1, x2-half, y2, x2, y2)
}
