package e2e_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/measures"
	"github.com/authkit-dev/authkit/otelauthkit"
)

// TestAnOTLPReceiverGetsTheNumbers lets people sign up, in and out, and sends the numbers as a host does:
// by the exporter of OpenTelemetry's SDK. What arrives has the names, units, kinds and labels of
// docs/metrics.md, and the values of Engine.Metrics.
func TestAnOTLPReceiverGetsTheNumbers(t *testing.T) {
	t.Parallel()
	w := setup(t, subpath, func(c *authkit.Config) { c.Limits.Credentials = "8/h/ip" })
	busy(w)
	received := exported(t, w.engine)

	rows := documented(t)
	if got, want := slices.Sorted(maps.Keys(received)), slices.Sorted(maps.Keys(rows)); !slices.Equal(got, want) {
		t.Errorf("names: got %q, want those of docs/metrics.md: %q", got, want)
	}
	for name, m := range received {
		if got, want := rowOf(m), rows[name]; got != want {
			t.Errorf("%s: got %+v, want what docs/metrics.md says: %+v", name, got, want)
		}
	}
	numbers := w.engine.Metrics()
	for _, f := range measures.All() {
		want := map[string]float64{}
		for _, s := range f.Samples(numbers) {
			var labels []string
			for i, label := range f.Labels {
				labels = append(labels, label+"="+s.Labels[i])
			}
			want[strings.Join(labels, " ")] = s.Value
		}
		if got := valuesOf(received[f.Name]); !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", f.Name, got, want)
		}
	}
	for series, want := range map[[2]string]float64{
		{"authkit.sign_ups", "method=credentials"}:               2,
		{"authkit.sign_ins", "method=credentials"}:               6, // one of the developer, and five until the limit
		{"authkit.sign_ins.refused", "code=invalid_credentials"}: 1,
		{"authkit.limits.exhausted", "limit=credentials/ip"}:     1,
		{"authkit.sessions.started", ""}:                         8,
		{"authkit.session.ends", ""}:                             1,
		{"authkit.mails.sent", ""}:                               2,
		{"authkit.mails.failed", ""}:                             0,
		{"authkit.gate.places", ""}:                              float64(numbers.Gate.Places),
		{"authkit.refusals", "code=rate_limited"}:                1,
		{"authkit.run.last_success", ""}:                         float64(w.clock.Now().UnixMilli()) / 1000,
		{"authkit.run.failures", ""}:                             0,
	} {
		if got, ok := valuesOf(received[series[0]])[series[1]]; !ok || got != want {
			t.Errorf("%s{%s}: got %v (there: %v), want %v", series[0], series[1], got, ok, want)
		}
	}
	checkDurations(t, received["authkit.request.duration"], numbers)
}

// busy makes each number of docs/metrics.md that has labels have a series.
func busy(w *world) {
	w.t.Helper()
	try := func(email, word, intent string) answer {
		return w.send("POST", w.at("/auth/credentials"), `{"email":"`+email+`","password":"`+word+`","intent":"`+intent+`"}`)
	}
	try("ann@example.com", password, "sign_up").want(w.t, 201, "")
	try("bob@example.com", password, "sign_up").want(w.t, 201, "")
	token := try("ann@example.com", password, "sign_in").want(w.t, 200, "").text("token")
	try("ann@example.com", "quite another passphrase", "sign_in").want(w.t, 401, "invalid_credentials")
	w.send("POST", w.at("/auth/sign-out"), `{}`, bearer(token)).want(w.t, 204, "")
	for range 20 {
		if try("ann@example.com", password, "sign_in").status == http.StatusTooManyRequests {
			break
		}
	}
	w.work(w.t)
}

// exported sends the numbers of an engine once, and returns what a receiver has got, by name.
func exported(t *testing.T, engine *authkit.Engine) map[string]pmetric.Metric {
	t.Helper()
	arrived := make(chan pmetric.Metrics, 8)
	receiver := httptest.NewServer(collector{t, arrived})
	t.Cleanup(receiver.Close)
	exporter, err := otlpmetrichttp.New(t.Context(), otlpmetrichttp.WithEndpointURL(receiver.URL+"/v1/metrics"), otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression))
	if err != nil {
		t.Fatal(err)
	}
	provider := metric.NewMeterProvider(metric.WithReader(metric.NewPeriodicReader(exporter, metric.WithProducer(otelauthkit.New(engine)))))
	if err := provider.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := <-arrived
	if err := provider.Shutdown(t.Context()); err != nil { // sends them again
		t.Error(err)
	}
	out := map[string]pmetric.Metric{}
	for _, resource := range got.ResourceMetrics().All() {
		for _, scope := range resource.ScopeMetrics().All() {
			if name := scope.Scope().Name(); name != "github.com/authkit-dev/authkit/otelauthkit" {
				t.Errorf("scope: got %q, want the package", name)
			}
			for _, m := range scope.Metrics().All() {
				out[m.Name()] = m
			}
		}
	}
	return out
}

// collector takes metrics as an OpenTelemetry collector does by OTLP/HTTP, in protobuf. The collector's own
// package decodes them.
type collector struct {
	t       *testing.T
	arrived chan<- pmetric.Metrics
}

func (c collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if at := r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type"); at != "POST /v1/metrics application/x-protobuf" {
		c.t.Errorf("request: got %s", at)
	}
	body, err := gzip.NewReader(r.Body)
	if err != nil {
		c.t.Error(err)
		return
	}
	raw, err := io.ReadAll(body)
	request := pmetricotlp.NewExportRequest()
	if err == nil {
		err = request.UnmarshalProto(raw)
	}
	if err != nil {
		c.t.Errorf("body: got %v", err)
		http.Error(w, "no OTLP", http.StatusBadRequest)
		return
	}
	done, err := pmetricotlp.NewExportResponse().MarshalProto()
	if err != nil {
		c.t.Error(err)
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(done)
	c.arrived <- request.Metrics()
}

// row is what docs/metrics.md says of a number.
type row struct{ unit, kind, labels string }

// documented returns the rows of docs/metrics.md by the name in OpenTelemetry.
func documented(t *testing.T) map[string]row {
	t.Helper()
	page, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]row{}
	for _, m := range regexp.MustCompile("(?m)^\\| `authkit_[a-z_]+` \\| `([a-z._]+)` \\| `([^`]+)` \\| ([a-z]+) \\| ([^|]+) \\|").FindAllStringSubmatch(string(page), -1) {
		labels := strings.Split(strings.ReplaceAll(m[4], "`", ""), ", ")
		slices.Sort(labels)
		out[m[1]] = row{unit: m[2], kind: m[3], labels: strings.Join(labels, " ")}
	}
	if len(out) < 20 {
		t.Fatalf("docs/metrics.md: got %d rows, want the table", len(out))
	}
	return out
}

// rowOf describes a number that was received.
func rowOf(m pmetric.Metric) row {
	out := row{unit: m.Unit(), kind: "none", labels: "none"}
	var first pcommon.Map
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		out.kind, first = "gauge", m.Gauge().DataPoints().At(0).Attributes()
	case pmetric.MetricTypeSum:
		first = m.Sum().DataPoints().At(0).Attributes()
		if m.Sum().IsMonotonic() && m.Sum().AggregationTemporality() == pmetric.AggregationTemporalityCumulative {
			out.kind = "counter"
		}
	case pmetric.MetricTypeHistogram:
		first = m.Histogram().DataPoints().At(0).Attributes()
		if m.Histogram().AggregationTemporality() == pmetric.AggregationTemporalityCumulative {
			out.kind = "histogram"
		}
	default:
		return out
	}
	if first.Len() > 0 {
		out.labels = strings.Join(slices.Sorted(maps.Keys(labelsOf(first))), " ")
	}
	return out
}

// labelsOf are the attributes without the prefix, which each of them has.
func labelsOf(attributes pcommon.Map) map[string]string {
	out := map[string]string{}
	for name, value := range attributes.All() {
		short, ok := strings.CutPrefix(name, "authkit.")
		if !ok {
			short = "(without authkit.) " + name
		}
		out[short] = value.AsString()
	}
	return out
}

// valuesOf are the values of a number by their labels; of a histogram the sums.
func valuesOf(m pmetric.Metric) map[string]float64 {
	out := map[string]float64{}
	put := func(attributes pcommon.Map, value float64) {
		labels, parts := labelsOf(attributes), []string(nil)
		for _, name := range []string{"route", "method", "status", "code", "limit", "verb"} { // as the table has them
			if value, ok := labels[name]; ok {
				parts = append(parts, name+"="+value)
			}
		}
		out[strings.Join(parts, " ")] = value
	}
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		for _, p := range m.Gauge().DataPoints().All() {
			put(p.Attributes(), p.DoubleValue())
		}
	case pmetric.MetricTypeSum:
		for _, p := range m.Sum().DataPoints().All() {
			put(p.Attributes(), p.DoubleValue())
		}
	case pmetric.MetricTypeHistogram:
		for _, p := range m.Histogram().DataPoints().All() {
			put(p.Attributes(), p.Sum())
		}
	default:
		out[fmt.Sprint(m.Type())] = 0
	}
	return out
}

// checkDurations compares the counts and the buckets of the durations of requests.
func checkDurations(t *testing.T, m pmetric.Metric, numbers authkit.Metrics) {
	t.Helper()
	want := map[string][]uint64{}
	for _, r := range numbers.Requests {
		want[fmt.Sprintf("%s %s %d", r.Route, r.Method, r.Status)] = append(slices.Clone(r.Buckets), r.Count)
	}
	got := map[string][]uint64{}
	for _, p := range m.Histogram().DataPoints().All() {
		labels := labelsOf(p.Attributes())
		got[labels["route"]+" "+labels["method"]+" "+labels["status"]] = append(p.BucketCounts().AsRaw(), p.Count())
		if !slices.Equal(p.ExplicitBounds().AsRaw(), authkit.MetricsBuckets) {
			t.Errorf("bounds: got %v, want %v", p.ExplicitBounds().AsRaw(), authkit.MetricsBuckets)
		}
		if p.StartTimestamp() == 0 || p.Timestamp() < p.StartTimestamp() {
			t.Errorf("times: got %v to %v, want those of the numbers", p.StartTimestamp(), p.Timestamp())
		}
	}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("durations: got %v, want %v", got, want)
	}
	signUps := got["/auth/credentials/{app_id} POST 201"]
	if len(signUps) == 0 || signUps[len(signUps)-1] != 2 {
		t.Errorf("sign-ups: got %v, want two requests", signUps)
	}
}
