package main

import (
	"database/sql"
	"path/filepath"
	"testing"
)

func TestFillSQLite(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "x.db")
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `create table people (id text primary key, email text unique, "order" integer); insert into people values ('t', 'template', 7)`); err != nil {
		t.Fatal(err)
	}
	p := &place{o: small()}
	if err := p.fillSQLite(t.Context(), file, []copied{{table: "people", vary: map[string]string{"id": sqliteUUID, "email": sqliteEmail}, where: "email = 'template'"}}); err != nil {
		t.Fatal(err)
	}
	var n, sum int
	var last string
	if err := db.QueryRowContext(t.Context(), `select count(*), sum("order"), max(email) from people where email <> 'template'`).Scan(&n, &sum, &last); err != nil {
		t.Fatal(err)
	}
	if n != p.o.Users || sum != 7*p.o.Users || last != email(p.o.Users-1) {
		t.Errorf("got %d rows, sum %d, last %s, want %d, %d, %s", n, sum, last, p.o.Users, 7*p.o.Users, email(p.o.Users-1))
	}
}
