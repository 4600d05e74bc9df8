package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

type verifyEvents struct {
	usersOf

	Head string `help:"A head of the chain that serve logged earlier: shows a log that was cut off since." placeholder:"HEAD"`
}

// verifyRow is what verify found, in JSON.
type verifyRow struct {
	OK       bool       `json:"ok"`
	First    int64      `json:"first"`
	Chained  int64      `json:"chained"`
	Waiting  int64      `json:"waiting"`
	Head     string     `json:"head"`
	Problem  string     `json:"problem,omitzero"`
	Position *int64     `json:"position,omitzero"`
	Event    *uuid.UUID `json:"event,omitzero"`
}

// Run prints whether the log is as it was written, or its first fault. Exit status 1: it is not; 2:
// it could not be read.
func (v *verifyEvents) Run(ctx context.Context) error {
	work, ref, err := v.openLog(ctx)
	if err != nil {
		return troubleError{err}
	}
	defer work.close() //nolint:errcheck // the process ends
	got, err := work.VerifyAudit(ctx, authkit.AuditCheck{App: ref.ID, Head: v.Head})
	fault, changed := errors.AsType[*authkit.AuditFault](err)
	if err != nil && !changed {
		return troubleError{fmt.Errorf("verify the audit log of app %q: %w", v.App, err)}
	}
	if v.JSON {
		row := verifyRow{OK: !changed, First: got.First, Chained: got.Chained, Waiting: got.Waiting, Head: got.Head}
		if changed {
			row.Problem = fault.Problem
			if fault.Position >= 0 {
				row.Position = &fault.Position
			}
			if fault.Event != uuid.Nil {
				row.Event = &fault.Event
			}
		}
		if err := printJSON(os.Stdout, row); err != nil {
			return troubleError{err}
		}
	} else if err := v.print(got, fault); err != nil {
		return troubleError{err}
	}
	if changed {
		return errDiffers
	}
	return nil
}

func (v *verifyEvents) print(got authkit.AuditReport, fault *authkit.AuditFault) error {
	switch {
	case fault != nil && got.Chained == 0:
		_, err := fmt.Println(fault)
		return err
	case fault != nil:
		_, err := fmt.Printf("%v\nthe %d events before that are as they were written\n", fault, got.Chained)
		return err
	}
	_, err := fmt.Printf("as it was written: %d events from position %d on\nnot yet chained: %d\nhead: %s\n", got.Chained, got.First, got.Waiting, got.Head)
	return err
}
