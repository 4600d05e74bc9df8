package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// measured are results with three repetitions of a few cells.
func measured() *results {
	r := &results{Settings: small().settings, Raw: map[string]float64{"ES256 check": 50}, cells: map[string][]cell{}}
	day := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	add := func(op, system string, rates ...float64) {
		for i, rate := range rates {
			r.cells[op] = append(r.cells[op], cell{Op: op, System: system, Workers: 16, Rep: i + 1, PerSecond: rate, ServerCPU: 100, Delivered: rate / 2, At: day, Revision: "abc"})
		}
	}
	add("me", "authkit-postgres", 7500, 7000, 7600)
	add("me", "yardstick", 10000, 10000, 10000)
	add("me", "pocketbase", 2500)
	add("refresh", "authkit-postgres", 3000)
	add("refresh", "pocketbase", 9000)
	add("refresh", "gotrue", 500)
	r.cells["link"] = []cell{{Op: "link", System: "yardstick", Workers: 16, Rep: 1, Errors: 2, Error: "got 500\n", PerSecond: 123456, At: day, Revision: "abc"}}
	return r
}

func TestReport(t *testing.T) {
	t.Parallel()
	got := measured().report("## Where\n")
	for name, want := range map[string]string{
		"median and spread":                                     "| 7,500 (7,000–7,600) |",
		"the ratio to the yardstick is one of medians":          "| 75 % | 3.0 × pocketbase |",
		"a peer that writes nothing is marked":                  "| 9,000 ¹ |",
		"and is no best peer":                                   "6.0 × gotrue |",
		"an operation that was not measured":                    "| sign-up | – | – | – | – |",
		"a failed cell is named":                                "- link, yardstick, 16 connections, repetition 1: FAILED 2 times: got 500\n",
		"the prose stands at the end":                           "\n## Where\n",
		"when and at which revision":                            "27 November 2026; authkit at abc",
		"raw costs say how many a second":                       "| ES256 check | 50.0 | 20,000 |",
		"every number of connections has a table, middle first": "## Requests a second, 16 connections",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(got, want) {
				t.Errorf("got a report without %q:\n%s", want, got)
			}
		})
	}

	t.Run("a failed cell counts nowhere", func(t *testing.T) {
		t.Parallel()
		if strings.Contains(got, "123,456") {
			t.Error("got its rate in the report")
		}
	})

	t.Run("what GoTrue did elsewhere stands there only if this run did not measure it", func(t *testing.T) {
		t.Parallel()
		r := measured()
		if strings.Contains(got, "Not measured in this run") {
			t.Error("got the reference beside the measurement")
		}
		delete(r.cells, "refresh")
		if !strings.Contains(r.report(""), "Not measured in this run") {
			t.Error("got no reference, want it marked as such")
		}
	})
}

func TestChart(t *testing.T) {
	t.Parallel()
	text := measured().chart()
	bars := 0
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("got %v, want well-formed XML:\n%s", err, text)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			bars++
		}
	}
	if want := len(rows()) * 4; bars != want {
		t.Errorf("got %d bars, want one for each of 4 systems in each panel: %d", bars, want)
	}
}
