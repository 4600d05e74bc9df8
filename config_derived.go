package authkit

import (
	"cmp"
	"time"

	"github.com/google/uuid"
)

// url is an address under the mount point.
func (c *Config) url(path string) string { return c.BaseURL + path }

// issuer is the `iss` of an app's tokens.
func (c *Config) issuer(app uuid.UUID) string { return c.url("/apps/" + app.String()) }

// lifetimes are how long an app's access tokens and sessions live: its own, or the Engine's
// where it has none.
func (t *TokenConfig) lifetimes(app App) (access, idle, absolute time.Duration) {
	s := app.Settings
	return cmp.Or(s.AccessTTL, t.AccessTTL), cmp.Or(s.SessionIdle, t.SessionIdle), cmp.Or(s.SessionAbsolute, t.SessionAbsolute)
}
