package detect

import "iter"

// merge yields what two ordered streams hold as one ordered stream; of what is
// equal, the first stream's first. It ends at the first error.
func merge[T any](first, second iter.Seq2[T, error], compare func(a, b T) int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		next, stop := iter.Pull2(second)
		defer stop()
		other, failed, more := next()
		for f, err := range first {
			for err == nil && more && (failed != nil || compare(other, f) < 0) {
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
