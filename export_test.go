package authkit

import (
	"reflect"

	"github.com/authkit-dev/authkit/oauth"
)

// RouteInfo is the part of a row of the route table that tests may see.
type RouteInfo struct {
	Method, Pattern string
	Form            bool
	Example         string // a JSON body; empty: there is none
}

// Routes returns the route table.
func Routes() []RouteInfo {
	var out []RouteInfo
	for _, rt := range routes() {
		out = append(out, RouteInfo{rt.method, rt.pattern, rt.form, rt.example})
	}
	return out
}

// AccountSteps returns the steps of the account page, and whether each wants a fresh sign-in.
func AccountSteps() map[string]bool {
	out := map[string]bool{}
	for do, step := range accountSteps() {
		out[do] = step.fresh
	}
	return out
}

// IsEngineMethod reports whether Engine has an exported method of the name.
func IsEngineMethod(name string) bool {
	_, ok := reflect.TypeFor[*Engine]().MethodByName(name)
	return ok
}

// SettingInfo is the part of a row of the table of settings that tests may see.
type SettingInfo struct {
	Name, Field, Doc string
}

// SettingRows returns the table of an app's settings.
func SettingRows() []SettingInfo {
	var out []SettingInfo
	for _, a := range appSettings {
		out = append(out, SettingInfo{a.name, a.field, a.doc})
	}
	return out
}

// UseGitHub makes an engine ask another server in place of GitHub.
func UseGitHub(e *Engine, url string) {
	e.providers.client = oauth.NewClient(oauth.Options{AllowLoopback: true, Now: e.cfg.Now, Endpoints: map[string]oauth.Endpoint{
		"github": {AuthURL: url + "/login/oauth/authorize", TokenURL: url + "/login/oauth/access_token", APIURL: url},
	}})
}

// BindingCookie returns the binding cookie of a new browser, as the browser sends it.
func BindingCookie(e *Engine) string {
	return bindingWith(e, newBindingValue(e.now()))
}

func bindingWith(e *Engine, b bindingCookieValue) string {
	return e.http.cookies.Name(bindingCookie) + "=" + b.text(e.secrets.ring)
}
