package measures_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/measures"
)

var write = flag.Bool("write-table", false, "write the table of docs/metrics.md anew")

// table is that of docs/metrics.md.
func table() string {
	var out strings.Builder
	for _, f := range measures.All() {
		labels := "none"
		if len(f.Labels) > 0 {
			labels = "`" + strings.Join(f.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&out, "| `%s` | `%s` | `%s` | %s | %s | %s |\n", f.Prometheus, f.Name, f.Unit, f.Kind, labels, strings.TrimSuffix(f.Help, "."))
	}
	return out.String()
}

func TestTheTableOfDocsIsCurrent(t *testing.T) {
	t.Parallel()
	const file = "../../docs/metrics.md"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const head = "|---|---|---|---|---|---|\n"
	before, rest, ok := strings.Cut(string(page), head)
	got, after, ends := strings.Cut(rest, "\n`route` is")
	if !ok || !ends {
		t.Fatal("docs/metrics.md: got no table of six columns before the labels, want one")
	}
	if *write {
		if err := os.WriteFile(file, []byte(before+head+table()+"\n`route` is"+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != table() {
		t.Errorf("docs/metrics.md: got the table\n%s\nwant (go test ./internal/measures -write-table)\n%s", got, table())
	}
}

// The names follow the conventions of both systems.
func TestNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, f := range measures.All() {
		for _, name := range []string{f.Prometheus, f.Name} {
			if seen[name] {
				t.Errorf("got %s twice", name)
			}
			seen[name] = true
		}
		if f.Kind == measures.Counter != strings.HasSuffix(f.Prometheus, "_total") {
			t.Errorf("%s: got a %s, want _total at the end of a counter alone", f.Prometheus, f.Kind)
		}
		if !regexp.MustCompile(`^authkit(_[a-z]+)+$`).MatchString(f.Prometheus) || !regexp.MustCompile(`^authkit(\.[a-z_]+)+$`).MatchString(f.Name) {
			t.Errorf("got the names %s and %s, want authkit and words", f.Prometheus, f.Name)
		}
		if f.Unit == "s" && !strings.Contains(f.Prometheus, "seconds") {
			t.Errorf("%s: got no unit in the name, want seconds", f.Prometheus)
		}
		for _, label := range f.Labels {
			if !slices.Contains([]string{"route", "method", "status", "code", "limit", "verb"}, label) {
				t.Errorf("%s: got the label %s, want one whose values no stranger chooses", f.Prometheus, label)
			}
		}
		for _, s := range f.Samples(filled()) {
			if len(s.Labels) != len(f.Labels) {
				t.Errorf("%s: got the labels %v, want %v", f.Prometheus, s.Labels, f.Labels)
			}
			if s.Value == 0 {
				t.Errorf("%s: got 0, want the number that the metrics have", f.Prometheus)
			}
		}
		if len(f.Samples(filled())) == 0 {
			t.Errorf("%s: got no sample, want one", f.Prometheus)
		}
	}
}

// filled are metrics without a zero.
func filled() authkit.Metrics {
	return authkit.Metrics{
		Requests: []authkit.RequestMetrics{{Route: "/healthz", Method: "GET", Status: 200, Count: 3, Seconds: 1.5, Buckets: make([]uint64, len(authkit.MetricsBuckets)+1)}},
		SignUps:  map[string]uint64{"credentials": 1}, SignIns: map[string]uint64{"oauth": 2},
		RefusedSignIns: map[authkit.Code]uint64{authkit.CodeInvalidCredentials: 3}, SessionsStarted: 4, SessionEnds: 5,
		Refused: map[authkit.Code]uint64{authkit.CodeForbidden: 6}, Limited: map[string]uint64{"credentials/ip": 7},
		Mail:  authkit.MailMetrics{Sent: 8, FailedTries: 9, Rejected: 10, InHand: 11},
		Gate:  authkit.GateMetrics{Running: 12, Places: 13, Waiting: 14, Refused: 15},
		Store: []authkit.StoreMetrics{{Verb: "CreateUser", Calls: 16, Errors: 17, Seconds: 18}},
		Run:   authkit.RunMetrics{Running: 19, Failures: 20, LastOK: time.Unix(21, 0)},
	}
}

// metric is the name of a number in a query of Prometheus.
var metric = regexp.MustCompile(`\bauthkit_[a-z_]+`)

func TestTheDashboardAndTheDocsNameWhatThereIs(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, f := range measures.All() {
		if known[f.Prometheus] = true; f.Kind == measures.Histogram {
			known[f.Prometheus+"_bucket"], known[f.Prometheus+"_count"], known[f.Prometheus+"_sum"] = true, true, true
		}
	}
	raw, err := os.ReadFile("../../deploy/grafana/authkit.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Title  string  `json:"title"`
		Panels []panel `json:"panels"`
	}

	if err := json.Unmarshal(raw, &board); err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, p := range board.Panels {
		if p.Title == "" || p.Grid.W == 0 || p.Grid.X+p.Grid.W > 24 || len(p.Targets) == 0 {
			t.Errorf("panel %q: got %+v, want a title, a place and a query", p.Title, p)
		}
		for _, q := range p.Targets {
			names := metric.FindAllString(q.Expr, -1)
			if len(names) == 0 {
				t.Errorf("panel %q: got a query without a number of authkit: %s", p.Title, q.Expr)
			}
			for _, name := range names {
				if !known[name] {
					t.Errorf("panel %q: got %s, which docs/metrics.md does not name", p.Title, name)
				}
				shown[strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count")] = true
			}
		}
	}
	for _, f := range measures.All() {
		if !shown[f.Prometheus] {
			t.Errorf("%s: got no panel that shows it, want one", f.Prometheus)
		}
	}
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range metric.FindAllString(string(page), -1) {
		if !known[name] && name != "authkit_outbox" {
			t.Errorf("docs/metrics.md: got %s, which there is not", name)
		}
	}
}

// panel is a panel of a Grafana dashboard.
type panel struct {
	Title string `json:"title"`
	Type  string `json:"type"`
	Grid  struct {
		W int `json:"w"`
		H int `json:"h"`
		X int `json:"x"`
		Y int `json:"y"`
	} `json:"gridPos"`
	Targets []struct {
		Expr string `json:"expr"`
	} `json:"targets"`
}
