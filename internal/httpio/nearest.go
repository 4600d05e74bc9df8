package httpio

import (
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Members returns the names of the JSON members of a struct, those of embedded structs included, in
// order.
func Members(t reflect.Type) (names []string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			names = append(names, Members(f.Type)...)
		case name != "" && name != "-":
			names = append(names, name)
		}
	}
	return names
}

// Nearest returns the known name that a misspelled one is nearest to: the one that takes the fewest
// changes of a letter. It is empty if every name takes more than three, or two fifths of its letters.
func Nearest(name string, known []string) string {
	best, least := "", len(name)
	for _, k := range known {
		if n := changes(strings.ToLower(name), strings.ToLower(k)); n <= min(len(k)*2/5, 3) && (n < least || best == "") {
			best, least = k, n
		}
	}
	return best
}

// changes counts the letters to add, remove or replace between two names (Levenshtein). Long texts
// are not compared.
func changes(a, b string) int {
	if len(a) > maxShown || len(b) > maxShown {
		return maxShown
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := before
			if a[i] != b[j] {
				replaced++
			}
			before = row[j+1]
			row[j+1] = min(replaced, before+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// didYouMean ends the detail about an unknown name by the nearest known one, if there is one.
func didYouMean(detail, name string, known []string) string {
	if near := Nearest(name, known); near != "" {
		return detail + "; did you mean " + near + "?"
	}
	return detail
}

// membersAt returns the members of the object that holds the member at a pointer.
func membersAt(t reflect.Type, at jsontext.Pointer) []string {
	path := slices.Collect(at.Tokens())
	for _, name := range path[:max(len(path)-1, 0)] {
		if t = memberType(t, name); t == nil {
			return nil
		}
	}
	return Members(t)
}

// memberType returns the type of a member of a struct, or of an element of a list or map; nil: there
// is no such member.
func memberType(t reflect.Type, name string) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return t.Elem()
	case reflect.Struct:
	default:
		return nil
	}
	for f := range t.Fields() {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && tag == "" {
			if found := memberType(f.Type, name); found != nil {
				return found
			}
		}
		if tag == name {
			return f.Type
		}
	}
	return nil
}
