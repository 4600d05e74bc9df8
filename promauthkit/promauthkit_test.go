package promauthkit_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/internal/measures"
	"github.com/authkit-dev/authkit/promauthkit"
)

func Example() {
	var engine *authkit.Engine // made by authkit.New
	registry := prometheus.NewRegistry()
	registry.MustRegister(promauthkit.New(engine))
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	fmt.Println("ready")
	// Output: ready
}

// used returns an engine that has served a few requests.
func used(t *testing.T) *authkit.Engine {
	t.Helper()
	kit := authkittest.New(t)
	h := kit.Engine.Handler()
	for _, r := range []struct{ method, path, body string }{
		{"GET", "/healthz", ""}, {"GET", "/no/such/path", ""}, {"BREW", "/healthz", ""},
		{"POST", "/auth/credentials/" + kit.App.ID.String(), `{"email":"ann@example.com","password":"a long enough passphrase"}`},
		{"POST", "/auth/credentials/" + kit.App.ID.String(), `{"email":"ann@example.com","password":"another long passphrase"}`},
	} {
		req := httptest.NewRequestWithContext(t.Context(), r.method, r.path, strings.NewReader(r.body))
		if r.body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		h.ServeHTTP(httptest.NewRecorder(), req)
	}
	if err := kit.Engine.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	return kit.Engine
}

// scrape serves the numbers as a host does, and reads them with Prometheus' own parser.
func scrape(t *testing.T, engine *authkit.Engine) map[string]*dto.MetricFamily {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(promauthkit.New(engine))
	if faults, err := testutil.GatherAndLint(registry); err != nil || len(faults) > 0 {
		t.Errorf("lint: got %v, %v, want no fault", faults, err)
	}
	server := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("got %d, %v, want 200\n%s", res.StatusCode, err, text)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(text)))
	if err != nil {
		t.Fatalf("parse: %v\n%s", err, text)
	}
	return families
}

// value returns the value of one series; of a histogram, how many there were.
func value(family *dto.MetricFamily, labels string) (float64, bool) {
	for _, m := range family.GetMetric() {
		var have []string
		for _, l := range m.GetLabel() {
			have = append(have, l.GetName()+"="+l.GetValue())
		}
		if strings.Join(have, " ") == labels {
			return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount()), true
		}
	}
	return 0, false
}

func TestPrometheusReadsTheNumbers(t *testing.T) {
	t.Parallel()
	families := scrape(t, used(t))
	for _, want := range []struct {
		name, labels string
		value        float64
	}{
		{"authkit_request_duration_seconds", "method=GET route=/healthz status=200", 1},
		{"authkit_request_duration_seconds", "method=GET route=(none) status=404", 1},
		{"authkit_request_duration_seconds", "method=other route=/healthz status=405", 1},
		{"authkit_request_duration_seconds", "method=POST route=/auth/credentials/{app_id} status=201", 1},
		{"authkit_request_duration_seconds", "method=POST route=/auth/credentials/{app_id} status=401", 1},
		{"authkit_sign_ups_total", "method=credentials", 1},
		{"authkit_sign_ins_refused_total", "code=invalid_credentials", 1},
		{"authkit_refusals_total", "code=invalid_credentials", 1},
		{"authkit_refusals_total", "code=not_found", 1},
		{"authkit_sessions_started_total", "", 1},
		{"authkit_mails_sent_total", "", 1},
		{"authkit_store_calls_total", "verb=CreateUser", 1},
		{"authkit_store_errors_total", "verb=CreateUser", 0},
		{"authkit_runs", "", 0},
	} {
		if got, ok := value(families[want.name], want.labels); !ok || got != want.value {
			t.Errorf("%s{%s}: got %v, %v, want %v", want.name, want.labels, got, ok, want.value)
		}
	}
	for _, f := range measures.All() {
		family := families[f.Prometheus]
		if family == nil && len(f.Labels) == 0 {
			t.Errorf("%s: got no number, want one", f.Prometheus)
		}
		if kind := strings.ToLower(family.GetType().String()); family != nil && kind != string(f.Kind) {
			t.Errorf("%s: got a %s, want a %s", f.Prometheus, kind, f.Kind)
		}
		delete(families, f.Prometheus)
	}
	for name := range families {
		t.Errorf("got %s, which the docs do not name", name)
	}
}

// Each bucket holds those below it, as Prometheus wants it.
func TestBucketsAreCumulative(t *testing.T) {
	t.Parallel()
	for _, m := range scrape(t, used(t))["authkit_request_duration_seconds"].GetMetric() {
		last := uint64(0)
		for _, b := range m.GetHistogram().GetBucket() {
			if b.GetCumulativeCount() < last {
				t.Errorf("got %d in the bucket of %v after %d, want no fewer", b.GetCumulativeCount(), b.GetUpperBound(), last)
			}
			last = b.GetCumulativeCount()
		}
		if got := m.GetHistogram().GetSampleCount(); got != last {
			t.Errorf("got %d in all buckets, want %d", last, got)
		}
	}
}
