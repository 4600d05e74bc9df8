package authkit

import (
	"strings"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// Console is the id of the built-in app whose users are the developers.
var Console = uuid.MustParse("00000000-0000-7000-8000-000000000000")

// The sources of an [App.Developer].
const (
	consoleSource = "console:" // users of the console app
	hostSource    = "host:"    // what Config.Developers returns, and other ids of the host
	ownSource     = "own:"     // the host itself, in EnsureApp
)

// developerOf returns a developer id with its source, as in [App.Developer]. So ids of console
// users and ids of the host's own developers never collide.
func (c *Config) developerOf(id string) string {
	if _, ok := httpio.CanonicalUUID(id); ok && c.Developers == nil {
		return consoleSource + id
	}
	return hostSource + id
}

// ensuredOwner returns the owner of an app that [Engine.EnsureApp] makes: the host itself, under a
// name of its choice, or a developer of the console app. No id of [Config.Developers] has such an
// owner.
func (c *Config) ensuredOwner(id string) string {
	if developer := c.developerOf(id); !strings.HasPrefix(developer, hostSource) {
		return developer
	}
	return ownSource + id
}

// consoleUser returns the id of the console user who is the developer; false: the developer is
// not of the console app.
func consoleUser(developer string) (uuid.UUID, bool) {
	text, ok := strings.CutPrefix(developer, consoleSource)
	if !ok {
		return uuid.Nil, false
	}
	id, err := uuid.Parse(text)
	return id, err == nil
}

// ownerRef returns the console user who is the developer; the zero UserRef: the developer is not
// of the console app.
func ownerRef(developer string) UserRef {
	id, ok := consoleUser(developer)
	if !ok {
		return UserRef{}
	}
	return UserRef{Console, id}
}
