// Package otelauthkit hands the numbers of an [authkit.Engine] to OpenTelemetry.
//
//	reader := metric.NewPeriodicReader(exporter, metric.WithProducer(otelauthkit.New(engine)))
//	provider := metric.NewMeterProvider(metric.WithReader(reader))
//
// The packages of that example are go.opentelemetry.io/otel/sdk/metric and the exporter that you
// use. The reader asks for the numbers when it reads; nothing is recorded in the way of a request.
//
// docs/metrics.md lists them, with their units. No attribute has a value that a stranger chooses, so that the
// number of series is bounded. The attributes of the process, such as service.name, are those of the
// provider's resource.
package otelauthkit

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/measures"
)

// Source is what the numbers come from, an [authkit.Engine].
type Source interface{ Metrics() authkit.Metrics }

// scope names this package in what it produces.
const scope = "github.com/authkit-dev/authkit/otelauthkit"

// Producer is a [metric.Producer] of the numbers of one engine. It is safe for concurrent use.
type Producer struct {
	source   Source
	families []measures.Family
	since    time.Time
	now      func() time.Time
}

var _ metric.Producer = (*Producer)(nil)

// New returns a Producer, for [metric.WithProducer]. Counters count from when the engine was made;
// their start is told as that of the Producer.
func New(source Source) *Producer {
	return &Producer{source: source, families: measures.All(), since: time.Now(), now: time.Now}
}

// Produce implements [metric.Producer].
func (p *Producer) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	m, now := p.source.Metrics(), p.now()
	out := metricdata.ScopeMetrics{Scope: instrumentation.Scope{Name: scope}}
	for _, f := range p.families {
		samples := f.Samples(m)
		if len(samples) == 0 {
			continue
		}
		out.Metrics = append(out.Metrics, metricdata.Metrics{Name: f.Name, Description: f.Help, Unit: f.Unit, Data: p.data(f, samples, now)})
	}
	return []metricdata.ScopeMetrics{out}, nil
}

func (p *Producer) data(f measures.Family, samples []measures.Sample, now time.Time) metricdata.Aggregation {
	switch f.Kind {
	case measures.Histogram:
		out := metricdata.Histogram[float64]{Temporality: metricdata.CumulativeTemporality}
		for _, s := range samples {
			out.DataPoints = append(out.DataPoints, metricdata.HistogramDataPoint[float64]{
				Attributes: attributes(f, s), StartTime: p.since, Time: now,
				Count: s.Count, Sum: s.Value, Bounds: authkit.MetricsBuckets, BucketCounts: s.Buckets,
			})
		}
		return out
	case measures.Gauge:
		return metricdata.Gauge[float64]{DataPoints: p.points(f, samples, now)}
	}
	return metricdata.Sum[float64]{Temporality: metricdata.CumulativeTemporality, IsMonotonic: true, DataPoints: p.points(f, samples, now)}
}

func (p *Producer) points(f measures.Family, samples []measures.Sample, now time.Time) []metricdata.DataPoint[float64] {
	out := make([]metricdata.DataPoint[float64], len(samples))
	for i, s := range samples {
		out[i] = metricdata.DataPoint[float64]{Attributes: attributes(f, s), Time: now, Value: s.Value}
		if f.Kind == measures.Counter {
			out[i].StartTime = p.since
		}
	}
	return out
}

func attributes(f measures.Family, s measures.Sample) attribute.Set {
	all := make([]attribute.KeyValue, len(f.Labels))
	for i, name := range f.Labels {
		all[i] = attribute.String("authkit."+name, s.Labels[i])
	}
	return attribute.NewSet(all...)
}
