package casereport

import (
	"cmp"
	"fmt"
	"math"
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
	// More counts entities that stand together in this node.
	More   int
	Levels string // the gravest incident it is in

	key    entity.Key
	column int
	linked bool
	weight float64
	order  float64
}

type graphEdge struct {
	From, To *graphNode
	Kinds    []string
	Path     string
	Level    string
}

const (
	maxInColumn   = 12 // nodes; there are five columns
	maxUnlinked   = 6  // fewer, where what is more is linked to nothing
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
	nodes := graphNodes(incidents)
	linked := connect(nodes, incidents)
	g.choose(nodes, linked)
	shown := map[entity.Key]*graphNode{}
	for _, n := range g.Nodes {
		if n.Kind == entity.Host && n.More == 0 {
			n.Label = shortLabel(names.shortOf(n.Name))
		}
		shown[n.key] = n
	}
	g.edges(incidents, shown)
	g.arrange()
	return g
}

func graphNodes(incidents []*incident.Incident) map[entity.Key]*graphNode {
	nodes := map[entity.Key]*graphNode{}
	for _, one := range incidents {
		for _, use := range one.Entities {
			n := nodes[use.Key]
			if n == nil {
				n = &graphNode{Kind: use.Kind, Name: use.Name, key: use.Key, column: columnOf(use.Kind), Levels: one.Level}
				nodes[use.Key] = n
			}
			n.weight += (use.Weight + .2) * math.Log1p(float64(use.Count)) * float64(1+weightOf(one.Level))
		}
	}
	return nodes
}

func columnOf(kind entity.Kind) int {
	return slices.IndexFunc(graphColumns, func(c struct {
		name  string
		kinds []entity.Kind
	}) bool {
		return slices.Contains(c.kinds, kind)
	})
}

// connect counts the links of each node: what is linked says more.
func connect(nodes map[entity.Key]*graphNode, incidents []*incident.Incident) map[entity.Key]int {
	linked := map[entity.Key]int{}
	for _, one := range incidents {
		for _, link := range one.Links {
			if nodes[link.From] != nil && nodes[link.To] != nil {
				linked[link.From]++
				linked[link.To]++
			}
		}
	}
	return linked
}

// choose keeps the nodes that matter most in each column, and puts the others
// of the column into one.
func (g *graphView) choose(nodes map[entity.Key]*graphNode, linked map[entity.Key]int) {
	byColumn := make([][]*graphNode, len(graphColumns))
	for _, n := range nodes {
		if n.column < 0 {
			continue
		}
		n.linked = linked[n.key] > 0
		byColumn[n.column] = append(byColumn[n.column], n)
	}
	x := 0
	for i, column := range byColumn {
		if len(column) == 0 {
			continue
		}
		slices.SortFunc(column, func(a, b *graphNode) int {
			return cmp.Or(compareLinked(a, b), cmp.Compare(b.weight, a.weight), cmp.Compare(a.key, b.key))
		})
		most := min(maxInColumn, max(countLinked(column), maxUnlinked))
		if column[0].Kind == entity.Host {
			most = maxInColumn
		}
		if len(column) > most {
			rest := &graphNode{column: i, More: len(column) - most + 1, Label: fmt.Sprintf("+ %d", len(column)-most+1), key: "+", Kind: column[0].Kind}
			column = append(column[:most-1:most-1], rest)
		}
		for _, n := range column {
			n.X = x
			if n.More == 0 {
				n.Label = shortLabel(n.Name)
			}
			g.Nodes = append(g.Nodes, n)
		}
		g.Columns = append(g.Columns, graphColumn{x, graphColumns[i].name})
		x += columnWidth
	}
	g.Width = max(x-columnWidth+nodeWidth, nodeWidth)
}

// compareLinked puts what is linked before what stands alone.
func compareLinked(a, b *graphNode) int {
	switch {
	case a.linked == b.linked:
		return 0
	case a.linked:
		return -1
	}
	return 1
}

func countLinked(column []*graphNode) int {
	count := 0
	for _, n := range column {
		if n.linked {
			count++
		}
	}
	return count
}

// shortLabel cuts a name to the width of a node; of a path the end tells most.
func shortLabel(name string) string {
	if at := strings.LastIndexAny(name, `\/`); at >= 0 && at+1 < len(name) && len(name) > maxLabelRunes {
		name = "…" + name[at:]
	}
	runes := []rune(shown(name))
	if len(runes) <= maxLabelRunes {
		return string(runes)
	}
	return string(runes[:maxLabelRunes-1]) + "…"
}

func (g *graphView) edges(incidents []*incident.Incident, shown map[entity.Key]*graphNode) {
	between := map[[2]entity.Key]*graphEdge{}
	for _, one := range incidents {
		for _, link := range one.Links {
			from, to := shown[link.From], shown[link.To]
			if from == nil || to == nil || from == to {
				continue
			}
			id := [2]entity.Key{link.From, link.To}
			e := between[id]
			if e == nil {
				e = &graphEdge{From: from, To: to, Level: one.Level}
				between[id] = e
				g.Edges = append(g.Edges, e)
			}
			if !slices.Contains(e.Kinds, link.Kind) {
				e.Kinds = append(e.Kinds, link.Kind)
			}
		}
	}
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
