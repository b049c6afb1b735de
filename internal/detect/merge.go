package detect

import "iter"

// merge yields what two ordered streams hold as one ordered stream; of what is
// equal, the first stream's. It ends at the first error.
func merge(first, second iter.Seq2[*Finding, error]) iter.Seq2[*Finding, error] {
	return func(yield func(*Finding, error) bool) {
		next, stop := iter.Pull2(second)
		defer stop()
		other, failed, more := next()
		for f, err := range first {
			for err == nil && more && (failed != nil || compareFindings(other, f) < 0) {
				if !yield(other, failed) || failed != nil {
					return
				}
				other, failed, more = next()
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
		for more && yield(other, failed) && failed == nil {
			other, failed, more = next()
		}
	}
}
