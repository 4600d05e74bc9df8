package authkit

import (
	commandline "flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var writeTables = commandline.Bool("write-tables", false, "write the tables of docs/http.md anew, which go generate does")

// This test is the generator too, since the route table is not exported.
func TestTheTablesOfDocsAreCurrent(t *testing.T) {
	t.Parallel()
	const file = "docs/http.md"
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	page := string(kept)
	for name, text := range map[string]string{"endpoints": endpointTables(t), "bodies": bodyTable(t)} {
		begin, end := fmt.Sprintf("<!-- %s: made from the route table by go generate . -->\n", name), fmt.Sprintf("<!-- end of %s -->\n", name)
		before, rest, begins := strings.Cut(page, begin)
		_, after, ends := strings.Cut(rest, end)
		if !begins || !ends {
			t.Fatalf("%s: got no lines %q and %q, want both", file, begin, end)
		}
		page = before + begin + text + end + after
	}
	if *writeTables {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if page != string(kept) {
		t.Errorf("%s is not what the route table makes: run go generate .", file)
	}
}

// endpointTables returns a table of the routes for each group, with a row for each route.
func endpointTables(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	for _, tag := range apiTags {
		fmt.Fprintf(&out, "\n### %s\n\n%s\n\n| method | path | who | what |\n|---|---|---|---|\n", titled(tag.name), tag.text)
		for _, rt := range routes() {
			if tagOf(rt.pattern) != tag.name {
				continue
			}
			who := rt.caller.who
			if who == "" {
				t.Errorf("%s %s: got a caller without a word for the table, want one", rt.method, rt.pattern)
			}
			if slices.Contains(rt.codes, CodeReauthenticationRequired) {
				who += " (fresh, for some changes)"
			}
			fmt.Fprintf(&out, "| `%s` | `%s` | %s | %s |\n", rt.method, rt.pattern, who, rt.summary)
		}
	}
	return out.String() + "\n"
}

// titled returns the name of a group as a heading.
func titled(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// bodyTable returns a table with what each route reads from its JSON body and its query.
func bodyTable(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	out.WriteString("\n| endpoint | members | query |\n|---|---|---|\n")
	for _, rt := range routes() {
		body, _ := rt.action.takes()
		members, query := membersOf(body), membersOf(typeOf(rt.query))
		if body == reflect.TypeFor[appPatchBody]() {
			members = "[`name`, and any of the [settings](settings.md)]"
		}
		if members != "" || query != "" {
			fmt.Fprintf(&out, "| `%s %s` | %s | %s |\n", rt.method, rt.pattern, members, query)
		}
	}
	return out.String() + "\n"
}

// membersOf lists the members of a struct, those that may be left out in brackets.
func membersOf(of reflect.Type) string {
	if of == nil {
		return ""
	}
	var required, optional []string
	for _, f := range reflect.VisibleFields(of) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous || name == "" || name == "-":
		case slices.Contains(strings.Split(f.Tag.Get("api"), ","), "required"):
			required = append(required, "`"+name+"`")
		default:
			optional = append(optional, "`"+name+"`")
		}
	}
	if len(optional) > 0 {
		required = append(required, "["+strings.Join(optional, ", ")+"]")
	}
	return strings.Join(required, ", ")
}
