package otelauthkit_test

import (
	"context"
	"fmt"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/measures"
	"github.com/authkit-dev/authkit/otelauthkit"
)

func Example() {
	var engine *authkit.Engine // made by authkit.New
	reader := metric.NewManualReader(metric.WithProducer(otelauthkit.New(engine)))
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	defer func() { _ = provider.Shutdown(context.Background()) }()
	fmt.Println("ready")
	// Output: ready
}

// numbers is a source of fixed numbers.
type numbers authkit.Metrics

func (n numbers) Metrics() authkit.Metrics { return authkit.Metrics(n) }

func TestAReaderGetsTheNumbers(t *testing.T) {
	t.Parallel()
	buckets := make([]uint64, len(authkit.MetricsBuckets)+1)
	buckets[2] = 3
	reader := metric.NewManualReader(metric.WithProducer(otelauthkit.New(numbers{
		Requests: []authkit.RequestMetrics{{Route: "/healthz", Method: "GET", Status: 200, Count: 3, Seconds: .01, Buckets: buckets}},
		SignIns:  map[string]uint64{"oauth": 7}, Gate: authkit.GateMetrics{Waiting: 2},
	})))
	_ = metric.NewMeterProvider(metric.WithReader(reader))
	var got metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &got); err != nil || len(got.ScopeMetrics) != 1 {
		t.Fatalf("got %d scopes, %v, want one", len(got.ScopeMetrics), err)
	}
	found := map[string]metricdata.Metrics{}
	for _, m := range got.ScopeMetrics[0].Metrics {
		found[m.Name] = m
	}
	for _, f := range measures.All() {
		if m, ok := found[f.Name]; ok && (m.Unit != f.Unit || m.Description != f.Help) {
			t.Errorf("%s: got %q and %q, want %q and %q", f.Name, m.Unit, m.Description, f.Unit, f.Help)
		}
	}
	durations, ok := found["authkit.request.duration"].Data.(metricdata.Histogram[float64])
	if !ok || len(durations.DataPoints) != 1 || durations.Temporality != metricdata.CumulativeTemporality {
		t.Fatalf("durations: got %+v, want one series of a cumulative histogram", found["authkit.request.duration"].Data)
	}
	p := durations.DataPoints[0]
	if route, _ := p.Attributes.Value("authkit.route"); p.Count != 3 || p.Sum != .01 || p.BucketCounts[2] != 3 || len(p.Bounds) != len(p.BucketCounts)-1 || route.AsString() != "/healthz" {
		t.Errorf("durations: got %+v, want 3 requests of /healthz", p)
	}
	signIns, ok := found["authkit.sign_ins"].Data.(metricdata.Sum[float64])
	if !ok || !signIns.IsMonotonic || len(signIns.DataPoints) != 1 || signIns.DataPoints[0].Value != 7 ||
		signIns.DataPoints[0].Attributes != attribute.NewSet(attribute.String("authkit.method", "oauth")) {
		t.Errorf("sign-ins: got %+v, want 7 by oauth", found["authkit.sign_ins"].Data)
	}
	if waiting, ok := found["authkit.gate.waiting"].Data.(metricdata.Gauge[float64]); !ok || waiting.DataPoints[0].Value != 2 {
		t.Errorf("waiting: got %+v, want 2", found["authkit.gate.waiting"].Data)
	}
}
