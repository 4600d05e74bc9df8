package httpio_test

import (
	"testing"

	"github.com/authkit-dev/authkit/internal/httpio"
)

func TestSameResource(t *testing.T) {
	t.Parallel()
	const place = "https://spa.example/cb?p=a"
	for other, want := range map[string]bool{
		place: true, "HTTPS://SPA.example:443/cb?p=a": true, "https://spa.example/x/../c%62?p=%61": true, "https://spa.example//cb/?p=a": true,
		"https://spa.example/cb": false, "https://spa.example/cb?p=b": false, "https://spa.example/CB?p=a": false,
		"https://spa.example:444/cb?p=a": false, "http://spa.example/cb?p=a": false, "https://www.spa.example/cb?p=a": false,
	} {
		if got := httpio.SameResource(place, other); got != want || httpio.SameResource(other, place) != want {
			t.Errorf("SameResource(%q, %q): got %v, want %v", place, other, got, want)
		}
	}
}

func TestBelow(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"https://a.example/id/auth/callback/x": true, "https://A.example:443/id/x/..//auth/%63allback/x": true, "https://a.example/id/auth/callback": true,
		"https://a.example/id/auth/callbacks": false, "https://a.example/auth/callback/x": false, "https://b.example/id/auth/callback/x": false,
		"https://a.example/id/auth/callback/../x": false,
	} {
		if got := httpio.Below(s, "https://a.example/id/auth/callback/"); got != want {
			t.Errorf("Below(%q): got %v, want %v", s, got, want)
		}
	}
}
