package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func TestMetricsAreServedApart(t *testing.T) {
	t.Parallel()
	p := start(t, newLines(), "--store", "memory", "--metrics", "127.0.0.1:0")
	p.send("GET", "/healthz", "").want(t, 200, "")
	p.send("GET", "/metrics", "").want(t, 404, "")
	addr := p.line(p.stderr, `"msg":"serving metrics","addr":"([^"]+)"`)[1]
	for path, want := range map[string]int{"/metrics": 200, "/": 404, "/healthz": 404} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != want {
			t.Fatalf("%s: got %d, %v, want %d", path, res.StatusCode, err, want)
		}
		if path != "/metrics" {
			continue
		}
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(strings.NewReader(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"authkit_request_duration_seconds", "authkit_runs", "go_goroutines", "process_start_time_seconds"} {
			if families[name] == nil {
				t.Errorf("got no %s, want one", name)
			}
		}
	}
	p.stop()
}

func TestMetricsWarnBeyondLoopback(t *testing.T) {
	t.Parallel()
	p := start(t, newLines(), "--store", "memory", "--metrics", "0.0.0.0:0")
	p.line(p.stderr, `the metrics are served beyond loopback`)
	p.stop()
}

func TestMetricsNeedAPlace(t *testing.T) {
	t.Parallel()
	refused(t, `--metrics is "nowhere": give HOST:PORT of this machine that is free`, "serve", "--store", "memory", "--metrics", "nowhere")
}
