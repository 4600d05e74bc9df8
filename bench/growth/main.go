// Command growth measures how authkit's figures change with the number of apps, of users and of
// processes.
//
//	go run ./growth                      # every cell, about 20 minutes; results into growth/
//	go run ./growth -quick               # a minute, small numbers, no files written
//	go run ./growth -cell users-1e6      # one of them
//
// Each cell has tables of its own, in a Postgres cluster that this program makes and removes, or
// in an SQLite file. Users, passwords, sessions and events are written by COPY and by bulk
// inserts. authkit runs in child processes, which are this program too. README.md in the folder
// above says what is measured.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	serveIfChild()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

// cell is one state of the tables and one number of processes.
type cell struct {
	Name       string `json:"name"`
	Store      string `json:"store"` // postgres or sqlite
	Apps       int    `json:"apps"`
	Users      int    `json:"users"`
	Processes  int    `json:"processes"`
	Partitions int    `json:"partitions"` // 0: plain tables
}

// cells lists what a full run measures. Each axis has the cell of 1 app, 100,000 users and one
// process in common.
func cells() []cell {
	return []cell{
		{"users-1e4", "postgres", 1, 10_000, 1, 0},
		{"users-1e5", "postgres", 1, 100_000, 1, 0},
		{"users-1e6", "postgres", 1, 1_000_000, 1, 0},
		{"apps-100", "postgres", 100, 100_000, 1, 0},
		{"apps-10000", "postgres", 10_000, 100_000, 1, 0},
		{"partitions-16", "postgres", 100, 100_000, 1, 16},
		{"processes-2", "postgres", 1, 100_000, 2, 0},
		{"processes-4", "postgres", 1, 100_000, 4, 0},
		{"sqlite-1e4", "sqlite", 1, 10_000, 1, 0},
		{"sqlite-1e5", "sqlite", 1, 100_000, 1, 0},
		{"sqlite-1e6", "sqlite", 1, 1_000_000, 1, 0},
	}
}

// quickCells keeps one cell of each kind, with few rows.
func quickCells() []cell {
	return []cell{
		{"users-2e4", "postgres", 1, 20_000, 1, 0},
		{"partitions-4", "postgres", 50, 2_000, 1, 4},
		{"processes-2", "postgres", 1, 2_000, 2, 0},
		{"sqlite-2e3", "sqlite", 1, 2_000, 1, 0},
	}
}

// effort is how long each operation is measured.
type effort struct {
	rounds  int
	each    time.Duration
	clients int
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("growth", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "small numbers and short rounds")
	name := flags.String("cell", "", "measure the cells whose names begin so")
	out := flags.String("out", "growth", "the folder of results.json and REPORT.md; a quick run writes none")
	docs := flags.String("docs", "../docs/scaling.md", "the page whose table is replaced; a quick run and a run of some cells leave it alone")
	temp := flags.String("dir", "", "where data is kept meanwhile, up to 6 GB; the system's folder for such by default")
	if err := flags.Parse(args); err != nil {
		return err
	}
	all, how := cells(), effort{rounds: 3, each: 2 * time.Second, clients: 16}
	if *quick {
		all, how = quickCells(), effort{rounds: 2, each: 200 * time.Millisecond, clients: 16}
	}
	dir, err := os.MkdirTemp(*temp, "authkit-growth")
	if err != nil {
		return err
	}
	results, err := measure(ctx, dir, all, *name, how)
	if removed := os.RemoveAll(dir); err == nil {
		err = removed
	}
	if err != nil {
		return err
	}
	fmt.Println(markdown(results))
	if *quick {
		return nil
	}
	if err := os.MkdirAll(*out, 0o750); err != nil {
		return err
	}
	err = errors.Join(writeJSON(filepath.Join(*out, "results.json"), results, how), writeReport(filepath.Join(*out, "REPORT.md"), results))
	if *name == "" {
		err = errors.Join(err, replaceTable(*docs, results))
	}
	return err
}

// measure runs the cells one after another, in one cluster.
func measure(ctx context.Context, dir string, all []cell, name string, how effort) ([]result, error) {
	var results []result
	c := &cluster{dir: dir}
	defer c.stop()
	for _, one := range all {
		if !strings.HasPrefix(one.Name, name) {
			continue
		}
		began := time.Now()
		w := &world{cell: one, dir: dir, cluster: c, how: how}
		r, err := w.run(ctx)
		if err != nil {
			return nil, fmt.Errorf("cell %s: %w", one.Name, err)
		}
		r.Took = time.Since(began).Seconds()
		results = append(results, r)
		fmt.Fprintf(os.Stderr, "%s: filled in %.0f s, %.0f s in all\n", one.Name, r.Fill, r.Took)
	}
	if len(results) == 0 {
		return nil, fmt.Errorf("no cell is named %q", name)
	}
	return results, nil
}
