// Command faults breaks what authkit stands on, and checks what authkit promises then.
//
//	go run ./faults                      # every case, in its short form
//	go run ./faults -case kill-sqlite
//	go run ./faults -long                # the long forms, and REPORT.md
//
// authkit runs in child processes, which are this program too: an engine over its public API and
// a listener. This process breaks things, sends requests, records what was answered, and
// checks the record. README.md in the folder above says what the cases need.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/authkit-dev/authkit/bench/faults/network"
)

func main() {
	serveIfChild()
	network.Child()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

// run runs the cases that the arguments name. It returns an error if a promise is broken or a
// case cannot be run.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("faults", flag.ContinueOnError)
	name := flags.String("case", "all", "all, or some of: "+strings.Join(names(), ","))
	report := flags.String("report", "", "write the table to this file, in Markdown")
	var how form
	flags.BoolVar(&how.long, "long", false, "the long forms, which also assert times")
	flags.BoolVar(&how.keep, "keep", false, "keep the folder with the data and the logs")
	flags.DurationVar(&how.soak, "soak", 30*time.Minute, "how long the long form of the soak takes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(*name)
	if err != nil {
		return err
	}
	var rows []*row
	for _, f := range chosen {
		r := examine(ctx, f, how)
		rows = append(rows, r)
		if _, err := fmt.Fprint(out, r.text()); err != nil {
			return err
		}
	}
	if *report != "" {
		if err := writeReport(ctx, *report, rows); err != nil {
			return err
		}
	}
	return failures(rows)
}

func names() []string {
	var out []string
	for _, f := range faults() {
		out = append(out, f.name)
	}
	return out
}

func choose(list string) ([]fault, error) {
	if list == "all" {
		return faults(), nil
	}
	var out []fault
	for name := range strings.SplitSeq(list, ",") {
		i := slices.Index(names(), name)
		if i < 0 {
			return nil, fmt.Errorf("case %q is unknown: give some of %s", name, strings.Join(names(), ", "))
		}
		out = append(out, faults()[i])
	}
	return out, nil
}

// form is how cases are run.
type form struct {
	long bool
	keep bool          // the folder of each case
	soak time.Duration // how long the long form of the soak takes
}

// examine runs a case in a world of its own.
func examine(ctx context.Context, f fault, how form) *row {
	r := &row{fault: f, long: how.long}
	began := time.Now()
	w, err := newWorld(how.long)
	if err == nil {
		w.keep, w.soak = how.keep, how.soak
		err = errors.Join(f.run(ctx, w, &r.result), w.close())
	}
	r.took = time.Since(began)
	if err != nil {
		r.brokef("not measured: %v", err)
	}
	return r
}

func failures(rows []*row) error {
	var failed []string
	for _, r := range rows {
		if len(r.broken) > 0 {
			failed = append(failed, r.fault.name)
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d cases failed: %s", len(failed), len(rows), strings.Join(failed, ", "))
	}
	return nil
}
