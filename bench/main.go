// Command bench measures authkit beside the systems that people use today, in one interleaved
// run on one machine. README.md says what each figure means; REPORT.md holds the last full run.
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

// options are the flags.
type options struct {
	quick, fresh, reportOnly bool
	only                     []string
	gotrue                   string // a source tree of GoTrue
	out                      string // where results and report go
	settings
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, parse()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has run
	}
}

func parse() options {
	o := options{settings: settings{Users: 100_000, Seconds: 1.5, Reps: 3, Workers: []int{1, 16, 64}}}
	only := ""
	flag.BoolVar(&o.quick, "quick", false, "end in two minutes: 10,000 users, cells of one second, 16 connections, one repetition; REPORT.md stays as it is")
	flag.BoolVar(&o.fresh, "fresh", false, "forget the cells that were measured before")
	flag.BoolVar(&o.reportOnly, "report", false, "measure nothing; write the report from the cells that are there")
	flag.StringVar(&only, "only", "", "operations and systems to measure, with commas: me,refresh,authkit-postgres")
	flag.StringVar(&o.gotrue, "gotrue", os.Getenv("GOTRUE"), "a source tree of github.com/supabase/auth, to measure it too")
	flag.Float64Var(&o.Seconds, "seconds", o.Seconds, "how long a cell is measured")
	flag.Parse()
	if only != "" {
		o.only = strings.Split(only, ",")
	}
	o.out = "."
	if o.quick {
		o.settings = settings{Users: 10_000, Seconds: 1, Reps: 1, Workers: []int{16}}
		o.out, o.fresh = filepath.Join("results", "quick"), true
	}
	return o
}

// run measures the cells that are missing and writes the report.
func run(ctx context.Context, o options) error {
	if _, err := os.Stat("where.md"); err != nil {
		return errors.New("start it in the folder bench")
	}
	kept, err := openResults(o)
	if err != nil {
		return err
	}
	if o.reportOnly {
		return writeReport(o.out, kept)
	}
	if err := checkOnly(o.only); err != nil {
		return err
	}
	todo := plan(o, kept)
	if len(todo) == 0 {
		fmt.Println("every cell is there; -fresh measures again")
		return writeReport(o.out, kept)
	}
	p, err := newPlace(ctx, o)
	if err != nil {
		return err
	}
	defer p.close()
	kept.Machine, err = p.machine(ctx)
	if err != nil {
		return err
	}
	if err := measureRaw(ctx, p, kept); err != nil {
		return err
	}
	if err := measureAll(ctx, p, kept, todo); err != nil {
		return err
	}
	return writeReport(o.out, kept)
}

// measureAll starts the systems, fills their stores and measures the cells in turn.
func measureAll(ctx context.Context, p *place, kept *results, todo []cell) error {
	fmt.Printf("%d cells to measure, about %s\n", len(todo), time.Duration(float64(len(todo))*(p.o.Seconds+1)*float64(time.Second)).Round(10*time.Second))
	systems, err := startSystems(ctx, p, todo)
	defer func() {
		for _, s := range systems {
			s.common().stop()
		}
	}()
	if err != nil {
		return err
	}
	begun := time.Now()
	for i, c := range todo {
		s := systems[c.System]
		if err := measureCell(ctx, p, s, &c); err != nil {
			return fmt.Errorf("%s of %s, %d connections: %w", c.Op, c.System, c.Workers, err)
		}
		if err := kept.add(c); err != nil {
			return err
		}
		left := time.Since(begun) / time.Duration(i+1) * time.Duration(len(todo)-i-1)
		fmt.Printf("%3d of %d, %s left: %s\n", i+1, len(todo), left.Round(time.Second), &c)
	}
	return nil
}
