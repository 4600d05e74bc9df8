// Package promauthkit hands the numbers of an [authkit.Engine] to Prometheus.
//
//	registry := prometheus.NewRegistry()
//	registry.MustRegister(promauthkit.New(engine))
//	http.ListenAndServe("127.0.0.1:9090", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
//
// docs/metrics.md lists them. No label has a value that a stranger chooses, so that the number of
// series is bounded. A host adds labels of its own with [prometheus.WrapRegistererWith]:
//
//	prometheus.WrapRegistererWith(prometheus.Labels{"region": "eu"}, registry).MustRegister(promauthkit.New(engine))
//
// The id of the app is no label. A host that has few apps counts by app itself, from
// Config.Observer.
//
// The endpoint tells how many people sign in, and how often they fail: serve it where only your
// Prometheus reaches it.
package promauthkit

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/measures"
)

// Source is what the numbers come from, an [authkit.Engine].
type Source interface{ Metrics() authkit.Metrics }

// Collector is a [prometheus.Collector] of the numbers of one engine. It asks for them when it is
// collected, and keeps none. It is safe for concurrent use.
type Collector struct {
	source   Source
	families []measures.Family
	descs    []*prometheus.Desc
}

var _ prometheus.Collector = (*Collector)(nil)

// New returns a Collector. Two engines in one registry need a label that tells them apart.
func New(source Source) *Collector {
	c := &Collector{source: source, families: measures.All()}
	for _, f := range c.families {
		c.descs = append(c.descs, prometheus.NewDesc(f.Prometheus, f.Help, f.Labels, nil))
	}
	return c
}

// Describe implements [prometheus.Collector].
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		out <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	m := c.source.Metrics()
	for i, f := range c.families {
		for _, s := range f.Samples(m) {
			out <- metric(c.descs[i], f.Kind, s)
		}
	}
}

func metric(d *prometheus.Desc, kind measures.Kind, s measures.Sample) prometheus.Metric {
	switch kind {
	case measures.Histogram:
		buckets, below := map[float64]uint64{}, uint64(0)
		for i, bound := range authkit.MetricsBuckets {
			below += s.Buckets[i]
			buckets[bound] = below
		}
		return prometheus.MustNewConstHistogram(d, s.Count, s.Value, buckets, s.Labels...)
	case measures.Gauge:
		return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, s.Value, s.Labels...)
	}
	return prometheus.MustNewConstMetric(d, prometheus.CounterValue, s.Value, s.Labels...)
}
