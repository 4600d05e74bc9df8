// Command enumeration measures whether answers, or their times, show a stranger which addresses
// an app knows.
//
//	go run ./enumeration -store memory
//	go run ./enumeration -store sqlite:/tmp/bench.db -flow forgot
//	go run ./enumeration -store postgres://… -pairs 2000
//
// README.md in the folder above says what the columns mean.
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
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// A flow passes if its AUC lies between these bounds.
const least, most = 0.45, 0.55

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "enumeration:", err)
		os.Exit(1)
	}
}

// run measures the flows that the arguments name. It returns an error if one does not pass or
// cannot be measured.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("enumeration", flag.ContinueOnError)
	store := flags.String("store", "memory", "memory, sqlite:FILE or postgres://…")
	pairs := flags.Int("pairs", 500, "pairs of each flow")
	name := flags.String("flow", "all", "all, or some of: "+strings.Join(names(), ","))
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *pairs < 1 {
		return fmt.Errorf("-pairs is %d, want 1 or more", *pairs)
	}
	chosen, err := choose(*name)
	if err != nil {
		return err
	}
	return report(ctx, *store, chosen, *pairs, out)
}

func names() []string {
	var out []string
	for _, f := range flows() {
		out = append(out, f.name)
	}
	return out
}

func choose(list string) ([]flow, error) {
	if list == "all" {
		return flows(), nil
	}
	var out []flow
	for name := range strings.SplitSeq(list, ",") {
		i := slices.Index(names(), name)
		if i < 0 {
			return nil, fmt.Errorf("flow %q is unknown: give some of %s", name, strings.Join(names(), ", "))
		}
		out = append(out, flows()[i])
	}
	return out, nil
}

// report prints a line for each flow once it is measured, and the differences at the end.
func report(ctx context.Context, name string, chosen []flow, pairs int, out io.Writer) error {
	store, closeStore, err := openStore(ctx, name)
	if err != nil {
		return err
	}
	defer closeStore()
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	const columns = "%-20s\t%6s\t%6s\t%10s\t%10s\t%9s\t%5s\t%-13s\t%s\n"
	row := func(cells ...any) { _, _ = fmt.Fprintf(table, columns, cells...) } // Flush returns the error
	row("flow", "pairs", "status", "known", "unknown", "apart", "AUC", "95 %", "")
	var failed []error
	for _, f := range chosen {
		got, err := examine(ctx, f, func() (*site, error) { return newSite(ctx, store, f) }, pairs)
		if err != nil {
			return fmt.Errorf("flow %s: %w", f.name, err)
		}
		verdict, r := "PASS", rank(got.known, got.unknown)
		if err := got.judge(r); err != nil {
			verdict = "FAIL"
			failed = append(failed, fmt.Errorf("flow %s: %w", f.name, err))
		}
		known, unknown := median(got.known), median(got.unknown)
		row(f.name, strconv.Itoa(pairs), strconv.Itoa(f.status), millis(known), millis(unknown),
			fmt.Sprintf("%+d µs", (known-unknown).Microseconds()), fmt.Sprintf("%.3f", r.auc), fmt.Sprintf("%.3f – %.3f", r.low, r.high), verdict)
		if err := table.Flush(); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

func examine(ctx context.Context, f flow, open func() (*site, error), pairs int) (outcome, error) {
	s, err := open()
	if err != nil {
		return outcome{}, err
	}
	defer s.close()
	return measure(ctx, s, f, pairs)
}

// judge returns an error that says why an outcome does not pass.
func (o *outcome) judge(r ranking) error {
	switch {
	case o.differs != "":
		return fmt.Errorf("the answers differ\n%s", o.differs)
	case r.auc < least || r.auc > most:
		return fmt.Errorf("the times tell: AUC %.3f, want %.2f to %.2f", r.auc, least, most)
	}
	return nil
}

func millis(d time.Duration) string { return fmt.Sprintf("%.3f ms", float64(d.Microseconds())/1000) }
