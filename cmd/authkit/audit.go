package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

type auditCommands struct {
	List   listEvents   `cmd:"" help:"List the events of an app, newest first."`
	Export exportEvents `cmd:"" help:"Write the events of an app as JSON, one a line, newest first."`
	Verify verifyEvents `cmd:"" help:"Check that the events of an app are as they were written; exit status 1 if not, 2 for an error."`
}

// eventRow is an event in JSON, as the endpoint shows it.
type eventRow struct {
	ID        uuid.UUID       `json:"id"`
	Time      time.Time       `json:"time"`
	Type      string          `json:"type"`
	Actor     *string         `json:"actor"`
	UserID    *uuid.UUID      `json:"user_id"`
	IP        *string         `json:"ip"`
	Result    string          `json:"result"`
	Reason    *string         `json:"reason"`
	RequestID *string         `json:"request_id"`
	Detail    json.RawMessage `json:"detail"`
}

func toEventRow(e authkit.Event) eventRow {
	row := eventRow{
		ID: e.ID, Time: e.Time.UTC(), Type: e.Type, Actor: textOrNull(e.Actor), IP: textOrNull(e.IP), Result: e.Result,
		Reason: textOrNull(e.Reason), RequestID: textOrNull(e.RequestID), Detail: e.Detail,
	}
	if e.UserID != uuid.Nil {
		row.UserID = &e.UserID
	}
	if !json.Valid(e.Detail) {
		row.Detail = json.RawMessage("null")
	}
	return row
}

// someEvents are the flags of a command that reads events.
type someEvents struct {
	usersOf

	Type  string  `help:"Only events of this type, such as session.start." placeholder:"TYPE"`
	User  string  `help:"Only events about this user, by id: a deleted one has no address any more." placeholder:"ID"`
	Since instant `help:"Only events at this time or later, such as 2030-01-02T15:04:05Z." placeholder:"TIME"`
	Until instant `help:"Only events before this time." placeholder:"TIME"`
}

// instant is a time that a flag gives.
type instant struct{ time.Time }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (i *instant) UnmarshalText(text []byte) error {
	at, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return fmt.Errorf("%q is not a time such as 2030-01-02T15:04:05Z", text)
	}
	i.Time = at
	return nil
}

// each calls do for each event, newest first, until it returns false.
func (s someEvents) each(ctx context.Context, do func(authkit.Event) (bool, error)) error {
	q := authkit.EventQuery{Page: authkit.Page{Limit: pageSize}, Type: s.Type, Since: s.Since.Time, Until: s.Until.Time}
	if s.User != "" {
		id, err := uuid.Parse(s.User)
		if err != nil {
			return fmt.Errorf("--user %q is no id: `authkit user show` shows the id of an address", s.User)
		}
		q.UserID = id
	}
	work, ref, err := s.openLog(ctx)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	for {
		events, err := work.AuditLog(ctx, ref, q)
		if err != nil {
			return fmt.Errorf("read the audit log: %w", err)
		}
		for _, e := range events {
			if more, err := do(e); err != nil || !more {
				return err
			}
		}
		if len(events) < pageSize {
			return nil
		}
		last := events[len(events)-1]
		q.Time, q.ID = last.Time, last.ID
	}
}

// openLog opens the store and finds the app, which may be the console app.
func (o usersOf) openLog(ctx context.Context) (offline, authkit.AppRef, error) {
	work, app, err := o.openApp(ctx, reads)
	if err != nil || app == authkit.Console {
		return work, authkit.AppRef{ID: app}, err
	}
	found, err := work.App(ctx, app)
	return work, found.Ref(), err
}

type listEvents struct {
	someEvents

	Limit int `default:"50" help:"How many events at most; 0 for all."`
}

// Run prints one event a line. A line on stderr says that there are more.
func (l *listEvents) Run(ctx context.Context) error {
	if l.Limit < 0 {
		return fmt.Errorf("--limit is %d: give 1 or more, or 0 for all", l.Limit)
	}
	rows, err := newList(l.JSON, "events", "TIME", "TYPE", "RESULT", "REASON", "USER", "ACTOR", "IP", "REQUEST")
	if err != nil {
		return err
	}
	left := l.Limit
	err = l.each(ctx, func(e authkit.Event) (bool, error) {
		if left--; left == -1 && l.Limit > 0 {
			fmt.Fprintf(os.Stderr, "there are more than %d events: --limit 0 lists all\n", l.Limit)
			return false, nil
		}
		user := ""
		if e.UserID != uuid.Nil {
			user = e.UserID.String()
		}
		return true, rows.add(toEventRow(e), moment(e.Time), e.Type, e.Result, e.Reason, user, e.Actor, e.IP, e.RequestID)
	})
	if err != nil {
		return err
	}
	return rows.end()
}

type exportEvents struct{ someEvents }

// Run writes a line of JSON for each event, a page at a time.
func (x *exportEvents) Run(ctx context.Context) error {
	out := bufio.NewWriter(os.Stdout)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	if err := x.each(ctx, func(e authkit.Event) (bool, error) { return true, lines.Encode(toEventRow(e)) }); err != nil {
		return err
	}
	return out.Flush()
}
