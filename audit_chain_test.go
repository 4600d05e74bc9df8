package authkit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/testclock"
	"github.com/authkit-dev/authkit/mail"
)

// chained is an engine over a database whose rows a test changes by hand.
type chained struct {
	*authkit.Engine

	t      *testing.T
	store  authkit.Store
	tables crowds
	clock  *testclock.Clock
	made   int // apps
}

// timed is a store whose clock a test moves.
type timed struct {
	authkit.Store

	clock *testclock.Clock
}

func (s timed) Ping(context.Context) (time.Time, error) { return s.clock.Now(), nil }

// onRawStores runs f on every database.
func onRawStores(t *testing.T, f func(t *testing.T, c *chained)) {
	t.Helper()
	open := map[string]func(testing.TB) (authkit.Store, crowds){"sqlite": sweptSQLite}
	if os.Getenv("AUTHKIT_TEST_POSTGRES") != "" {
		open["postgres"] = sweptPostgres
	}
	for name, open := range open {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, tables := open(t)
			c := &chained{t: t, store: store, tables: tables, clock: testclock.At(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))}
			c.Engine = c.engine(store, 1)
			f(t, c)
		})
	}
}

// engine makes an engine with the secrets that are named, the newest first.
func (c *chained) engine(store authkit.Store, secrets ...byte) *authkit.Engine {
	c.t.Helper()
	config := authkit.Config{Store: timed{store, c.clock}, BaseURL: base, Mailer: mail.NewOutbox(), Now: c.clock.Now, Logger: slog.New(slog.DiscardHandler)}
	for _, n := range secrets {
		config.Secrets = append(config.Secrets, append(make([]byte, 31), n))
	}
	e, err := authkit.New(config)
	if err != nil {
		c.t.Fatal(err)
	}
	return e
}

// app makes an app with three links of three events each.
func (c *chained) app() authkit.App {
	c.t.Helper()
	app := c.newApp()
	c.writes(app, 2) // its first event tells that it was made
	c.chains()
	for range 2 {
		c.writes(app, 3)
		c.chains()
	}
	return app
}

// newApp makes an app with an event, which is not chained.
func (c *chained) newApp() authkit.App {
	c.t.Helper()
	c.made++
	app, _, err := c.CreateApp(c.t.Context(), "me", "App "+strings.Repeat("I", c.made))
	if err != nil {
		c.t.Fatal(err)
	}
	return app
}

// writes makes users, and so an event each.
func (c *chained) writes(app authkit.App, n int) {
	c.t.Helper()
	for range n {
		c.clock.Advance(time.Second)
		if _, err := c.CreateUser(c.t.Context(), app.ID, authkit.UserRequest{Email: uuid.NewString() + "@example.com"}); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *chained) chains() {
	c.t.Helper()
	if err := c.RunOnce(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

// events returns the chained events of an app.
func (c *chained) events(app authkit.App) (out []authkit.ChainedEvent) {
	c.t.Helper()
	for ev, err := range c.Events(c.t.Context(), app.ID, 0) {
		if err != nil {
			c.t.Fatal(err)
		}
		out = append(out, ev)
	}
	return out
}

func (c *chained) verify(app authkit.App, head string) (authkit.AuditReport, error) {
	return c.VerifyAudit(c.t.Context(), authkit.AuditCheck{App: app.ID, Head: head})
}

// intact fails unless the log of the app is as it was written.
func (c *chained) intact(app authkit.App, head string, first, kept, waiting int64) authkit.AuditReport {
	c.t.Helper()
	got, err := c.verify(app, head)
	if err != nil || got.First != first || got.Chained != kept || got.Waiting != waiting {
		c.t.Errorf("got %+v, %v, want %d events from %d on, and %d that wait", got, err, kept, first, waiting)
	}
	return got
}

// attack is a change of rows by one who can write to the database and does not know the secret.
// Its statements name the app as {app}, another app as {other}, and the id of the n-th event as {n}.
type attack struct {
	name string
	do   []string
	at   int64 // where the fault is found; -1: nowhere
	says string
}

var attacks = []attack{
	{"an event is edited", []string{`update authkit_events set reason = 'x' where app_id = '{app}' and event_id = '{4}'`}, 4, "not as it was written"},
	{"the time of an event is changed", []string{`update authkit_events set at = at - 1 where app_id = '{app}' and event_id = '{8}'`}, 8, "not as it was written"},
	{"the detail of an event is removed", []string{`update authkit_events set detail = null, actor = '' where app_id = '{app}' and event_id = '{0}'`}, 0, "not as it was written"},
	{"an event is removed", []string{`delete from authkit_events where app_id = '{app}' and event_id = '{5}'`}, 5, "removed"},
	{"an event is added", []string{`insert into authkit_events select app_id, '00000000-0000-7000-8000-0000000000aa', user_id, at, type, actor, ip, result, reason, request_id, detail from authkit_events where app_id = '{app}' and event_id = '{4}'`}, -1, "00000000-0000-7000-8000-0000000000aa"},
	{"two events change places", []string{
		`update authkit_events set event_id = '00000000-0000-7000-8000-0000000000aa' where app_id = '{app}' and event_id = '{3}'`,
		`update authkit_events set event_id = '{3}' where app_id = '{app}' and event_id = '{4}'`,
		`update authkit_events set event_id = '{4}' where app_id = '{app}' and event_id = '00000000-0000-7000-8000-0000000000aa'`,
	}, 3, "not as it was written"},
	{"an event is moved to another app", []string{`update authkit_events set app_id = '{other}' where app_id = '{app}' and event_id = '{4}'`}, 4, "removed"},
	{"an event takes the place of another", []string{
		`delete from authkit_events where app_id = '{app}' and event_id = '{4}'`,
		`insert into authkit_events select app_id, '{4}', user_id, at, type, actor, ip, result, reason, request_id, detail from authkit_events where app_id = '{app}' and event_id = '{5}'`,
	}, 4, "not as it was written"},
	{"a link is removed", []string{`delete from authkit_audit_links where app_id = '{app}' and seq = 3`}, 3, "missing"},
	{"a link is removed with its events", []string{
		`delete from authkit_audit_links where app_id = '{app}' and seq = 3`,
		`delete from authkit_events where app_id = '{app}' and event_id in ('{3}', '{4}', '{5}')`,
	}, 3, "missing"},
	{"two links change places", []string{
		`update authkit_audit_links set seq = 99 where app_id = '{app}' and seq = 3`,
		`update authkit_audit_links set seq = 3 where app_id = '{app}' and seq = 6`,
		`update authkit_audit_links set seq = 6 where app_id = '{app}' and seq = 99`,
	}, 3, "link"},
	{"the hash of a link is that of another", []string{`update authkit_audit_links set hash = (select l.hash from authkit_audit_links l where l.app_id = '{app}' and l.seq = 0) where app_id = '{app}' and seq = 6`}, 6, "link"},
	{"a link holds the events of another twice", []string{`update authkit_audit_links set entries = (select l.entries from authkit_audit_links l where l.app_id = '{app}' and l.seq = 0) where app_id = '{app}' and seq = 3`}, 3, "link"},
	{"a link stands behind the end", []string{`insert into authkit_audit_links select app_id, 9, entries, last_at, hash from authkit_audit_links where app_id = '{app}' and seq = 6`}, 9, "behind the end"},
	{"the end is cut off", []string{
		`delete from authkit_audit_links where app_id = '{app}' and seq = 6`,
		`delete from authkit_events where app_id = '{app}' and event_id in ('{6}', '{7}', '{8}')`,
		`update authkit_audit_chains set next_seq = 6, hash = (select l.hash from authkit_audit_links l where l.app_id = '{app}' and l.seq = 3) where app_id = '{app}'`,
	}, -1, "not the one that was sealed"},
	{"the beginning is cut off, with an anchor that is forged", []string{
		`update authkit_audit_chains set first_seq = 3, first_hash = (select l.hash from authkit_audit_links l where l.app_id = '{app}' and l.seq = 0) where app_id = '{app}'`,
		`delete from authkit_audit_links where app_id = '{app}' and seq = 0`,
		`delete from authkit_events where app_id = '{app}' and event_id in ('{0}', '{1}', '{2}')`,
	}, -1, "not the one that was sealed"},
	{"the chain of another app takes the place", []string{
		`delete from authkit_audit_chains where app_id = '{app}'`,
		`update authkit_audit_chains set app_id = '{app}' where app_id = '{other}'`,
	}, -1, "not the one that was sealed"},
	{"the chain is removed", []string{`delete from authkit_audit_chains where app_id = '{app}'`}, 0, "behind the end"},
	{"an event that waits is removed", []string{`delete from authkit_events where app_id = '{app}' and event_id in (select event_id from authkit_audit_pending where app_id = '{app}')`}, -1, "not yet chained"},
	{"an event is added, beside the place of one that is not there", []string{
		`insert into authkit_events select app_id, '00000000-0000-7000-8000-0000000000aa', user_id, at, type, actor, ip, result, reason, request_id, detail from authkit_events where app_id = '{app}' and event_id = '{4}'`,
		`insert into authkit_audit_pending (app_id, event_id) values ('{app}', '00000000-0000-7000-8000-0000000000bb')`,
	}, -1, "not yet chained"},
	{"an event is added, and one that is chained waits again", []string{
		`insert into authkit_events select app_id, '00000000-0000-7000-8000-0000000000aa', user_id, at, type, actor, ip, result, reason, request_id, detail from authkit_events where app_id = '{app}' and event_id = '{4}'`,
		`insert into authkit_audit_pending (app_id, event_id) values ('{app}', '{4}')`,
	}, 4, "twice"},
	{"all that tells of the log is removed", []string{
		`delete from authkit_audit_pending where app_id = '{app}'`,
		`delete from authkit_audit_links where app_id = '{app}'`,
		`delete from authkit_audit_chains where app_id = '{app}'`,
		`delete from authkit_events where app_id = '{app}'`,
	}, 0, "it is empty"},
	{"an event waits for nothing any more", []string{`delete from authkit_audit_pending where app_id = '{app}'`}, -1, "it was added"},
}

func TestAChangeOfTheAuditLogShows(t *testing.T) {
	t.Parallel()
	onRawStores(t, func(t *testing.T, c *chained) {
		for _, a := range attacks {
			app, other := c.app(), c.app()
			names := []string{"{app}", app.ID.String(), "{other}", other.ID.String()}
			for _, ev := range c.events(app) {
				names = append(names, fmt.Sprintf("{%d}", ev.Position), ev.ID.String())
			}
			c.writes(app, 1)
			c.intact(app, "", 0, 9, 1)
			for _, sql := range a.do {
				if n := c.tables.exec(t, strings.NewReplacer(names...).Replace(sql)); n == 0 {
					t.Fatalf("%s: got 0 rows of %s, want some", a.name, sql)
				}
			}
			_, err := c.verify(app, "")
			fault, ok := errors.AsType[*authkit.AuditFault](err)
			if !ok || fault.Position != a.at || !strings.Contains(err.Error(), a.says) {
				t.Errorf("%s: got %v, want a fault at %d that says %q", a.name, err, a.at, a.says)
			}
			c.tables.exec(t, `delete from authkit_audit_pending where app_id = '`+app.ID.String()+`'`) // Run would fail at it
		}
	})
}

// Run chains what the table names as unchained, so that an event that is named once more is chained once
// more. It would make up for an event that was added.
func TestAnEventThatIsChainedTwiceShows(t *testing.T) {
	t.Parallel()
	onRawStores(t, func(t *testing.T, c *chained) {
		app := c.app()
		id, ev := app.ID.String(), c.events(app)[4].ID.String()
		c.tables.exec(t, `insert into authkit_events select app_id, '00000000-0000-7000-8000-0000000000aa', user_id, at, type, actor, ip, result, reason, request_id, detail from authkit_events where app_id = '`+id+`' and event_id = '`+ev+`'`)
		c.tables.exec(t, `insert into authkit_audit_pending (app_id, event_id) values ('`+id+`', '`+ev+`')`)
		c.writes(app, 2)
		c.chains()
		_, err := c.verify(app, "")
		if fault, ok := errors.AsType[*authkit.AuditFault](err); !ok || fault.Position != 4 || fault.Event.String() != ev {
			t.Errorf("got %v, want a fault at position 4, event %s", err, ev)
		}
	})
}

func TestALogThatWasCutOffShowsByAnEarlierHead(t *testing.T) {
	t.Parallel()
	onRawStores(t, func(t *testing.T, c *chained) {
		app := c.app()
		early := c.intact(app, "", 0, 9, 0).Head
		id := app.ID.String()
		c.tables.exec(t, `create table saved as select app_id, next_seq, hash, first_seq, first_hash, oldest_at, linked_at, seal from authkit_audit_chains where app_id = '`+id+`'`)
		c.writes(app, 3)
		c.chains()
		head := c.intact(app, early, 0, 12, 0).Head
		c.intact(app, head, 0, 12, 0)
		last := c.events(app)[9:]
		c.tables.exec(t, `delete from authkit_audit_chains where app_id = '`+id+`'`)
		c.tables.exec(t, `insert into authkit_audit_chains (app_id, next_seq, hash, first_seq, first_hash, oldest_at, linked_at, seal) select app_id, next_seq, hash, first_seq, first_hash, oldest_at, linked_at, seal from saved`)
		c.tables.exec(t, `delete from authkit_audit_links where app_id = '`+id+`' and seq = 9`)
		for _, ev := range last {
			c.tables.exec(t, `delete from authkit_events where app_id = '`+id+`' and event_id = '`+ev.ID.String()+`'`)
		}
		c.intact(app, "", 0, 9, 0) // an earlier state of the whole log, with its seal
		if _, err := c.verify(app, head); err == nil || !strings.Contains(err.Error(), "cut off") {
			t.Errorf("with the head that was logged: got %v, want it cut off", err)
		}
		c.writes(app, 4) // others, in the place of those
		c.chains()
		if got, err := c.verify(app, head); err == nil || !strings.Contains(err.Error(), "at position") || got.Chained != 0 {
			t.Errorf("once the chain has gone on: got %v with %d events that are as they were, want another chain and none", err, got.Chained)
		}
		if got, err := c.verify(app, "9:"+strings.Repeat("0", 64)); err == nil || !strings.Contains(err.Error(), "another one than that of the head") || got.Chained != 0 {
			t.Errorf("with the head of another chain: got %v with %d events that are as they were, want another chain and none", err, got.Chained)
		}
		for _, bad := range []string{"9", "x:y", "-1:" + head[3:], early + "0"} {
			if _, err := c.verify(app, bad); !errors.Is(err, authkit.CodeInvalidRequest) {
				t.Errorf("the head %q: got %v, want %s", bad, err, authkit.CodeInvalidRequest)
			}
		}
	})
}

func TestAChainThatWasChangedIsNotGoneOnWith(t *testing.T) {
	t.Parallel()
	onRawStores(t, func(t *testing.T, c *chained) {
		app, other := c.app(), c.app()
		c.tables.exec(t, `update authkit_audit_chains set next_seq = 6 where app_id = '`+app.ID.String()+`'`)
		c.writes(app, 1)
		c.writes(other, 1)
		if err := c.RunOnce(t.Context()); err == nil || !strings.Contains(err.Error(), "not the one that was sealed") {
			t.Errorf("got %v, want an error that names the chain", err)
		}
		c.tables.exec(t, `update authkit_audit_chains set next_seq = 9 where app_id = '`+app.ID.String()+`'`)
		c.intact(app, "", 0, 9, 1)
		c.intact(other, "", 0, 10, 0)
	})
}

func TestRetentionLeavesAChainThatCanBeChecked(t *testing.T) {
	t.Parallel()
	onRawStores(t, func(t *testing.T, c *chained) {
		app, longer := c.app(), c.app()
		days := 7
		if _, err := c.ChangeApp(t.Context(), app.Ref(), authkit.AppPatch{AuditDays: &days}); err != nil {
			t.Fatal(err)
		}
		c.chains()
		c.clock.Advance(6 * 24 * time.Hour)
		c.writes(app, 2)
		c.chains()
		head := c.intact(app, "", 0, 12, 0).Head
		c.clock.Advance(25 * time.Hour)
		c.chains()
		c.intact(app, head, 10, 2, 0)
		c.intact(longer, "", 0, 9, 0)
		if got := c.events(app); len(got) != 2 || got[0].Position != 10 {
			t.Errorf("got %d events, want the two from position 10 on", len(got))
		}
		if events, err := c.AuditLog(t.Context(), app.Ref(), authkit.EventQuery{}); err != nil || len(events) != 2 {
			t.Errorf("got %d events, %v, want 2", len(events), err)
		}
		c.clock.Advance(8 * 24 * time.Hour)
		c.chains()
		c.intact(app, "", 12, 0, 0)
		c.writes(app, 1)
		c.chains()
		c.intact(app, "", 12, 1, 0)
		c.clock.Advance(400 * 24 * time.Hour)
		c.chains()
		c.intact(longer, "", 9, 0, 0)
		if _, err := c.verify(app, head); !errors.Is(err, authkit.CodeInvalidRequest) {
			t.Errorf("a head before the first event: got %v, want %s", err, authkit.CodeInvalidRequest)
		}
	})
}

// Retention signs the beginning of a chain anew. It must not sign what another has written there.
func TestRetentionSignsNoBeginningThatWasChanged(t *testing.T) {
	t.Parallel()
	attacks := map[string][]string{
		"the oldest link also stands for the next one": {
			`update authkit_audit_links set hash = (select n.hash from authkit_audit_links n where n.app_id = '{app}' and n.seq = 3),
entries = entries || (select n.entries from authkit_audit_links n where n.app_id = '{app}' and n.seq = 3) where app_id = '{app}' and seq = 0`,
			`delete from authkit_audit_links where app_id = '{app}' and seq = 3`,
		},
		"the next link is said to be old": {`update authkit_audit_links set last_at = 1000000 where app_id = '{app}' and seq = 3`},
	}
	onRawStores(t, func(t *testing.T, c *chained) {
		for name, sqls := range attacks {
			days, app := 7, c.newApp()
			c.writes(app, 2)
			if _, err := c.ChangeApp(t.Context(), app.Ref(), authkit.AppPatch{AuditDays: &days}); err != nil {
				t.Fatal(err)
			}
			c.chains()
			c.clock.Advance(6 * 24 * time.Hour)
			for range 2 {
				c.writes(app, 3)
				c.chains()
			}
			for _, sql := range sqls {
				sql = strings.ReplaceAll(sql, "seq = 3", "seq = 4")
				if n := c.tables.exec(t, strings.ReplaceAll(sql, "{app}", app.ID.String())); n == 0 {
					t.Fatalf("%s: got 0 rows of %s, want some", name, sql)
				}
			}
			c.clock.Advance(2 * 24 * time.Hour)
			err := c.RunOnce(t.Context())
			if err == nil || !strings.Contains(err.Error(), "the audit log was changed") {
				t.Errorf("%s: Run: got %v, want an error that tells of it", name, err)
			}
			if got, err := c.verify(app, ""); err == nil {
				t.Errorf("%s: got %+v and no fault, want one", name, got)
			}
			if events, err := c.AuditLog(t.Context(), app.Ref(), authkit.EventQuery{}); err != nil || len(events) < 9 {
				t.Errorf("%s: got %d events, %v, want all", name, len(events), err)
			}
			c.tables.exec(t, `delete from authkit_audit_chains where app_id = '`+app.ID.String()+`'`)
		}
	})
}

func TestARotatedSecretKeepsTheChain(t *testing.T) {
	t.Parallel()
	onRawStores(t, func(t *testing.T, c *chained) {
		app, idle := c.app(), c.app()
		both := c.engine(c.store, 2, 1)
		c.Engine = both
		c.intact(app, "", 0, 9, 0)
		c.writes(app, 1)
		c.chains()
		sealed, err := both.Reseal(t.Context())
		if err != nil || sealed.AuditChains == 0 {
			t.Fatalf("got %+v, %v, want chains that were sealed anew", sealed, err)
		}
		c.clock.Advance(4 * 24 * time.Hour)
		c.chains()
		if sealed, err = both.Reseal(t.Context()); err != nil || len(sealed.Kept) != 0 {
			t.Fatalf("got %+v, %v, want the old secret forgotten", sealed, err)
		}
		c.Engine = c.engine(c.store, 2)
		c.intact(app, "", 0, 10, 0)
		c.intact(idle, "", 0, 9, 0)
		c.writes(idle, 1)
		c.chains()
		c.intact(idle, "", 0, 10, 0)
	})
}

func TestSeveralProcessesMakeOneChain(t *testing.T) {
	t.Parallel()
	onRawStores(t, func(t *testing.T, c *chained) {
		app := c.app()
		engines := []*authkit.Engine{c.Engine, c.engine(c.tables.again(t), 1), c.engine(c.tables.again(t), 1)}
		var writers, chainers sync.WaitGroup
		ctx, stop := context.WithCancel(t.Context())
		for _, e := range engines {
			writers.Go(func() {
				for range 30 {
					if _, err := e.CreateUser(t.Context(), app.ID, authkit.UserRequest{Email: uuid.NewString() + "@example.com"}); err != nil {
						t.Error(err)
					}
				}
			})
			chainers.Go(func() {
				for ctx.Err() == nil {
					if err := e.RunOnce(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		stop()
		chainers.Wait()
		c.chains()
		c.intact(app, "", 0, 99, 0)
		for i, ev := range c.events(app) {
			if ev.Position != int64(i) {
				t.Errorf("got position %d, want %d", ev.Position, i)
			}
		}
	})
}
