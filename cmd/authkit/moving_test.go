package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/authkit-dev/authkit/internal/testschema"
)

// TestTheStatementsOfTheDocsMakeTheSamples runs the statements of docs/migrating.md on tables as these
// systems keep them, and compares what comes out with the samples that other tests import. It has no
// subtests unless the environment names a Postgres.
func TestTheStatementsOfTheDocsMakeTheSamples(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("AUTHKIT_TEST_POSTGRES")
	if dsn == "" {
		return
	}
	for file, tables := range map[string]string{
		"django.csv": `create table auth_user (id serial primary key, password varchar(128) not null, last_login timestamptz, is_superuser boolean not null default false,
				username varchar(150) not null unique, first_name varchar(150) not null, last_name varchar(150) not null, email varchar(254) not null,
				is_staff boolean not null default false, is_active boolean not null, date_joined timestamptz not null);
			insert into auth_user (id, password, username, first_name, last_name, email, is_active, date_joined) values
				(17, 'pbkdf2_sha256$260000$seasalt12345$1RB8P/toEspCbSzUZjlPWJ74mYqr3imUGyjmlnNg/fI=', 'ann', 'Ann', 'Example', 'ann@django.example', true, '2020-01-02T04:04:05+01'),
				(18, '!d2VyIGRhcyBsaWVzdCBpc3QgbmV1Z2llcmlnCg', 'bob', '', '', 'bob@django.example', false, '2020-01-03T03:04:05Z'),
				(19, '!', 'a user without an address', '', '', '', true, '2020-01-04T03:04:05Z')`,
		"supabase.csv": `create table users (id uuid primary key, email varchar(255), encrypted_password varchar(255), email_confirmed_at timestamptz, created_at timestamptz, raw_user_meta_data jsonb);
			insert into users values
				('0a6f5b1e-7c3d-4a59-9e0f-6a1b2c3d4e5f', 'ann@supabase.example', '$2a$10$sYrsDDTpp3jjTfnmT98ox.2PbP4NT8ceJ6J4qrqLrkeh.GzMVv71K', '2022-04-05T06:08Z', '2022-04-05T06:07:08.123456Z', '{"plan": "pro"}'),
				('0a6f5b1e-7c3d-4a59-9e0f-6a1b2c3d4e60', null, '', null, '2022-04-05T06:07:08Z', '{}')`,
		"better-auth.jsonl": `create table "user" (id text primary key, name text not null, email text not null unique, "emailVerified" boolean not null, image text, "createdAt" timestamptz not null, "updatedAt" timestamptz not null);
			create table account (id text primary key, "accountId" text not null, "providerId" text not null, "userId" text not null references "user", password text);
			insert into "user" values ('ZbY0hV3kqPZ1dYx9m4gRrT7uK2sWfLcA', 'Ann Example', 'ann@better-auth.example', true, null, '2024-05-06T07:08:09Z', '2024-05-06T07:08:09Z');
			insert into account values ('1', 'ZbY0hV3kqPZ1dYx9m4gRrT7uK2sWfLcA', 'credential', 'ZbY0hV3kqPZ1dYx9m4gRrT7uK2sWfLcA', '3f1c9a5be07d42684c11d0b9a6e8f752:' ||
				encode(decode('Pl4ZqK5kW5xF8KZdnzHluIJxE7H6NLtrEWtoQk1gdRO33fkeNp301tk2QT//eTr803k485P6EFcRdgL1/x7/MQ==', 'base64'), 'hex')),
				('2', '583231', 'github', 'ZbY0hV3kqPZ1dYx9m4gRrT7uK2sWfLcA', null)`,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			db, err := pgx.Connect(t.Context(), testschema.New(t, dsn))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close(context.Background()) })                 // t.Context has ended by then
			query := strings.Replace(statementOf(t, file), "auth.users", "users", 1) // the schema of Supabase, which would be shared
			var out bytes.Buffer
			if _, err := db.Exec(t.Context(), tables); err != nil {
				t.Fatal(err)
			}
			form := "text"
			if strings.HasSuffix(file, ".csv") {
				form = "csv, header"
			}
			if _, err := db.PgConn().CopyTo(t.Context(), &out, "copy ("+query+") to stdout (format "+form+")"); err != nil {
				t.Fatal(err)
			}
			sample, err := os.ReadFile(filepath.Join("testdata", "moving", file))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := peopleOf(t, file, out.Bytes()), peopleOf(t, file, sample); !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%s\nwant what the sample has\n%s", &out, sample)
			}
		})
	}
}

// statementOf returns the statement by which docs/migrating.md writes a file, as psql gets it from a shell.
func statementOf(t *testing.T, file string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/migrating.md")
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(page), file+"' csv header\"\n```")
	if strings.HasSuffix(file, ".jsonl") {
		before, _, _ = strings.Cut(string(page), "\" > "+file)
	}
	at := max(strings.LastIndex(before, `-c "\copy (`)+len(`-c "\copy (`), strings.LastIndex(before, `-c "select`)+len(`-c "`))
	if len(before) == len(page) || at < len(`-c "\copy (`) {
		t.Fatalf("docs/migrating.md: got no statement that writes %s, want one", file)
	}
	statement := strings.TrimSuffix(before[at:], ") to '")
	return regexp.MustCompile(`\\(["$\\])`).ReplaceAllString(statement, "$1")
}

// peopleOf reads a file of users, whatever the quotes and the white space in it.
func peopleOf(t *testing.T, file string, text []byte) (out any) {
	t.Helper()
	var err error
	if strings.HasSuffix(file, ".csv") {
		out, err = csv.NewReader(bytes.NewReader(text)).ReadAll()
	} else {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatalf("%s: got %v in %s", file, err, text)
	}
	return out
}
