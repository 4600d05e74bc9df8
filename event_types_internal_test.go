package authkit

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// A webhook can name every type that is kept.
func TestEveryEventHasAType(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("event_types.go")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, m := range regexp.MustCompile(`\n\tEvent\w+\s+= "([a-z_.]+)"`).FindAllStringSubmatch(string(source), -1) {
		if m[1] != EventForwardedHeader { // the observer alone is told of it
			want = append(want, m[1])
		}
	}
	if !slices.Equal(eventTypes, want) {
		t.Errorf("got %q, want the types that there are: %q", eventTypes, want)
	}
}
