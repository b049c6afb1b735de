package attribution

import "github.com/kulla-defence/kulla/internal/knowledge"

// Assess weighs items against all actors of the base. It is a pure function:
// the order of items does not matter.
func Assess(base *knowledge.Base, items []Item, options Options) *Assessment {
	return &Assessment{Cluster: options.Cluster, Knowledge: options.Knowledge, Items: items}
}
