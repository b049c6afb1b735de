package ranking

import (
	"math"
)

// An example is a choice among alternatives, of which one is right.
type example struct {
	rows   [][]float64
	truth  int
	weight float64
}

// fit finds the weights of a conditional logit model, which make the right
// alternatives likeliest, less ridge/2 times the square of each weight. The
// function is concave; Newton's method climbs it, the same way every time.
//
// Source: McFadden, Conditional logit analysis of qualitative choice behavior, 1974.
func fit(examples []example, size int, ridge float64) []float64 {
	weights := make([]float64, size)
	value := likelihood(examples, weights, ridge)
	for range 30 {
		gradient, hessian := slope(examples, weights, ridge)
		step := solve(hessian, gradient)
		next, scale := make([]float64, size), 1.0
		improved := math.Inf(-1)
		for ; scale > 1e-4; scale /= 2 {
			for j := range next {
				next[j] = weights[j] + scale*step[j]
			}
			if improved = likelihood(examples, next, ridge); improved >= value {
				break
			}
		}
		if improved < value+1e-9*math.Abs(value) {
			break
		}
		weights, value = next, improved
	}
	return weights
}

func likelihood(examples []example, weights []float64, ridge float64) float64 {
	sum := 0.0
	for _, w := range weights {
		sum -= ridge / 2 * w * w
	}
	for i := range examples {
		p := softmax(examples[i].rows, weights)
		sum += examples[i].weight * math.Log(p[examples[i].truth]+1e-300)
	}
	return sum
}

// slope is the gradient and the negative Hessian.
func slope(examples []example, weights []float64, ridge float64) ([]float64, [][]float64) {
	size := len(weights)
	gradient, hessian := make([]float64, size), make([][]float64, size)
	for j := range hessian {
		gradient[j] = -ridge * weights[j]
		hessian[j] = make([]float64, size)
		hessian[j][j] = ridge
	}
	mean := make([]float64, size)
	for i := range examples {
		e := &examples[i]
		p := softmax(e.rows, weights)
		clear(mean)
		for k, row := range e.rows {
			for j, x := range row {
				mean[j] += p[k] * x
			}
		}
		for j, x := range e.rows[e.truth] {
			gradient[j] += e.weight * (x - mean[j])
		}
		for k, row := range e.rows {
			if p[k] < 1e-9 {
				continue
			}
			for j := range row {
				d := e.weight * p[k] * (row[j] - mean[j])
				for l := range j + 1 {
					hessian[j][l] += d * (row[l] - mean[l])
				}
			}
		}
	}
	return gradient, hessian
}

// softmax gives the alternatives' probabilities.
func softmax(rows [][]float64, weights []float64) []float64 {
	p, highest := make([]float64, len(rows)), math.Inf(-1)
	for k, row := range rows {
		for j, x := range row {
			p[k] += weights[j] * x
		}
		highest = max(highest, p[k])
	}
	sum := 0.0
	for k := range p {
		p[k] = math.Exp(p[k] - highest)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return p
}

// solve solves a symmetric positive definite system, of whose matrix the lower
// half is given, by Cholesky's decomposition. The matrix is overwritten.
func solve(a [][]float64, b []float64) []float64 {
	n := len(b)
	for i := range n {
		for j := range i + 1 {
			for k := range j {
				a[i][j] -= a[i][k] * a[j][k]
			}
			if i == j {
				a[i][i] = math.Sqrt(max(a[i][i], 1e-12))
			} else {
				a[i][j] /= a[j][j]
			}
		}
	}
	x := make([]float64, n)
	for i := range n {
		x[i] = b[i]
		for k := range i {
			x[i] -= a[i][k] * x[k]
		}
		x[i] /= a[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			x[i] -= a[k][i] * x[k]
		}
		x[i] /= a[i][i]
	}
	return x
}
