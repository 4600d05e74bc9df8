package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

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

// list prints rows as they are read: a table, or JSON with one member that holds them.
type list struct {
	table *tabwriter.Writer
	json  *jsontext.Encoder
}

// newList begins a list on stdout. head names the columns of the table, member the list in JSON.
func newList(asJSON bool, member string, head ...string) (*list, error) {
	if !asJSON {
		l := &list{table: tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)}
		return l, l.row(head)
	}
	l := &list{json: jsontext.NewEncoder(os.Stdout, indented)}
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
	_, err := fmt.Fprintln(l.table, strings.Join(shown, "\t"))
	return err
}

// end ends the list.
func (l *list) end() error {
	if l.json == nil {
		return l.table.Flush()
	}
	if err := l.json.WriteToken(jsontext.EndArray); err != nil {
		return err
	}
	return l.json.WriteToken(jsontext.EndObject)
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
