package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// world is a cell that is being measured.
type world struct {
	cell

	dir     string
	cluster *cluster
	how     effort

	tables  tables
	people  people
	servers []*server
	db      int // the process of the database; 0: none
	clients []*client
	deep    shared
	counted map[string]int64 // what Postgres had read before the operation
}

// result is what was measured in a cell.
type result struct {
	cell

	Fill       float64            `json:"fill_seconds"`
	Took       float64            `json:"took_seconds"`
	Bytes      int64              `json:"bytes"`       // of the whole store, as filled
	Tables     map[string]int64   `json:"table_bytes"` // of each table with its indexes
	Idle       []int64            `json:"idle_rss"`    // of each authkit process before the first request
	Busy       []int64            `json:"busy_rss"`    // after the last one
	Operations map[string]*timing `json:"operations"`
}

// run fills the tables, starts the servers and measures each operation.
func (w *world) run(ctx context.Context) (r result, err error) {
	w.tables = &inSQLite{file: filepath.Join(w.dir, w.Name+".db")}
	if w.Store == "postgres" {
		w.tables = &inPostgres{c: w.cluster, name: strings.ReplaceAll(w.Name, "-", "_"), partitions: w.Partitions}
	}
	r = result{cell: w.cell, Operations: map[string]*timing{}}
	defer func() {
		for _, s := range w.servers {
			err = errors.Join(err, s.stop())
		}
		err = errors.Join(err, w.tables.remove(context.WithoutCancel(ctx)))
	}()
	began := time.Now()
	if err := w.fill(ctx); err != nil {
		return r, err
	}
	r.Fill = time.Since(began).Seconds()
	if r.Tables, r.Bytes, err = w.tables.sizes(ctx); err != nil {
		return r, err
	}
	if err := w.serve(ctx); err != nil {
		return r, err
	}
	r.Idle = w.memory()
	for _, o := range operations() {
		if r.Operations[o.name], err = w.time(ctx, o); err != nil {
			return r, fmt.Errorf("%s: %w", o.name, err)
		}
	}
	r.Busy = w.memory()
	return r, nil
}

func (w *world) fill(ctx context.Context) error {
	if err := w.tables.create(ctx); err != nil {
		return err
	}
	apps, err := makeApps(ctx, w.tables.at(), w.Apps)
	if err != nil {
		return fmt.Errorf("make apps: %w", err)
	}
	w.people = newPeople(apps, w.Users)
	for _, r := range w.people.tables() {
		if err := w.tables.fill(ctx, r); err != nil {
			return fmt.Errorf("fill %s: %w", r.table, err)
		}
	}
	return w.tables.settle(ctx)
}

func (w *world) serve(ctx context.Context) error {
	for range w.Processes {
		s, err := startServer(ctx, w.tables.at())
		if err != nil {
			return err
		}
		w.servers = append(w.servers, s)
	}
	if w.Store == "postgres" {
		w.db = w.cluster.cmd.Process.Pid
	}
	return nil
}

func (w *world) memory() (out []int64) {
	for _, s := range w.servers {
		out = append(out, resident(s.cmd.Process.Pid))
	}
	return out
}

// cpu returns the CPU time of all authkit processes, and of the database.
func (w *world) cpu() (servers, db time.Duration) {
	for _, s := range w.servers {
		servers += cpu([]int{s.cmd.Process.Pid})
	}
	if w.db != 0 {
		db = cpu(family(w.db))
	}
	return servers, db
}
