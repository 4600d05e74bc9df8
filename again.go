package authkit

import "errors"

// maxDecisions is how often a change is decided, each time by the current data of the store.
const maxDecisions = 5

// errAgain is the error of a decision whose data another request has changed in the meantime.
var errAgain = errors.New("changed meanwhile")

// again repeats a decision while it returns errAgain, at most maxDecisions times. Then it refuses
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
