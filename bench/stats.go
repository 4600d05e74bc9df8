package main

import "slices"

// A spread is the median of repetitions, and the least and the most of them.
type spread struct{ median, least, most float64 }

// spreadOf returns the zero spread for no values. Of an even number, the median is the mean of
// the two in the middle.
func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	s := slices.Sorted(slices.Values(values))
	n := len(s)
	return spread{median: (s[(n-1)/2] + s[n/2]) / 2, least: s[0], most: s[n-1]}
}

// quantile returns the smallest of the sorted values that at least a share q of them does not
// exceed, and 0 for none.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := int(q*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(at, 0), len(sorted)-1)]
}
