package authkit

import (
	"cmp"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
)

const (
	defaultApps       = 50 // live ones of a developer of the console app, over HTTP
	defaultAppsPerDay = 20
)

// url returns the URL of a path under the mount point.
func (c *Config) url(path string) string { return c.BaseURL + path }

// ownOrigin reports whether a URL is of the origin of BaseURL, or a path alone.
func (c *Config) ownOrigin(to string) bool {
	u, err := url.Parse(to)
	base, err2 := url.Parse(c.BaseURL)
	if err != nil || err2 != nil {
		return false
	}
	return u.Scheme == "" && u.Host == "" || httpio.Origin(u) == httpio.Origin(base)
}

// signInPage returns the URL of an app's sign-in page for a person who comes from no flow, such as after
// a sign-out. Without a goal an access token reaches no program, so that the sign-in chooses the
// cookie where the app takes either.
func (c *Config) signInPage(app App) string {
	page := c.url("/auth/sign-in/") + app.ID.String()
	if app.Settings.SessionMode == SessionEither {
		page += "?session=cookie"
	}
	return page
}

// issuer returns the `iss` of an app's tokens.
func (c *Config) issuer(app uuid.UUID) string { return c.url("/apps/" + app.String()) }

// lifetimes returns how long an app's access tokens and sessions live: the app's own settings, or
// the Engine's where it has no setting.
func (t *TokenConfig) lifetimes(app App) (access, idle, absolute time.Duration) {
	s := app.Settings
	return cmp.Or(s.AccessTTL, t.AccessTTL), cmp.Or(s.SessionIdle, t.SessionIdle), cmp.Or(s.SessionAbsolute, t.SessionAbsolute)
}

// liveApps is how many live apps one developer may have; 0: no bound.
func (c *Config) liveApps(overHTTP bool) int { return c.bound(c.Limits.Apps, defaultApps, overHTTP) }

// appsPerDay is how many apps one developer may make a day; 0: no bound.
func (c *Config) appsPerDay(overHTTP bool) int {
	return c.bound(c.Limits.AppsPerDay, defaultAppsPerDay, overHTTP)
}

// bound returns a bound of Config.Limits on one developer; 0: no bound. Where it is not set, the
// fallback applies to developers of the console app over HTTP only: a host may make an app for
// each of its customers.
func (c *Config) bound(set, fallback int, overHTTP bool) int {
	switch {
	case c.Limits.InsecureOff || set < 0:
		return 0
	case set == 0 && overHTTP && c.Developers == nil:
		return fallback
	}
	return set
}

// defaultDeveloperMail is how many mails a day the apps of a developer of the console app send.
const defaultDeveloperMail = 5000

// developerMail is how many mails a day the apps of one developer send together; 0: no bound.
func (c *Config) developerMail(console bool) int {
	return c.bound(c.Limits.DeveloperMail, defaultDeveloperMail, console)
}
