package sqlstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// An account is read from its app on, so that one statement finds out whether the app is as it was,
// and takes the same time for a user who is there and one who is not.
const (
	accountFrom = `
from authkit_apps a left join authkit_users u on u.app_id = a.app_id and `
	accountOf = ` left join authkit_credentials c on c.app_id = u.app_id and c.user_id = u.user_id
where a.app_id = $1 and a.deleted_at = 0`
)

var (
	accountCols      = of("u", userCols) + `, c.kind, c.subject, c.data, c.created_at`
	selectAccount    = `select a.version, ` + accountCols + accountFrom
	accountByID      = selectAccount + `u.user_id = $2` + accountOf
	accountByOwnID   = selectAccount + `u.external_id = $2 and u.external_id <> ''` + accountOf
	accountByEmail   = selectAccount + `u.email = $2` + accountOf
	accountBySubject = selectAccount + `u.user_id = (select f.user_id from authkit_credentials f where f.app_id = $1 and f.kind = $2 and f.subject = $3)` + accountOf
)

// accountRead is one account while it is read.
type accountRead struct {
	by      authkit.AccountKey
	found   bool // the app
	version int64
	account authkit.Account
}

// query returns the statement that reads the account, which calls row for each credential.
func (a *accountRead) query(app uuid.UUID) (sql string, args []any) {
	switch by := a.by; {
	case by.ID != uuid.Nil:
		return accountByID, []any{id(app), id(by.ID)}
	case by.Email != "":
		return accountByEmail, []any{id(app), by.Email}
	case by.ExternalID != "":
		return accountByOwnID, []any{id(app), by.ExternalID}
	default:
		return accountBySubject, []any{id(app), by.Kind, by.Subject}
	}
}

func (a *accountRead) row(r Row) error {
	a.found = true
	return addRow(&a.account, r, &a.version)
}

// addRow scans a row of other columns and accountCols, which are null where there is no user or no
// credential, into an account.
func addRow(a *authkit.Account, r Row, others ...any) error {
	var c authkit.Credential
	err := r.Scan(append(others, orZero(append(userDest(&a.User), &c.Kind, &c.Subject, &c.Data, (*micros)(&c.CreatedAt)))...)...)
	if c.Kind != "" {
		c.App, c.UserID = a.User.App, a.User.ID
		a.Credentials = append(a.Credentials, c)
	}
	return err
}

// sortCredentials does what an order by would: for that, a database without statistics reads every
// credential of the app.
func sortCredentials(a authkit.Account) {
	slices.SortFunc(a.Credentials, func(x, y authkit.Credential) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Subject, y.Subject))
	})
}

// answer returns what was read, once all rows have come.
func (a *accountRead) answer() (authkit.Account, error) {
	switch {
	case a.by.AppVersion != 0 && (!a.found || a.by.AppVersion != a.version):
		return authkit.Account{}, authkit.ErrAppChanged
	case a.account.User.ID == uuid.Nil:
		return authkit.Account{}, authkit.ErrNotFound
	}
	sortCredentials(a.account)
	return a.account, nil
}

// Account implements [authkit.UserStore].
func (s *Store) Account(ctx context.Context, app uuid.UUID, by authkit.AccountKey) (authkit.Account, error) {
	a := accountRead{by: by}
	sql, args := a.query(app)
	if err := s.c.Rows(ctx, sql, a.row, args...); err != nil {
		return authkit.Account{}, err
	}
	return a.answer()
}

// Accounts implements [authkit.UserStore]. Where writers exclude each other, they do not wait for it.
func (s *Store) Accounts(ctx context.Context, asked []authkit.AccountRef) ([]authkit.AccountAnswer, error) {
	answers := make([]authkit.AccountAnswer, len(asked))
	if s.c.Dialect().Share == "" {
		for i, of := range asked {
			a := accountRead{by: of.AccountKey}
			sql, args := a.query(of.App)
			if err := s.c.Rows(ctx, sql, a.row, args...); err != nil {
				return nil, err
			}
			answers[i].Account, answers[i].Err = a.answer()
		}
		return answers, nil
	}
	reads := make([]accountRead, len(asked))
	err := s.c.Tx(ctx, true, func(q Tx) error { // it writes nothing, so that its end waits for no disk
		for i, of := range asked {
			reads[i] = accountRead{by: of.AccountKey}
			sql, args := reads[i].query(of.App)
			q.Ask(ctx, nil, reads[i].row, sql, args...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range reads {
		answers[i].Account, answers[i].Err = reads[i].answer()
	}
	return answers, nil
}
