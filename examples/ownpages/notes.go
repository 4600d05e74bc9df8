package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"

	"github.com/authkit-dev/authkit"
)

// notes is the host's own table, in the file that holds authkit's.
type notes struct{ write, read *sql.DB }

// create makes the table after authkit's. A user's id says nothing without its app, and the notes
// of a deleted user go with the user.
func (n notes) create(ctx context.Context) error {
	_, err := n.write.ExecContext(ctx, `create table if not exists notes (
		app_id text not null, user_id text not null, text text not null,
		foreign key (app_id, user_id) references authkit_users (app_id, user_id) on delete cascade
	)`)
	if err != nil {
		return fmt.Errorf("create the table notes: %w", err)
	}
	return nil
}

func (n notes) add(ctx context.Context, of authkit.Identity, text string) error {
	_, err := n.write.ExecContext(ctx, `insert into notes (app_id, user_id, text) values ($1, $2, $3)`, of.App, of.User, text)
	if err != nil {
		return fmt.Errorf("add a note: %w", err)
	}
	return nil
}

func (n notes) list(ctx context.Context, of authkit.Identity) (all []string, err error) {
	rows, err := n.read.QueryContext(ctx, `select text from notes where app_id = $1 and user_id = $2 order by rowid`, of.App, of.User)
	if err != nil {
		return nil, fmt.Errorf("list notes: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err has the error
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("list notes: %w", err)
		}
		all = append(all, text)
	}
	return all, rows.Err()
}

func (s site) list(w http.ResponseWriter, r *http.Request) {
	who, _ := authkit.IdentityFrom(r.Context()) // always there behind RequirePage
	all, err := s.notes.list(r.Context(), who)
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.show(w, http.StatusOK, view{SignedIn: true, Name: who.Name, Notes: append([]string{}, all...)})
}

func (s site) add(w http.ResponseWriter, r *http.Request) {
	who, _ := authkit.IdentityFrom(r.Context())
	if err := s.notes.add(r.Context(), who, r.PostFormValue("text")); err != nil {
		s.refuse(w, err)
		return
	}
	http.Redirect(w, r, "/notes", http.StatusSeeOther)
}
