package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// indented are the options of JSON for people and for files under version control: an order that
// does not change, and texts as they are.
var indented = json.JoinOptions(jsontext.WithIndent("  "), json.Deterministic(true), json.FormatNilSliceAsNull(false))

// printJSON writes a value as indented JSON.
func printJSON(w io.Writer, v any) error {
	if err := json.MarshalWrite(w, v, indented); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// list prints rows as they are read: a table, or JSON with one member that holds them. It holds a page of
// rows at most, whatever their number.
type list struct {
	out   *bufio.Writer
	table *table // nil: it is JSON
	json  *jsontext.Encoder
}

// newList begins a list on stdout. head names the columns of the table, member the list in JSON.
func newList(asJSON bool, member string, head ...string) (*list, error) {
	return newListTo(os.Stdout, asJSON, member, head...)
}

func newListTo(w io.Writer, asJSON bool, member string, head ...string) (*list, error) {
	l := &list{out: bufio.NewWriter(w)}
	if !asJSON {
		l.table = &table{out: l.out}
		return l, l.row(head)
	}
	l.json = jsontext.NewEncoder(l.out, indented)
	for _, token := range []jsontext.Token{jsontext.BeginObject, jsontext.String(member), jsontext.BeginArray} {
		if err := l.json.WriteToken(token); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// add prints one row: v in JSON, the cells in a table.
func (l *list) add(v any, cells ...string) error {
	if l.json != nil {
		return json.MarshalEncode(l.json, v, indented)
	}
	return l.row(cells)
}

func (l *list) row(cells []string) error {
	shown := make([]string, len(cells))
	for i, cell := range cells {
		shown[i] = visible(cell)
	}
	return l.table.add(shown)
}

// end ends the list.
func (l *list) end() error {
	if l.json == nil {
		return errors.Join(l.table.settle(), l.out.Flush())
	}
	for _, token := range []jsontext.Token{jsontext.EndArray, jsontext.EndObject} {
		if err := l.json.WriteToken(token); err != nil {
			return err
		}
	}
	return l.out.Flush()
}

// table writes rows whose columns are as wide as the first rows need them. A later cell that is wider
// moves the rest of its row.
type table struct {
	out    *bufio.Writer
	held   [][]string // the rows until the widths are known
	widths []int      // nil: they are not known yet
}

// tableHead is how many rows decide the widths of a table.
const tableHead = pageSize

func (t *table) add(cells []string) error {
	if t.widths != nil {
		return t.write(cells)
	}
	if t.held = append(t.held, cells); len(t.held) < tableHead {
		return nil
	}
	return t.settle()
}

// settle decides the widths by the rows that are held, and writes those.
func (t *table) settle() error {
	for _, cells := range t.held {
		t.widths = append(t.widths, make([]int, max(len(cells)-len(t.widths), 0))...)
		for i, cell := range cells {
			t.widths[i] = max(t.widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, cells := range t.held {
		if err := t.write(cells); err != nil {
			return err
		}
	}
	t.held = nil
	return nil
}

// write writes a row, with two spaces between its columns.
func (t *table) write(cells []string) error {
	for i, cell := range cells[:len(cells)-1] {
		if _, err := fmt.Fprintf(t.out, "%-*s  ", t.widths[i], cell); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(t.out, cells[len(cells)-1])
	return err
}

// visible returns a text that a user may have chosen as a terminal may show it: in quotes if a
// character of it could move the cursor or the columns.
func visible(cell string) string {
	if cell == "" {
		return "-"
	}
	if quoted := strconv.Quote(cell); strings.ContainsRune(quoted, '\\') {
		return quoted
	}
	return cell
}

// moment writes a time for a table; "-" for the zero time, which means never.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.DateTime)
}

// timeOrNull is a time in JSON; nil for the zero time.
func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC())
}
