package authkit_test

import (
	"maps"
	"regexp"
	"testing"

	"github.com/authkit-dev/authkit"
)

// This test compares the tables of docs/doctor.md with the kinds of findings: every code, with its
// severity, its reason and its fix, word for word.
func TestDocsNameEveryFinding(t *testing.T) {
	t.Parallel()
	got := map[string]authkit.KindOfFinding{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (\\w+) \\| [^|]+ \\| ([^|]+) \\| ([^|]+) \\|$").FindAllStringSubmatch(read(t, "docs/doctor.md"), -1) {
		if _, twice := got[m[1]]; twice {
			t.Errorf("docs/doctor.md: got %s twice", m[1])
		}
		got[m[1]] = authkit.KindOfFinding{Severity: m[2], Why: m[3], Fix: m[4]}
	}
	want := authkit.KindsOfFindings()
	if maps.Equal(got, want) {
		return
	}
	for code, kind := range want {
		if got[code] != kind {
			t.Errorf("docs/doctor.md: got for %s\n%+v, want\n%+v", code, got[code], kind)
		}
	}
	for code := range got {
		if _, ok := want[code]; !ok {
			t.Errorf("docs/doctor.md: got %s, and there is no such finding", code)
		}
	}
}
