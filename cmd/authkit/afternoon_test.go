package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// djangoPassword is the password of the people of the Django dump.
const djangoPassword = "correct horse battery staple"

// TestOneOperatorsAfternoon moves an app in, helps its people, and moves it out again: from an SQLite
// file to each store that is durable.
func TestOneOperatorsAfternoon(t *testing.T) {
	t.Parallel()
	everyDurable(t, func(t *testing.T, open func(*testing.T) string) {
		// The operator starts a server for a shop whose people Django has kept.
		here := settle(t, "sqlite:"+filepath.Join(t.TempDir(), "auth.db"))
		here.run("app", "import", "--base-url", baseURL, write(t, `{"name":"shop","settings":{"signup":"closed","branding":{"color":"#1a7f37"},"limits":{"mail":"4/h/email"}},
			"providers":[{"provider":"github","client_id":"Iv1.8a61f9b3","client_secret":"sekret"}]}`))
		here.opens()
		here.run("users", "import", "--app", "shop", "--dry-run", djangoDump(t))
		here.signsIn("ann@django.example", djangoPassword).want(t, 401, "invalid_credentials")
		here.run("users", "import", "--app", "shop", djangoDump(t))
		here.signsIn("ann@django.example", djangoPassword).want(t, 200, "") // from now on by a hash of authkit's

		// A colleague is invited, since sign-up is closed, and chooses a password.
		here.invites("carl@example.com", `["staff"]`)
		here.accepts("carl@example.com", password)
		got := here.signsIn("carl@example.com", password).want(t, 200, "")
		if roles := got.body["user"].(map[string]any)["roles"]; len(roles.([]any)) != 1 {
			t.Errorf("roles of the colleague: got %v, want staff", roles)
		}

		// Bob writes that no link lets him in, with the id of the answer. Django had him disabled.
		request := here.redeems("bob@django.example").want(t, 403, "user_disabled").string("request_id")
		here.seesWhy(request)
		here.run("user", "enable", "--app", "shop", "bob@django.example")
		here.redeems("bob@django.example").want(t, 200, "")

		// The shop moves to another store, under another secret.
		app, people := here.exports()
		there := settle(t, open(t))
		there.run("app", "import", "--base-url", baseURL, write(t, app))
		there.run("users", "import", "--app", "shop", write(t, people))
		there.opens()
		if got := there.run("app", "diff", "--base-url", baseURL, write(t, app)); got != "" {
			t.Errorf("app diff: got %s, want nothing", got)
		}
		appThere, peopleThere := there.exports()
		if got, want := withoutID(t, appThere), withoutID(t, app); got != want {
			t.Errorf("the app there: got\n%s\nwant\n%s", got, want)
		}
		if peopleThere != people || strings.Count(people, "\n") != 4 {
			t.Errorf("the people there: got\n%s\nwant these four\n%s", peopleThere, people)
		}
		there.signsIn("ann@django.example", djangoPassword).want(t, 200, "")
		there.signsIn("dora@django.example", djangoPassword).want(t, 200, "") // for the first time: by the hash of Django
		there.signsIn("carl@example.com", password).want(t, 200, "")
		there.redeems("bob@django.example").want(t, 200, "")
		there.run("audit", "verify", "--app", "shop")
	})
}

// baseURL is where clients reach the servers of the afternoon.
const baseURL = "http://localhost:9999"

// djangoDump is the sample of docs/migrating.md, and a person who has not signed in at authkit when the
// app moves on.
func djangoDump(t *testing.T) string {
	t.Helper()
	dump, err := os.ReadFile("testdata/moving/django.csv")
	if err != nil {
		t.Fatal(err)
	}
	ann := regexp.MustCompile(`(?m)^17,ann@django.example,Ann Example,.*$`).FindString(string(dump))
	dora := strings.Replace(strings.Replace(ann, "17,ann", "19,dora", 1), "Ann", "Dora", 1)
	file := filepath.Join(t.TempDir(), "django.csv")
	if err := os.WriteFile(file, []byte(strings.TrimSpace(string(dump))+"\n"+dora+"\n"), 0o600); err != nil || ann == "" {
		t.Fatal(ann, err)
	}
	return file
}

// operator runs commands on one store, and a server over it.
type operator struct {
	*process

	t        *testing.T
	flags    []string // of every command
	box      *lines   // mails
	app, key string
}

// settle makes a store that has a developer.
func settle(t *testing.T, store string) *operator {
	t.Helper()
	o := &operator{t: t, flags: []string{"--store", store, "--secret-file", filepath.Join(t.TempDir(), "secret")}, box: newLines()}
	o.serves("--developer", "@"+write(t, developerEmail+":"+password))
	return o
}

// serves starts the server.
func (o *operator) serves(more ...string) {
	o.t.Helper()
	o.process = start(o.t, o.box, append(append(more, "--base-url", baseURL), o.flags...)...)
}

// run runs a command and returns what it prints.
func (o *operator) run(args ...string) string {
	o.t.Helper()
	return command(o.t, append(args, o.flags...)...)
}

// opens learns the id of the shop, and gives it an API key.
func (o *operator) opens() {
	o.t.Helper()
	o.app = regexp.MustCompile(`"app_id": "([^"]+)"`).FindStringSubmatch(o.run("app", "export", "shop"))[1]
	o.key = strings.TrimSpace(o.run("key", "rotate", "--app", "shop"))
}

// signsIn signs a person in.
func (o *operator) signsIn(email, word string) answer {
	o.t.Helper()
	return o.send("POST", "/auth/credentials/"+o.app, `{"email":"`+email+`","password":"`+word+`"}`)
}

// redeems asks for a link, and signs in by it.
func (o *operator) redeems(email string) answer {
	o.t.Helper()
	mail, pending := o.mailed(o.box, o.app, email, "")
	return o.send("POST", "/auth/verify/"+o.app, `{"token":"`+mail.token+`","binding":"`+pending.string("binding")+`"}`)
}

// invites creates a user, as the server of the app does, and has an invitation mailed.
func (o *operator) invites(email, roles string) {
	o.t.Helper()
	id := o.send("POST", "/users/"+o.app, `{"email":"`+email+`","roles":`+roles+`}`, bearer(o.key)).want(o.t, 201, "").string("user_id")
	o.send("POST", "/users/"+o.app+"/"+id+"/invite", `{}`, bearer(o.key)).want(o.t, 202, "")
}

// accepts opens the link of an invitation in a browser, and chooses a password on its page.
func (o *operator) accepts(email, word string) {
	o.t.Helper()
	link := o.link(email, "/auth/invitation/"+o.app+`\?token=\S+`)
	page := o.send("GET", link, "", "Sec-Fetch-Mode: navigate").want(o.t, 200, "")
	fields := regexp.MustCompile(`name="(form_token|token)" value="([^"]+)"`).FindAllStringSubmatch(page.text, 2) // of its first form, with the password
	cookies, err := http.ParseSetCookie(page.header.Get("Set-Cookie"))
	if err != nil || len(fields) != 2 {
		o.t.Fatalf("page of the invitation: got %v, %s", err, page.text)
	}
	form := url.Values{"password": {word}}
	for _, field := range fields {
		form.Set(field[1], field[2])
	}
	o.send("POST", "/auth/invitation/"+o.app, form.Encode(), "Content-Type: application/x-www-form-urlencoded",
		"Cookie: "+cookies.Name+"="+cookies.Value, "Origin: "+baseURL, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: navigate").want(o.t, 200, "")
}

// link waits for a mail to a person with a link of this form, and returns the link.
func (o *operator) link(to, form string) string {
	o.t.Helper()
	re := regexp.MustCompile(`(?s)\nTo: "` + regexp.QuoteMeta(to) + `"\n.*` + regexp.QuoteMeta(baseURL) + `(` + form + `)`)
	return o.box.wait(o.t, "mail to "+to, nil, func(all []string) []string {
		for _, mail := range all {
			if m := re.FindStringSubmatch(mail); m != nil {
				return m
			}
		}
		return nil
	})[1]
}

// seesWhy looks for the reason of a refusal: at the server, then in the audit log and in the store once
// the server has written what it holds.
func (o *operator) seesWhy(request string) {
	t := o.t
	t.Helper()
	why := o.send("GET", "/apps/"+o.app+"/explain/"+request, "", bearer(o.developer())).want(t, 200, "")
	if got := why.string("setting"); got != "disabled of the user" {
		t.Errorf("explain: got %s, want the setting that refused", why.text)
	}
	o.stop()
	if got := o.run("explain", request, "--app", "shop"); !strings.Contains(got, why.string("fix")) {
		t.Errorf("authkit explain: got %s, want %q", got, why.string("fix"))
	}
	if got := o.run("audit", "list", "--app", "shop"); !strings.Contains(got, request) {
		t.Errorf("audit list: got %s, want the request %s", got, request)
	}
	o.serves()
}

// exports returns the document of the shop, with its secrets, and its people.
func (o *operator) exports() (app, people string) {
	o.t.Helper()
	return o.run("app", "export", "shop", "--secrets", "--base-url", baseURL), o.run("users", "export", "--app", "shop", "-")
}

// withoutID is a document without the id of its app, which a new app does not keep.
func withoutID(t *testing.T, document string) string {
	t.Helper()
	before, after, found := strings.Cut(document, `"app_id": "`)
	_, after, ended := strings.Cut(after, `"`)
	if !found || !ended {
		t.Fatalf("document: got %s, want an app_id", document)
	}
	return before + after
}
