package detect

import "github.com/kulla-defence/kulla/sigma"

func newFast(rules []*sigma.Rule, taxonomy *sigma.Taxonomy) compiled {
	return newPlain(rules, taxonomy)
}
