package main

import "testing"

func TestSpread(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		values []float64
		want   spread
	}{
		"no values have no spread":                  {nil, spread{}},
		"one value is all three":                    {[]float64{4}, spread{4, 4, 4}},
		"the middle of three, in any order":         {[]float64{9, 1, 5}, spread{5, 1, 9}},
		"the mean of the middle two of an even set": {[]float64{8, 1, 2, 4}, spread{3, 1, 8}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := spreadOf(test.values); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i + 1)
	}
	for name, test := range map[string]struct {
		sorted []float64
		q      float64
		want   float64
	}{
		"nothing has no quantile":       {nil, 0.5, 0},
		"one value is every quantile":   {[]float64{3}, 0.99, 3},
		"half of a hundred":             {hundred, 0.5, 50},
		"the 99th of a hundred":         {hundred, 0.99, 99},
		"the whole is the greatest one": {hundred, 1, 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := quantile(test.sorted, test.q); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0: "–", 0.25: "0.25", 1.04: "1.0", 9.96: "10", 84.4: "84", 999.7: "1,000", 5990: "5,990", 1234567: "1,234,567", 1000000: "1,000,000"} {
		if got := number(v); got != want {
			t.Errorf("got %q of %v, want %q", got, v, want)
		}
	}
}
