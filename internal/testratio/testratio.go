// Package testratio compares the speed of a function with that of a yardstick, in benchmarks.
//
//	testratio.Compare(b, func() { … }, testratio.Signature(b))
package testratio

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"math"
	"testing"
	"time"
)

// turn is how many calls of one function follow each other.
const turn = 32

// Compare calls both functions in turns, so that a change of the machine's speed hits both. It
// reports the time of a call in the fastest turn of each, and their ratio: what else the machine
// does makes a turn slower, never faster.
func Compare(b *testing.B, f, yardstick func()) {
	b.Helper()
	b.ReportMetric(testing.AllocsPerRun(turn, f), "allocs/call")
	least, leastYardstick := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for b.Loop() {
		least = min(least, timed(f))
		leastYardstick = min(leastYardstick, timed(yardstick))
	}
	b.ReportMetric(0, "ns/op") // of both together
	b.ReportMetric(float64(least)/turn, "ns/call")
	b.ReportMetric(float64(leastYardstick)/turn, "ns/yardstick")
	b.ReportMetric(float64(least)/float64(leastYardstick), "ratio")
}

func timed(f func()) time.Duration {
	begin := time.Now()
	for range turn {
		f()
	}
	return time.Since(begin)
}

// Signature returns the check of one ES256 signature over a digest, and nothing else.
func Signature(b *testing.B) func() {
	b.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	digest := make([]byte, 32)
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest)
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		if !ecdsa.VerifyASN1(&key.PublicKey, digest, signature) {
			b.Fatal("got false, want true")
		}
	}
}
