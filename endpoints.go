package authkit

import (
	"bytes"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/pages"
	"github.com/authkit-dev/authkit/internal/token"
)

// The functions of the route table translate: a request into a call of the Engine, its
// outcome into an object of the contract. They decide nothing.

type credentialsBody struct {
	Email    string `json:"email"`
	Password string `json:"password" raw:"ok"`
	Name     string `json:"name"`
	Intent   string `json:"intent"`
}

func signInWithPassword(c *call, in credentialsBody) (answered, error) {
	got, err := c.e.SignInWithPassword(c.ctx(), PasswordSignIn{
		App: c.app.ID, Email: in.Email, Password: in.Password, Name: in.Name, Intent: in.Intent, Client: c.client,
	})
	if err != nil {
		return answered{}, err
	}
	return signedIn(got), nil
}

func signedIn(s SignIn) answered {
	if s.Created && s.User.AuthMethod == MethodCredentials {
		return answered{http.StatusCreated, wireSignIn(s)}
	}
	return answered{http.StatusOK, wireSignIn(s)}
}

func me(c *call) (any, error) { return wireUser(c.user), nil }

func listUsers(c *call) error {
	values, err := c.query()
	if err != nil {
		return err
	}
	page, err := c.page(values)
	if err != nil {
		return err
	}
	filter := UserFilter{Page: page, Email: values.Get("email"), Prefix: values.Get("q"), AuthMethod: values.Get("auth_method")}
	if c.r.Header.Get("Accept") == "application/x-ndjson" {
		return streamUsers(c, filter)
	}
	filter.Limit++ // one more tells whether there is a next page
	users, err := c.e.Users(c.ctx(), c.key.App, filter)
	if err != nil {
		return err
	}
	next := ""
	if len(users) == filter.Limit {
		users = users[:page.Limit]
		last := users[len(users)-1]
		next = c.next(values, last.CreatedAt, last.ID)
	}
	out := make([]userJSON, len(users))
	for i, u := range users {
		out[i] = wireUser(u)
	}
	return c.answer(http.StatusOK, list("users", out, next))
}

// streamUsers writes every user on a line of its own, a page at a time. A store that
// fails midway cuts the connection: half a list must not look like a whole one.
func streamUsers(c *call, filter UserFilter) error {
	filter.Limit = maxPage
	for first := true; ; first = false {
		users, err := c.e.Users(c.ctx(), c.key.App, filter)
		if err != nil && first {
			return err
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		if first {
			c.w.Header().Set("Content-Type", "application/x-ndjson")
			c.w.Header().Set("Cache-Control", "no-store")
		}
		var lines bytes.Buffer
		for _, u := range users {
			if err := json.MarshalWrite(&lines, wireUser(u)); err != nil {
				panic(http.ErrAbortHandler)
			}
			lines.WriteByte('\n')
		}
		if _, err := c.w.Write(lines.Bytes()); err != nil || len(users) < filter.Limit {
			return nil //nolint:nilerr // the peer is gone
		}
		last := users[len(users)-1]
		filter.Time, filter.ID = last.CreatedAt, last.ID
	}
}

func listApps(c *call) (any, error) {
	values, err := c.query()
	if err != nil {
		return nil, err
	}
	page, err := c.page(values)
	if err != nil {
		return nil, err
	}
	most := page.Limit
	page.Limit++
	apps, err := c.e.Apps(c.ctx(), c.developer, page)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(apps) > most {
		apps = apps[:most]
		last := apps[most-1]
		next = c.next(values, last.CreatedAt, last.ID)
	}
	out := make([]appJSON, len(apps))
	for i, a := range apps {
		out[i] = wireApp(a)
	}
	return list("apps", out, next), nil
}

type appBody struct {
	Name string `json:"name"`
}

func createApp(c *call, in appBody) (answered, error) {
	app, key, err := c.e.CreateApp(c.ctx(), c.developer, in.Name)
	if err != nil {
		return answered{}, err
	}
	out := wireApp(app)
	out.APIKey = key
	return answered{http.StatusCreated, out}, nil
}

func readApp(c *call) (any, error) { return wireAppWithSettings(c.app), nil }

type appPatchBody struct {
	Name         *string   `json:"name"`
	Signup       *string   `json:"signup"`
	RedirectURLs *[]string `json:"redirect_urls"`
	Origins      *[]string `json:"origins"`
}

func changeApp(c *call, in appPatchBody) (answered, error) {
	patch := AppPatch{Name: in.Name, RedirectURLs: in.RedirectURLs, Origins: in.Origins}
	if in.Signup != nil {
		if *in.Signup != "open" && *in.Signup != "closed" {
			return answered{}, invalid("signup", "unknown_value", `signup is neither "open" nor "closed"`)
		}
		patch.SignupClosed = new(*in.Signup == "closed")
	}
	app, err := c.e.ChangeApp(c.ctx(), c.developer, c.app.ID, patch)
	if err != nil {
		return answered{}, err
	}
	return answered{http.StatusOK, wireAppWithSettings(app)}, nil
}

func listAPIKeys(c *call) (any, error) {
	keys, err := c.e.APIKeys(c.ctx(), c.developer, c.app.ID)
	if err != nil {
		return nil, err
	}
	now := c.e.now()
	out := make([]apiKeyJSON, len(keys))
	for i, k := range keys {
		out[i] = wireAPIKey(k, now)
	}
	return list("api_keys", out, ""), nil
}

type apiKeyBody struct {
	Name      string    `json:"name"`
	Scopes    *[]string `json:"scopes"`
	ExpiresAt string    `json:"expires_at"`
	Overlap   int64     `json:"overlap_seconds"`
}

func rotateAPIKey(c *call, in apiKeyBody) (answered, error) {
	request := APIKeyRequest{Name: in.Name, Overlap: maxOverlap + 1}
	if in.Overlap >= 0 && in.Overlap <= int64(maxOverlap/time.Second) {
		request.Overlap = time.Duration(in.Overlap) * time.Second
	}
	if in.Scopes != nil {
		request.Scopes = orEmpty(*in.Scopes)
	}
	if in.ExpiresAt != "" {
		at, err := time.Parse(time.RFC3339, in.ExpiresAt)
		if err != nil {
			return answered{}, invalid("expires_at", "invalid_time", "expires_at is not a time such as 2030-01-02T15:04:05Z")
		}
		request.ExpiresAt = at
	}
	key, text, err := c.e.RotateAPIKey(c.ctx(), c.developer, c.app.ID, request)
	if err != nil {
		return answered{}, err
	}
	out := wireAPIKey(key, c.e.now())
	out.Key = text
	return answered{http.StatusCreated, out}, nil
}

func revokeAPIKey(c *call) error {
	id, ok := httpio.CanonicalUUID(c.r.PathValue("id"))
	if !ok {
		return refuse(CodeNotFound, "the app has no such active key")
	}
	if err := c.e.RevokeAPIKey(c.ctx(), c.developer, c.app.ID, id); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func metadata(c *call) (any, error) {
	c.w.Header().Set("Cache-Control", "public, max-age=300")
	return c.e.Metadata(c.ctx(), c.app.ID)
}

func keySet(c *call) (any, error) {
	c.w.Header().Set("Cache-Control", "public, max-age=300")
	return c.e.KeySet(c.ctx(), c.app.ID)
}

type statusJSON struct {
	Status string `json:"status"`
}

func healthz(*call) (any, error) { return statusJSON{"ok"}, nil }

func readyz(c *call) (any, error) {
	if err := c.e.Ready(c.ctx()); err != nil {
		return nil, err
	}
	return statusJSON{"ok"}, nil
}

func errorPage(c *call) error {
	code := Code(c.r.PathValue("code"))
	x, ok := explain(code)
	if !ok {
		return refuse(CodeNotFound, "there is no such error code")
	}
	nonce, err := c.nonce()
	if err != nil {
		return err
	}
	data := pages.ErrorData{
		Page: pages.Page{AppName: "authkit", Nonce: nonce}, Code: string(code), Status: x.status,
		Meaning: x.meaning, Causes: x.causes, Fix: x.fix,
	}
	return c.html(nonce, nil, func(w http.ResponseWriter) error { return pages.ErrorDoc(w, data) })
}

// nonce lets a page have its one style.
func (c *call) nonce() (string, error) {
	b, err := c.e.random(16)
	if err != nil {
		return "", unavailable(err)
	}
	return token.Encode(b), nil
}

// html answers a page; forms on it may go to this origin and to goesOn.
func (c *call) html(nonce string, goesOn *url.URL, write func(http.ResponseWriter) error) error {
	header := c.w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	var targets []string
	if goesOn != nil {
		targets = append(targets, httpio.Origin(goesOn))
	}
	header.Set("Content-Security-Policy", pages.CSP(nonce, targets...))
	return write(c.w)
}
