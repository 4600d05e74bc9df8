package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// A list of any length holds no more rows than one page: what is written keeps up with what is added.
func TestAListIsWrittenWhileItIsRead(t *testing.T) {
	t.Parallel()
	const rows, buffered = 20 * tableHead, 64 << 10
	for name, asJSON := range map[string]bool{"table": false, "JSON": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			l, err := newListTo(&out, asJSON, "users", "USER", "EMAIL")
			if err != nil {
				t.Fatal(err)
			}
			size := 0
			for i := range rows {
				id, email := fmt.Sprintf("%036d", i), strings.Repeat("a", 100)+"@example.com"
				if err := l.add(map[string]string{"user_id": id, "email": email}, id, email); err != nil {
					t.Fatal(err)
				}
				size += len(id) + len(email)
				if held := size - out.Len(); i > tableHead && held > buffered {
					t.Fatalf("after row %d: got %d bytes held, want %d at most", i, held, buffered)
				}
			}
			if err := l.end(); err != nil {
				t.Fatal(err)
			}
			if !asJSON {
				if got := strings.Count(out.String(), "\n"); got != rows+1 {
					t.Errorf("table: got %d lines, want %d", got, rows+1)
				}
				return
			}
			var got struct {
				Users []map[string]string `json:"users"`
			}
			if err := json.Unmarshal(out.Bytes(), &got); err != nil || len(got.Users) != rows {
				t.Errorf("JSON: got %d rows, %v, want %d", len(got.Users), err, rows)
			}
		})
	}
}

func TestTheFirstRowsDecideTheWidths(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l, err := newListTo(&out, false, "", "A", "NAME", "LAST")
	for i := range tableHead + 2 {
		cells := []string{"b", "Zoë", "x"}
		switch i {
		case 1:
			cells = []string{"", "a longer name", "y\tz"}
		case tableHead + 1:
			cells = []string{"ccc", "a name that is longer than those before", "z"}
		}
		if err == nil {
			err = l.add(nil, cells...)
		}
	}
	if err == nil {
		err = l.end()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	for i, want := range map[int]string{
		0: "A  NAME           LAST", 1: "b  Zoë            x", 2: `-  a longer name  "y\tz"`, tableHead: "b  Zoë            x",
		tableHead + 2: "ccc  a name that is longer than those before  z", tableHead + 3: "",
	} {
		if lines[i] != want {
			t.Errorf("line %d: got %q, want %q", i, lines[i], want)
		}
	}
}
