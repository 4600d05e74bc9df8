package postgres_test

import (
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// A server that vacuums the outbox while it is empty plans to read it as a whole, and keeps that plan
// while mail comes.
func TestAnOutboxThatWasVacuumedEmptyIsReadByItsIndexes(t *testing.T) {
	t.Parallel()
	if os.Getenv("AUTHKIT_TEST_POSTGRES") == "" {
		return
	}
	// Rows read by the verbs in one table or index. Some are dead: while another transaction of the
	// server is older, a scan passes them again.
	const most = 400
	pool, s := onOneConnection(t)
	app, now := newApp(t, s), time.Unix(1_700_000_000, 0)
	deliver := func() {
		t.Helper()
		mail := authkit.Mail{ID: uuid.New(), Sealed: []byte("sealed"), DueAt: now, Expires: now.Add(time.Hour)}
		err := s.Put(t.Context(), authkit.Put{App: app, Riders: authkit.Riders{Mail: []authkit.Mail{mail}}})
		for _, done := range []bool{false, true} {
			var claimed []authkit.Mail
			if err == nil {
				claimed, err = s.ClaimMail(t.Context(), authkit.MailClaim{Now: now, Until: now.Add(time.Minute), Max: 4})
			}
			if err == nil && len(claimed) == 1 {
				err = s.SettleMail(t.Context(), []authkit.Settled{{App: app, ID: mail.ID, Until: claimed[0].DueAt, Done: done, DueAt: now}})
			}
			if err != nil || len(claimed) != 1 {
				t.Fatalf("got %d mails, %v, want the one", len(claimed), err)
			}
		}
	}
	must(t, pool, "alter table authkit_outbox set (autovacuum_enabled = off)")
	must(t, pool, "vacuum analyze authkit_outbox")
	for range 8 { // the first five plans are for their arguments alone
		deliver()
	}
	must(t, pool, `insert into authkit_outbox (app_id, mail_id, sealed, due_at, expires_at, attempts)
select $1, gen_random_uuid(), '', 1700003600000000 + n, 0, 0 from generate_series(1, 20000) n`, app)
	before := rowsRead(t, pool)
	deliver()
	for of, n := range rowsRead(t, pool) {
		if n -= before[of]; n > most {
			t.Errorf("got %d rows read by %s, want at most %d", n, of, most)
		}
	}
}
