package main

import (
	"context"

	"github.com/authkit-dev/authkit/bench/faults/network"
)

// networkFaults are those of mail servers, providers, clients and load. Package network has them,
// with child processes of its own.
func networkFaults() []fault {
	var all []fault
	for _, c := range network.Cases() {
		all = append(all, fault{name: c.Name, what: c.What, promise: c.Promise, run: func(ctx context.Context, w *world, r *result) error {
			report, err := c.Run(ctx, network.Setting{Long: w.long, Soak: w.soak, Dir: w.dir})
			if err == nil {
				r.add(report)
			}
			return err
		}})
	}
	return all
}

// add notes the figures of a report and its broken promises, and how many promises beside them
// were kept.
func (r *result) add(report *network.Report) {
	kept := 0
	for _, l := range report.Lines() {
		switch {
		case !l.OK:
			r.brokef("%s: got %s, want %s", l.What, l.Got, l.Want)
		case l.Figure:
			r.notef("%s: %s (%s)", l.What, l.Got, l.Want)
		default:
			kept++
		}
	}
	r.notef("%d counts of answers, mails and remains are as promised", kept)
}
