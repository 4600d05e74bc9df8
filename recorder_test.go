package authkit_test

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The recorder writes down what the handler answers in every test, so that the outside
// behaviour before and after a change of structure can be compared:
//
//	go test -run . -count 1 . -args -record /tmp/before
//	go test -run . -count 1 . -args -record /tmp/after
//	diff -r /tmp/before /tmp/after
//
// A file holds the exchanges of one test. If a test sends requests from several goroutines at
// once, its exchanges are sorted, because their order varies.
var recordInto = flag.String("record", "", "write every exchange of the tests into this folder")

// recorded lists the parts of an exchange that vary from run to run, and what replaces them.
// The order matters: the first that matches is taken.
var recorded = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`), "<jwt>"},
	{regexp.MustCompile(`\b(rt|ak|st)_[A-Za-z0-9_-]{20,}`), "<${1}>"},
	{regexp.MustCompile(`"hint":"[^"]*"`), `"hint":<hint>`},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "<id>"},
	{regexp.MustCompile(`127\.0\.0\.1(:|%3A)\d{4,5}`), "<loopback>"},
	{regexp.MustCompile(`(: |"|=)\d{6}("|\s|$)`), "${1}<code>${2}"},
	{regexp.MustCompile(`[A-Za-z0-9_+-]{22,}`), "<secret>"},

	// Of what began at the same moment, the ids decide the order.
	{regexp.MustCompile(`"current":(true|false)`), `"current":<either>`},
	{regexp.MustCompile(`"app_id":"<id>","name":"(Demo|Other)"`), `"app_id":"<id>","name":<either>`},
}

// stable returns text without what varies from run to run.
func stable(text string) string {
	for _, r := range recorded {
		text = r.what.ReplaceAllString(text, r.as)
	}
	return text
}

// recordings holds the exchanges of the running tests, by test.
var recordings = struct {
	sync.Mutex

	of map[string][]string
}{of: map[string][]string{}}

// record keeps an exchange. It writes all exchanges of a test when the test ends.
func record(t *testing.T, r *http.Request, got *httptest.ResponseRecorder) {
	t.Helper()
	if *recordInto == "" {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n%d\n", r.Method, r.URL, got.Code)
	for _, name := range slices.Sorted(maps.Keys(got.Header())) {
		fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(got.Header()[name], ", "))
	}
	fmt.Fprintf(&b, "\n%s\n\n", got.Body)
	recordings.Lock()
	defer recordings.Unlock()
	name := t.Name()
	if recordings.of[name] == nil {
		t.Cleanup(func() { writeRecording(t, name) })
	}
	recordings.of[name] = append(recordings.of[name], stable(b.String()))
}

func writeRecording(t *testing.T, name string) {
	t.Helper()
	recordings.Lock()
	exchanges := recordings.of[name]
	recordings.Unlock()
	slices.Sort(exchanges)
	file := filepath.Join(*recordInto, strings.NewReplacer("/", "__", " ", "_").Replace(name)+".txt")
	if err := os.MkdirAll(*recordInto, 0o755); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(file, []byte(strings.Join(exchanges, "")), 0o600); err != nil {
		t.Error(err)
	}
}
