package authkit_test

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/errordoc"
)

// browserHeaders are those that browsers and proxies send by themselves, and those that every
// client sends: no caller has to be told of them.
var browserHeaders = []string{
	"Accept", "Accept-Encoding", "Accept-Language", "Access-Control-Request-Method", "Authorization", "Content-Type", "Origin", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User", "Upgrade",
	"X-Request-ID", // is logged beside the request's own id
}

// parameterNames returns the names of the parameters in the API document, by their place.
func parameterNames(t *testing.T) map[string][]string {
	t.Helper()
	d, err := apiDocument()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	components, _ := d["components"].(map[string]any)
	parameters, _ := components["parameters"].(map[string]any)
	for _, p := range parameters {
		p, _ := p.(map[string]any)
		out[p["in"].(string)] = append(out[p["in"].(string)], p["name"].(string))
	}
	return out
}

// This test looks for each name of a parameter or header that the HTTP half reads.
func TestEveryParameterIsDocumented(t *testing.T) {
	t.Parallel()
	known, fset, found := parameterNames(t), token.NewFileSet(), 0
	for _, file := range rootFiles(t, fset) {
		if name := filepath.Base(fset.Position(file.Pos()).Filename); !strings.HasPrefix(name, "http_") && name != "handler.go" {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			place, name, ok := reads(n)
			if !ok {
				return true
			}
			found++
			if !slices.Contains(known[place], name) && (place != "header" || !slices.Contains(browserHeaders, name)) {
				t.Errorf("%s: reads the %s parameter %s: the API document does not have it", fset.Position(n.Pos()), place, name)
			}
			return true
		})
	}
	if found < 30 {
		t.Errorf("got %d places that read a parameter, want 30 or more: the test no longer finds them", found)
	}
}

// reads reports whether an expression reads a parameter or header of a request, by a literal name.
func reads(n ast.Node) (place, name string, ok bool) {
	call, isCall := n.(*ast.CallExpr)
	if !isCall || len(call.Args) != 1 {
		return "", "", false
	}
	method, isMethod := call.Fun.(*ast.SelectorExpr)
	text, isText := call.Args[0].(*ast.BasicLit)
	if !isMethod || !isText {
		return "", "", false
	}
	name, _ = strconv.Unquote(text.Value)
	switch {
	case method.Sel.Name == "PathValue":
		return "path", name, true
	case method.Sel.Name != "Get" && method.Sel.Name != "Has" && method.Sel.Name != "Values":
		return "", "", false
	}
	switch of := method.X.(type) {
	case *ast.Ident:
		return "query", name, of.Name == "values"
	case *ast.CallExpr:
		inner, isMethod := of.Fun.(*ast.SelectorExpr)
		return "query", name, isMethod && inner.Sel.Name == "Query"
	case *ast.SelectorExpr:
		_, bare := of.X.(*ast.Ident)
		request, deeper := of.X.(*ast.SelectorExpr)
		return "header", name, of.Sel.Name == "Header" && (bare || deeper && request.Sel.Name == "r")
	}
	return "", "", false
}

// This test fails for a code with which no route is documented to refuse.
func TestEveryCodeIsDocumented(t *testing.T) {
	t.Parallel()
	d, err := apiDocument()
	if err != nil {
		t.Fatal(err)
	}
	components, _ := d["components"].(map[string]any)
	responses, _ := components["responses"].(map[string]any)
	info, _ := d["info"].(map[string]any)
	for _, doc := range errordoc.All() {
		found := strings.Contains(info["description"].(string), "`"+doc.Code+"`") // of what is no route
		for key := range responses {
			status, codes, _ := strings.Cut(key, "_")
			found = found || status == strconv.Itoa(doc.Status) && slices.Contains(strings.Split(codes, "."), doc.Code)
		}
		if !found {
			t.Errorf("%s: no answer of the API document has it", doc.Code)
		}
	}
}

// This test fails for a route whose name is neither that of a method of the Engine nor on this list.
func TestEveryOperationHasAName(t *testing.T) {
	t.Parallel()
	own := []string{
		"OpenMagicLink", "AccessToken", "ChangeMe", "DeleteMe", "UserSessions", "EndUserSessions", "OpenPasswordReset", "OpenEmailProof", "OpenEmailChange", "OpenEmailUndo",
		"OpenInvitation", "OpenSignIn", "PressSignIn", "OpenSignUp", "OpenAccount", "PressAccount", "OpenSignOut", "ExplainError", "Alive", "APIDocument", "Reference", "ClientScript",
	}
	d, err := apiDocument()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, rt := range authkit.Routes() {
		operations, _ := d.Find(rt.Pattern)
		operation, _ := operations[strings.ToLower(rt.Method)].(map[string]any)
		name, _ := operation["operationId"].(string)
		if seen[name] || !authkit.IsEngineMethod(name) && !slices.Contains(own, name) {
			t.Errorf("%s %s: got the operation %q, want a method of the Engine, or a name of its own", rt.Method, rt.Pattern, name)
		}
		seen[name] = true
	}
	for _, name := range own {
		if !seen[name] || authkit.IsEngineMethod(name) {
			t.Errorf("%s: it is on the list of own names, and is none: take it off", name)
		}
	}
}
