package pages

import (
	"bytes"
	"compress/gzip"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/authkit-dev/authkit/internal/locale"
)

const nonce = "AAAAAAAAAAAAAAAAAAAAAA"

// built returns a page of every builder, by the name of its type and what it shows.
func built(p Page) map[string]View {
	forms := Forms{Action: "/auth/x", Token: "token", MinLength: 12}
	wrong := forms
	wrong.Problems = Problems{"": "it failed", "email": "no address", "password": "too short", "code": "wrong", "name": "odd", "new_password": "common", "current_password": "wrong"}
	providers := []Provider{{"google", "Google", "/auth/google/x"}, {"corp", "Corp", "/auth/corp/x"}}
	again := Again(p, forms, "link")
	item := Item{Title: "Firefox on Linux", Text: "Last used"}
	account := Account{Forms: forms, Email: "ann@example.com", SignOutURL: "/out", Identities: []Identity{{"google", "Google"}}, Providers: providers[1:], Sessions: []Item{item}}
	fresh, awaiting, proving, refused := account, account, account, account
	fresh.Fresh, fresh.Verified, fresh.HasPassword, fresh.Others = true, true, true, true
	other := item
	other.Form = fresh.EndForm(p, "id")
	fresh.Sessions = []Item{item, other}
	awaiting.Fresh, awaiting.Pending, awaiting.Verified, awaiting.Identities = true, "new@example.com", true, nil
	proving.Proving, proving.Mailed, proving.HasPassword = true, true, true
	refused.Forms, refused.At, refused.HasPassword, refused.Fresh = wrong, ChangePassword, true, true
	secured, settingUp, proven := fresh, fresh, account
	secured.Factors = &Factors{TOTP: true, Left: 9, SetUp: true, Passkeys: []Passkey{{"a", "Phone", "Added"}, {"b", "Key", "Added"}}, Add: &Ceremony{Begin: "/begin", Body: "{}", Create: true}}
	settingUp.Factors, settingUp.At, settingUp.Forms = &Factors{SetUp: true, QR: &QR{"M4 4h1v1h-1z", 29, "QR"}, Secret: Fact{"Key", "ABCD"}, Again: true}, ConfirmTOTP, wrong
	proven.HasFactor, proven.ByCode, proven.ByPasskey, proven.Factors, proven.At, proven.Forms = true, true, &Ceremony{Begin: "/begin", Body: "{}"}, secured.Factors, FreshFactor, wrong
	return map[string]View{
		"Account, with factors":          secured.View(p),
		"Account, a factor set up":       settingUp.View(p),
		"Account, a factor to be shown":  proven.View(p),
		"SignIn":                         SignIn{Forms: forms, Providers: providers, SignUpURL: "/up"}.View(p),
		"SignIn, refused":                SignIn{Forms: wrong, Email: "ann@example.com"}.View(p),
		"Known":                          Known{Email: "ann@example.com", GoOnURL: "/on", OtherURL: "/other"}.View(p),
		"SignUp":                         SignUp{Forms: forms, Providers: providers, SignInURL: "/in"}.View(p),
		"SignUp, refused":                SignUp{Forms: wrong, Email: "ann@example.com", Name: "Ann", SignInURL: "/in"}.View(p),
		"Code":                           Code{Forms: forms, Email: "ann@example.com", OtherURL: "/other"}.View(p),
		"Code, of a sign-up, once more":  Code{Forms: forms, Email: "ann@example.com", SignUp: true, Again: true, OtherURL: "/other"}.View(p),
		"Code, refused":                  Code{Forms: wrong, Email: "ann@example.com", OtherURL: "/other"}.View(p),
		"Reset":                          Reset{Forms: forms, Email: "a***@example.com", Token: "link"}.View(p),
		"Reset, by a code, once more":    Reset{Forms: forms, Email: "ann@example.com", Typed: true, Again: true, OtherURL: "/other"}.View(p),
		"Reset, of an invitation":        Reset{Forms: wrong, Email: "a***@example.com", Token: "link", Invited: true, Passkey: &Ceremony{Begin: "/begin", Body: `{"invitation":"link"}`, Create: true}}.View(p),
		"Reset, refused":                 Reset{Forms: wrong, Email: "ann@example.com", Typed: true, OtherURL: "/other"}.View(p),
		"Confirm":                        Confirm{Forms: forms, Title: "Sign in", Button: "Sign in", Token: "link", Email: "a***@example.com", Press: true}.View(p),
		"Confirm, of another browser":    Confirm{Forms: forms, Title: "Sign in", Button: "Sign in", Texts: []string{"text"}, Token: "link", Asked: "05:06", Destination: "client.example", Keep: "Keep the password"}.View(p),
		"Notice":                         Notice{Title: "Saved", Text: "It is saved.", Links: []Link{{Label: "On", URL: "/on", Kind: Primary}}}.View(p),
		"Notice, that offers a passkey":  Notice{Title: "A passkey", Text: "It is easy.", Offer: true, Links: []Link{{Label: "Add", URL: "/on", Kind: Primary}, {Label: "Not now", URL: "/later", Kind: Secondary}}}.View(p),
		"Refusal":                        Refusal{Text: "It failed.", Code: "invalid_token", RequestID: "id"}.View(p),
		"Refusal, with a way on":         Refusal{Title: "Stale", Text: "It failed.", Form: &again, Links: []Link{{Label: "On", URL: "/on"}}, Code: "invalid_token", Detail: "it is spent", RequestID: "id"}.View(p),
		"Onward":                         Onward{Host: "client.example", URL: "https://client.example/done?code=x"}.View(p),
		"Continue":                       Continue{Title: "Continue", Text: "It opens a program.", Button: "Open", URL: "com.example.app:/callback?code=x"}.View(p),
		"ErrorDoc":                       ErrorDoc{Code: "invalid_token", Status: "401", Meaning: "It is spent.", Causes: []string{"one"}, Fix: "Ask again."}.View(p),
		"SignIn, with passkeys":          SignIn{Forms: forms, Providers: providers, Passkey: &Ceremony{Begin: "/begin", Body: "{}", Conditional: true}}.View(p),
		"Second":                         Second{Forms: forms, TOTP: true, OverURL: "/over"}.View(p),
		"Second, of a mailed code":       Second{Forms: forms, Mailed: true, OverURL: "/over"}.View(p),
		"Second, of a passkey":           Second{Forms: forms, Passkey: &Ceremony{Begin: "/begin", Body: "{}"}, OverURL: "/over"}.View(p),
		"Second, of everything, refused": Second{Forms: wrong, TOTP: true, Recovery: true, Remember: 30, Passkey: &Ceremony{Begin: "/begin", Body: "{}"}, OverURL: "/over"}.View(p),
		"Enrol":                          Enrol{Forms: forms, QR: &QR{"M4 4h1v1h-1z", 29, "QR"}, Secret: Fact{"Key", "ABCD EFGH"}, OverURL: "/over"}.View(p),
		"Enrol, once more, refused":      Enrol{Forms: wrong, QR: &QR{"M4 4h1v1h-1z", 29, "QR"}, Secret: Fact{"Key", "ABCD EFGH"}, Again: true, Passkey: &Ceremony{Begin: "/begin", Body: `{"mfa_token":"x"}`, Create: true}, OverURL: "/over"}.View(p),
		"Notice, with recovery codes":    Notice{Title: "Codes", Text: "Keep them.", Codes: NewCodes(p, []string{"aaaaa-bbbbb-ccccc", "ddddd-eeeee-fffff"}), Form: new(Onwards(p, forms, "token"))}.View(p),
		"SignOut":                        SignOut{Forms: forms, Email: "ann@example.com", StayURL: "/stay"}.View(p),
		"Account, of an earlier sign-in": account.View(p),
		"Account, of a fresh one":        fresh.View(p),
		"Account, a new address awaited": awaiting.View(p),
		"Account, a proof awaited":       proving.View(p),
		"Account, refused":               refused.View(p),
	}
}

// languages returns every language.
func languages(t *testing.T) []*locale.Language {
	t.Helper()
	all, err := locale.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return all.Languages()
}

func newSet(t *testing.T) *Set {
	t.Helper()
	set, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func rendered(t *testing.T, set *Set, v View) string {
	t.Helper()
	var page bytes.Buffer
	if err := set.Render(&page, v); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

// This test fails for a builder of which built has no page.
func TestEveryBuilderIsInTheTable(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for name := range built(sample().Page) {
		name, _, _ = strings.Cut(name, ",")
		known[name] = true
	}
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var found int
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Name.Name != "View" || f.Recv == nil {
				continue
			}
			found++
			if name := f.Recv.List[0].Type.(*ast.Ident).Name; !known[name] {
				t.Errorf("%s: got no page of it in the table, want one", name)
			}
		}
	}
	if found != len(known) {
		t.Errorf("got %d builders, want the %d of the table", found, len(known))
	}
}

var (
	tags     = regexp.MustCompile(`<[a-zA-Z][^>]*>`)
	handlers = regexp.MustCompile(`\s(on[a-z]+|style)\s*=`)
	ids      = regexp.MustCompile(`\sid="([^"]*)"`)
	refers   = regexp.MustCompile(`\s(?:for|aria-controls|aria-labelledby)="([^"]*)"`)
	inputs   = regexp.MustCompile(`<input id="([^"]*)"`)
	submits  = regexp.MustCompile(`<button type="submit"[^>]*>([^<]*)<`)
)

// Every page of every builder, in every language.
func TestPages(t *testing.T) {
	t.Parallel()
	set := newSet(t)
	for _, l := range languages(t) {
		p := sample().Page
		p.Language, p.Nonce = l, nonce
		for name, v := range built(p) {
			t.Run(l.Tag+", "+name, func(t *testing.T) {
				t.Parallel()
				page := rendered(t, set, v)
				checkStructure(t, page, l)
				checkFields(t, page)
				if n := zipped(t, page); n > 25<<10 {
					t.Errorf("got %d bytes after gzip, want at most 25 KiB with the style and the script", n)
				}
			})
		}
	}
}

func checkStructure(t *testing.T, page string, l *locale.Language) {
	t.Helper()
	for what, n := range map[string]int{
		"<h1>": 1, "<main>": 1, "<style": 1, "<script": 1, `<style nonce="` + nonce + `">`: 1, `<script nonce="` + nonce + `">`: 1,
		`lang="` + l.Tag + `" dir="` + l.Dir + `"`: 1, "ZgotmplZ": 0, "<no value>": 0, "{{": 0,
	} {
		if got := strings.Count(page, what); got != n {
			t.Errorf("%q: got it %d times, want %d times", what, got, n)
		}
	}
	for _, tag := range tags.FindAllString(page, -1) {
		if handlers.MatchString(tag) {
			t.Errorf("got %s, want no handler and no style in a tag: the policy of the page allows none", tag)
		}
	}
}

// checkFields checks that ids are unique, that what refers to an id finds it, that each input has a
// label, and each button a text.
func checkFields(t *testing.T, page string) {
	t.Helper()
	seen := map[string]bool{}
	for _, m := range ids.FindAllStringSubmatch(page, -1) {
		if seen[m[1]] {
			t.Errorf("the id %q: got it twice, want it once", m[1])
		}
		seen[m[1]] = true
	}
	for _, m := range refers.FindAllStringSubmatch(page, -1) {
		if !seen[m[1]] {
			t.Errorf("the id %q: got it referred to, and no element has it", m[1])
		}
	}
	for _, m := range inputs.FindAllStringSubmatch(page, -1) {
		if !strings.Contains(page, `<label for="`+m[1]+`">`) {
			t.Errorf("the input %q: got no label, want one", m[1])
		}
	}
	for _, m := range submits.FindAllStringSubmatch(page, -1) {
		if strings.TrimSpace(m[1]) == "" {
			t.Errorf("got the button %s without a text", m[0])
		}
	}
}

func zipped(t *testing.T, page string) int {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(page)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

func TestAProblemBelongsToItsField(t *testing.T) {
	t.Parallel()
	set, p := newSet(t), sample().Page
	page := rendered(t, set, SignIn{Forms: Forms{Action: "/x", Problems: Problems{"email": "no address"}}, Email: "x"}.View(p))
	for _, want := range []string{`value="x"`, `aria-invalid="true" aria-describedby="email-problem"`, `id="email-problem"`, "no address"} {
		if !strings.Contains(page, want) {
			t.Errorf("got %s, want %q in it", page, want)
		}
	}
	if strings.Count(page, "aria-invalid=") != 1 || strings.Contains(page, `role="alert"`) {
		t.Errorf("got %s, want one field marked, and no problem of the page", page)
	}
}

func TestTheAddressOfALinkIsSafe(t *testing.T) {
	t.Parallel()
	for to, c := range map[string]struct{ link, goTo bool }{
		"https://client.example/done?x=1&y=2": {true, true},
		"http://127.0.0.1:8080/cb":            {true, true},
		"/auth/sign-in/x":                     {true, true},
		"com.example.app:/callback?code=x":    {true, false},
		"javascript:alert(1)":                 {},
		"JavaScript:alert(1)":                 {},
		" javascript:alert(1)":                {},
		"java\tscript:alert(1)":               {},
		"data:text/html,<b>x</b>":             {},
		"vbscript:x":                          {},
		"blob:https://client.example/x":       {},
		"app:/callback":                       {},
		"done":                                {},
		"":                                    {},
		"https://%zz":                         {},
	} {
		got, err := Link{URL: to}.Href()
		if (err == nil) != c.link || err == nil && string(got) != to {
			t.Errorf("a link to %q: got %q, %v, want it taken: %v", to, got, err, c.link)
		}
		directive, err := View{GoTo: to}.Refresh()
		if (err == nil) != c.goTo || err == nil && directive != "0;url="+to {
			t.Errorf("a page that goes on to %q: got %q, %v, want it taken: %v", to, directive, err, c.goTo)
		}
	}
}

func TestAPageThatCannotBeRenderedIsNotBegun(t *testing.T) {
	t.Parallel()
	set := newSet(t)
	for name, change := range map[string]func(v *View){
		"a link in the content": func(v *View) { v.Links = []Link{{Label: "x", URL: "javascript:alert(1)"}} },
		"a link in a section":   func(v *View) { v.Sections[0].Links[0].URL = "data:text/html,x" },
		"where it goes on to":   func(v *View) { v.GoTo = "javascript:alert(1)" },
	} {
		v := sample()
		change(&v)
		var page bytes.Buffer
		if err := set.Render(&page, v); err == nil || page.Len() != 0 || !strings.Contains(err.Error(), `render page "sample"`) {
			t.Errorf("%s: got %v and %d bytes, want an error that names the page, and none written", name, err, page.Len())
		}
	}
}

// full fails every write.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

func TestAWriteThatFailsIsReported(t *testing.T) {
	t.Parallel()
	if err := newSet(t).Render(full{}, sample()); err == nil || !strings.Contains(err.Error(), `write page "sample": the disk is full`) {
		t.Errorf("got %v, want the error of the writer", err)
	}
}

func TestThePolicyAllowsWhatThePageHas(t *testing.T) {
	t.Parallel()
	want := []string{
		"default-src 'none'", "style-src 'nonce-N'", "script-src 'nonce-N'", "img-src 'self'", "connect-src 'self'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'",
	}
	if got := strings.Split(CSP("N"), "; "); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestALook(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		look  fs.FS
		wants []string // in the page, or in the error
		fails bool
	}{
		"no file":                   {fstest.MapFS{}, []string{"<h1>Title</h1>"}, false},
		"another content":           {fstest.MapFS{"page.html": text(`<h1 class="mine">{{.Title}}</h1>`)}, []string{`<h1 class="mine">Title</h1>`, "<main>"}, false},
		"another frame":             {fstest.MapFS{"layout.html": text(`<body id="mine">{{template "page.html" .}}`)}, []string{`<body id="mine">`, "<h1>Title</h1>"}, false},
		"another style":             {fstest.MapFS{"style.css": text("h1{color:{{.Brand.Color}}}")}, []string{"h1{color:#123456}"}, false},
		"a file of another name":    {fstest.MapFS{"other.html": text("{{")}, []string{"<h1>Title</h1>"}, false},
		"a template that is broken": {fstest.MapFS{"page.html": text("{{if}}")}, []string{"page file page.html", "missing value for if"}, true},
		"two that are broken":       {fstest.MapFS{"layout.html": text("{{"), "script.js": text("{{end}}")}, []string{"page file layout.html", "page file script.js"}, true},
		"a member that no page has": {fstest.MapFS{"layout.html": text("{{.Nothing}}")}, []string{"layout.html", "Nothing"}, true},
		"a quote that is not ended": {fstest.MapFS{"layout.html": text(`<a href="{{.GoTo}}>`)}, []string{"layout.html"}, true},
		"a file that is a folder":   {fstest.MapFS{"page.html/x": text("")}, []string{"page file page.html"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set, err := New(c.look)
			if (err != nil) != c.fails {
				t.Fatalf("got %v, want an error: %v", err, c.fails)
			}
			var got string
			if err != nil {
				got = err.Error()
			} else {
				got = rendered(t, set, sample())
			}
			for _, want := range c.wants {
				if !strings.Contains(got, want) {
					t.Errorf("got %s, want %q in it", got, want)
				}
			}
		})
	}
}

func text(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
