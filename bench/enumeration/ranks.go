package main

import (
	"math"
	"slices"
	"time"
)

// ranking is the result of the Mann-Whitney U test for two samples. The AUC is U divided by the
// number of pairs: the probability that a time of the first sample is longer than one of the
// second, where ties count half. It is 0.5 if the samples do not differ.
type ranking struct {
	auc, low, high float64 // low to high: the 95 % interval
}

// rank compares the samples. The interval comes from the variance of the placements (DeLong,
// DeLong and Clarke-Pearson, Biometrics 44, 1988), which assumes no distribution of the times.
func rank(a, b []time.Duration) ranking {
	placesA, placesB := placements(a, b), placements(b, a)
	auc := mean(placesA)
	half := 1.96 * math.Sqrt(variance(placesA)/float64(len(a))+variance(placesB)/float64(len(b)))
	return ranking{auc, max(auc-half, 0), min(auc+half, 1)}
}

// placements returns for each x the share of ys that is shorter, where ties count half.
func placements(xs, ys []time.Duration) []float64 {
	sorted := slices.Sorted(slices.Values(ys))
	out := make([]float64, len(xs))
	for i, x := range xs {
		below, _ := slices.BinarySearch(sorted, x)
		upTo, _ := slices.BinarySearch(sorted, x+1)
		out[i] = float64(below+upTo) / 2 / float64(len(ys))
	}
	return out
}

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(len(xs))
}

func variance(xs []float64) float64 {
	if len(xs) < 2 {
		return 0
	}
	m, sum := mean(xs), 0.0
	for _, x := range xs {
		sum += (x - m) * (x - m)
	}
	return sum / float64(len(xs)-1)
}

func median(xs []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(xs))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
