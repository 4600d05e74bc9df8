package authkit

import "errors"

// maxDecisions is how often a change is decided, each time on what the store holds then.
const maxDecisions = 5

// errAgain is the answer of a decision whose grounds another request has changed meanwhile.
var errAgain = errors.New("changed meanwhile")

// again repeats a decision while it answers errAgain, at most maxDecisions times. Then it refuses
// with [CodeUnavailable].
func again[T any](decide func() (T, error)) (T, error) {
	for range maxDecisions {
		got, err := decide()
		if !errors.Is(err, errAgain) {
			return got, err
		}
	}
	var none T
	return none, unavailable(errAgain)
}
