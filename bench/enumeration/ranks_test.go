package main

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestRank(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a, b []time.Duration
		auc  float64
	}{
		"all of the first are longer":  {[]time.Duration{4, 5, 6}, []time.Duration{1, 2, 3}, 1},
		"all of the first are shorter": {[]time.Duration{1, 2, 3}, []time.Duration{4, 5, 6}, 0},
		"ties count by half":           {[]time.Duration{2, 2}, []time.Duration{2, 2}, 0.5},
		"in turn":                      {[]time.Duration{1, 4}, []time.Duration{2, 3}, 0.5},
		"of several lengths":           {[]time.Duration{3}, []time.Duration{1, 2, 3, 4}, 0.625},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := rank(c.a, c.b); math.Abs(got.auc-c.auc) > 1e-9 || got.low > got.auc || got.high < got.auc {
				t.Errorf("got %+v, want an AUC of %v within its interval", got, c.auc)
			}
		})
	}
}

// The interval contains the true value about 95 times in a hundred. For samples of the same
// distribution, half of it is near the theory of the test: 1.96·√((n+m+1)/12nm).
func TestIntervalOfTheRank(t *testing.T) {
	t.Parallel()
	const n, rounds = 100, 400
	random := rand.New(rand.NewPCG(1, 2)) // the same each time
	draw := func() []time.Duration {
		out := make([]time.Duration, n)
		for i := range out {
			out[i] = time.Duration(random.ExpFloat64() * 1e6)
		}
		return out
	}
	held, half := 0, 0.0
	for range rounds {
		r := rank(draw(), draw())
		if r.low <= 0.5 && 0.5 <= r.high {
			held++
		}
		half += (r.high - r.low) / 2 / rounds
	}
	if held < rounds*92/100 || held > rounds*98/100 {
		t.Errorf("intervals with the truth in them: got %d of %d, want about 95 %%", held, rounds)
	}
	if want := 1.96 * math.Sqrt((2.0*n+1)/(12*n*n)); math.Abs(half-want) > want/20 {
		t.Errorf("half an interval: got %.4f, want about %.4f", half, want)
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	if got := median([]time.Duration{9, 1, 5}); got != 5 {
		t.Errorf("odd: got %d, want 5", got)
	}
	if got := median([]time.Duration{9, 1, 5, 7}); got != 6 {
		t.Errorf("even: got %d, want 6", got)
	}
}
