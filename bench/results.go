package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"time"
)

// A cell is one measurement of one operation of one system at one number of connections.
type cell struct {
	Op      string `json:"op"`
	System  string `json:"system"`
	Workers int    `json:"connections"`
	Rep     int    `json:"repetition"`

	Answers   int     `json:"answers,omitempty"` // all of them checked
	Seconds   float64 `json:"seconds,omitempty"` // until the last answer
	PerSecond float64 `json:"per_second,omitempty"`
	P50       float64 `json:"p50_ms,omitempty"`
	P99       float64 `json:"p99_ms,omitempty"`

	// CPU per answer, in microseconds, user and system.
	ServerCPU   float64 `json:"server_cpu_us,omitempty"`
	DatabaseCPU float64 `json:"database_cpu_us,omitempty"`
	ClientCPU   float64 `json:"client_cpu_us,omitempty"`

	// Of magic-link requests: mails that arrived, a second until the last one of them, and those
	// that had not arrived when the driver stopped waiting.
	Delivered   float64 `json:"delivered_per_second,omitempty"`
	Undelivered int     `json:"undelivered,omitempty"`

	// Of a start: from exec to the first answer, and the resident memory two seconds later.
	FirstMS float64 `json:"first_answer_ms,omitempty"`
	IdleMB  float64 `json:"idle_mb,omitempty"`

	Errors int    `json:"errors,omitempty"` // wrong answers; a cell with any of them has failed
	Error  string `json:"error,omitempty"`  // the first of them

	Revision string    `json:"revision"`
	At       time.Time `json:"at"`
}

func (c *cell) String() string {
	text := fmt.Sprintf("%s, %s, %d connections, repetition %d: ", c.Op, c.System, c.Workers, c.Rep)
	switch {
	case c.Errors > 0:
		return text + fmt.Sprintf("FAILED %d times: %s", c.Errors, c.Error)
	case c.Op == "start":
		return text + fmt.Sprintf("%.0f ms, %.0f MB", c.FirstMS, c.IdleMB)
	}
	text += fmt.Sprintf("%.0f/s; CPU in µs: server %.0f, database %.0f, client %.0f", c.PerSecond, c.ServerCPU, c.DatabaseCPU, c.ClientCPU)
	if c.Delivered > 0 {
		text += fmt.Sprintf("; delivered %.0f/s, %d not", c.Delivered, c.Undelivered)
	}
	return text
}

// results are the cells of a run, in one file for each operation, and what they were measured on.
type results struct {
	Settings settings           `json:"settings"`
	Machine  machine            `json:"machine"`
	Raw      map[string]float64 `json:"raw"` // raw costs, in microseconds

	folder   string
	revision string
	cells    map[string][]cell // by operation
}

// openResults reads the cells that were measured before, unless the flags say to forget them.
func openResults(o options) (*results, error) {
	r := &results{Settings: o.settings, Raw: map[string]float64{}, folder: filepath.Join(o.out, "results"), revision: revision(), cells: map[string][]cell{}}
	if o.quick {
		r.folder = o.out
	}
	if err := os.MkdirAll(r.folder, 0o755); err != nil { //nolint:gosec // results are public
		return nil, err
	}
	if o.fresh {
		return r, r.clear()
	}
	if err := readJSON(filepath.Join(r.folder, "run.json"), r); err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(r.Settings, o.settings) && !o.reportOnly {
		return nil, fmt.Errorf("the cells in %s were measured with other settings (%+v); give -fresh to begin anew", r.folder, r.Settings)
	}
	for _, op := range operations() {
		var cells []cell
		if err := readJSON(filepath.Join(r.folder, op.name+".json"), &cells); err != nil {
			return nil, err
		}
		r.cells[op.name] = cells
	}
	return r, nil
}

// clear removes the files of an earlier run.
func (r *results) clear() error {
	names := []string{"run"}
	for _, op := range operations() {
		names = append(names, op.name)
	}
	for _, name := range names {
		if err := os.Remove(filepath.Join(r.folder, name+".json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// has reports whether a cell was measured without errors.
func (r *results) has(c cell) bool {
	for _, k := range r.cells[c.Op] {
		if k.System == c.System && k.Workers == c.Workers && k.Rep == c.Rep && k.Errors == 0 {
			return true
		}
	}
	return false
}

// add keeps a cell in place of one that failed, and writes the files.
func (r *results) add(c cell) error {
	c.Revision, c.At = r.revision, time.Now().UTC().Truncate(time.Second)
	var kept []cell
	for _, k := range r.cells[c.Op] {
		if k.System != c.System || k.Workers != c.Workers || k.Rep != c.Rep {
			kept = append(kept, k)
		}
	}
	r.cells[c.Op] = append(kept, c)
	return errors.Join(r.save(), writeJSON(filepath.Join(r.folder, c.Op+".json"), r.cells[c.Op]))
}

// save writes what the cells were measured on.
func (r *results) save() error { return writeJSON(filepath.Join(r.folder, "run.json"), r) }

// readJSON reads a file; a missing one changes nothing.
func readJSON(name string, into any) error {
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// writeJSON replaces a file as a whole, so that a run that is stopped leaves none half written.
func writeJSON(name string, from any) error {
	b, err := json.MarshalIndent(from, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(name+".new", append(b, '\n'), 0o644); err != nil { //nolint:gosec // a report is public
		return err
	}
	return os.Rename(name+".new", name)
}
