package detect

import "github.com/kulla-defence/kulla/sigma"

// fast is the compiled matcher of package sigma.
type fast struct{ matcher *sigma.Matcher }

func newFast(rules []*sigma.Rule, taxonomy *sigma.Taxonomy) compiled {
	return &fast{sigma.Compile(rules, taxonomy)}
}

func (f *fast) session() session { return f.matcher.NewSession() }

func (f *fast) unreachable(sessions []session) map[int]string {
	all := make([]*sigma.Session, len(sessions))
	for i, s := range sessions {
		all[i] = s.(*sigma.Session)
	}
	return f.matcher.Unreachable(all...)
}
