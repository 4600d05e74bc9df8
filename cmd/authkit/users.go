package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/authkit-dev/authkit"
)

type usersCommands struct {
	Import importUsers `cmd:"" help:"Bring users of another system into an app."`
	Export exportUsers `cmd:"" help:"Write every user of an app to a file, with password hashes."`
}

// userColumns are the members of a line and the columns of a CSV file. Those of structured hold JSON.
var (
	userColumns = []string{
		"email", "user_id", "name", "email_verified", "password_hash", "created_at", "external_id", "roles", "metadata", "private_metadata", "identities",
		"disabled", "disabled_reason", "totp_secret",
	}
	structured = map[string]bool{"roles": true, "metadata": true, "private_metadata": true, "identities": true}
	booleans   = map[string]bool{"email_verified": true, "disabled": true}
)

const (
	maxUserLine = 64 << 10 // bytes of a line, as over HTTP
	maxUserRow  = 1 << 20  // bytes of a row of CSV, which a quote that is not closed would make as long as the file

	byteOrderMark = "\ufeff" // with which some systems begin a file
)

// userReader reads the users of a file, one a call. The line is that at which the user begins. An error
// other than a [lineError] ends the file.
type userReader interface {
	next() (line int, u authkit.UserImport, err error)
}

// lineError is what is wrong with one user.
type lineError struct{ error }

// newUserReader reads JSON lines or, where the name says so, CSV. What it has dealt with is taken.
func newUserReader(name string, in io.Reader, t *taken) (userReader, error) {
	in = io.TeeReader(in, t)
	if !strings.EqualFold(filepath.Ext(name), ".csv") {
		return &lineReader{in: bufio.NewReaderSize(in, maxUserLine+2), taken: t}, nil
	}
	c := &csvReader{row: rowLimit{in: in, left: maxUserRow}, taken: t}
	rows := bufio.NewReader(&c.row)
	if mark, _ := rows.Peek(len(byteOrderMark)); string(mark) == byteOrderMark { // a first name in quotes would not begin with the quote
		n, _ := rows.Discard(len(mark))
		c.before = int64(n)
	}
	c.in = csv.NewReader(rows)
	c.in.ReuseRecord = true
	head, err := c.in.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty: its first line names the columns, " + strings.Join(userColumns, ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("read the first line: %w", err)
	}
	for i, name := range head {
		if !slices.Contains(userColumns, name) {
			return nil, fmt.Errorf("column %d is %q: the columns are %s", i+1, name, strings.Join(userColumns, ", "))
		}
		if slices.Contains(c.columns, name) {
			return nil, fmt.Errorf("column %q stands twice", name)
		}
		c.columns = append(c.columns, name)
	}
	if !slices.Contains(c.columns, "email") {
		return nil, fmt.Errorf("the first line names the columns %s, and lacks email", strings.Join(c.columns, ", "))
	}
	return c, nil
}

type lineReader struct {
	in    *bufio.Reader
	line  int
	taken *taken
}

// slice reads up to the end of the line, or as much as the buffer holds.
func (r *lineReader) slice() ([]byte, error) {
	text, err := r.in.ReadSlice('\n')
	r.taken.upTo(r.taken.size + int64(len(text)))
	return text, err
}

func (r *lineReader) next() (int, authkit.UserImport, error) {
	for {
		text, err := r.slice()
		if len(text) == 0 && err != nil {
			return r.line, authkit.UserImport{}, err
		}
		r.line++
		if errors.Is(err, bufio.ErrBufferFull) {
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = r.slice()
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return r.line, authkit.UserImport{}, err
			}
			return r.line, authkit.UserImport{}, lineError{errors.New("the line is longer than 64 KiB")}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return r.line, authkit.UserImport{}, err
		}
		line := string(text)
		if r.line == 1 {
			line = strings.TrimPrefix(line, byteOrderMark)
		}
		switch line = strings.TrimSpace(line); {
		case line == "":
			continue
		case r.line == 1 && line[0] != '{':
			return r.line, authkit.UserImport{}, lineError{errors.New("the line is not a JSON object; the name of a file of CSV ends in .csv")}
		}
		u, err := authkit.ParseUserImport([]byte(line))
		if err != nil {
			err = lineError{err}
		}
		return r.line, u, err
	}
}

type csvReader struct {
	in      *csv.Reader
	row     rowLimit
	columns []string
	before  int64 // bytes of the file that in does not read
	taken   *taken
}

// rowLimit reads no more than left bytes.
type rowLimit struct {
	in   io.Reader
	left int
}

var errRowTooLong = errors.New("a row is longer than 1 MiB: a quote before here is not closed")

func (r *rowLimit) Read(b []byte) (int, error) {
	if r.left <= 0 {
		return 0, errRowTooLong
	}
	n, err := r.in.Read(b)
	r.left -= n
	return n, err
}

func (r *csvReader) next() (int, authkit.UserImport, error) {
	r.row.left = maxUserRow
	row, err := r.in.Read()
	r.taken.upTo(r.before + r.in.InputOffset())
	if errors.Is(err, csv.ErrFieldCount) {
		line, _ := r.in.FieldPos(0)
		return line, authkit.UserImport{}, lineError{fmt.Errorf("the row has %d columns, and the first line has %d", len(row), len(r.columns))}
	}
	if err != nil {
		return 0, authkit.UserImport{}, err
	}
	line, _ := r.in.FieldPos(0)
	text, err := r.object(row)
	if err != nil {
		return line, authkit.UserImport{}, lineError{err}
	}
	u, err := authkit.ParseUserImport(text)
	if err != nil {
		err = lineError{err}
	}
	return line, u, err
}

// object is a row as a JSON object. A cell without text is left out.
func (r *csvReader) object(row []string) ([]byte, error) {
	members := map[string]any{}
	for i, cell := range row {
		name := r.columns[i]
		switch {
		case cell == "":
		case !utf8.ValidString(cell):
			return nil, fmt.Errorf("%s is not in UTF-8", name)
		case structured[name]:
			v := jsontext.Value(cell)
			if !v.IsValid() {
				return nil, fmt.Errorf("%s is not JSON", name)
			}
			members[name] = v
		case booleans[name]:
			switch strings.ToLower(cell) {
			case "true", "t", "1":
				members[name] = true
			case "false", "f", "0":
				members[name] = false
			default:
				return nil, fmt.Errorf("%s is neither true nor false", name)
			}
		default:
			members[name] = cell
		}
	}
	return json.Marshal(members, json.Deterministic(true))
}

type exportUsers struct {
	ofApp

	File string `arg:"" help:"The file, which must not exist: JSON lines, or CSV if its name ends in .csv. - is stdout." placeholder:"FILE"`
}

// Run writes one user a line, newest first.
func (x *exportUsers) Run(ctx context.Context) (err error) {
	work, app, err := x.openApp(ctx, reads)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	out := os.Stdout
	if x.File != "-" {
		// The file holds password hashes.
		if out, err = os.OpenFile(x.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, out.Close()) }()
	}
	w := bufio.NewWriter(out)
	write := func(u authkit.UserImport) error { _, err := w.Write(append(u.AppendJSON(nil), '\n')); return err }
	if strings.EqualFold(filepath.Ext(x.File), ".csv") {
		table := csv.NewWriter(w)
		if err := table.Write(userColumns); err != nil {
			return err
		}
		write = func(u authkit.UserImport) error { return writeRow(table, u) }
		defer func() { table.Flush(); err = errors.Join(err, table.Error(), w.Flush()) }()
	}
	for p := (authkit.Page{Limit: pageSize}); ; {
		users, err := work.ExportUsers(ctx, app.ID, p)
		if err != nil {
			return fmt.Errorf("export users: %w", err)
		}
		for _, u := range users {
			if err := write(u); err != nil {
				return err
			}
			p.Time, p.ID = u.CreatedAt, u.ID
		}
		if len(users) < p.Limit {
			return w.Flush()
		}
	}
}

// writeRow writes a user as a row of CSV.
func writeRow(table *csv.Writer, u authkit.UserImport) error {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(u.AppendJSON(nil), &members); err != nil {
		return err
	}
	row := make([]string, len(userColumns))
	for i, name := range userColumns {
		v := members[name]
		if v.Kind() != '"' {
			row[i] = string(v)
			continue
		}
		if err := json.Unmarshal(v, &row[i]); err != nil {
			return err
		}
	}
	return table.Write(row)
}
