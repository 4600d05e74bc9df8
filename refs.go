package authkit

import (
	"strings"

	"github.com/google/uuid"
)

// AppRef names an app and its owner. A method refuses the app of another developer like one that
// does not exist: [CodeAppNotFound].
type AppRef struct {
	Developer string // the id, without its source (see [App.Developer])
	ID        uuid.UUID

	read *App // the record that the access check has read; may be nil
}

// Ref names the app and its owner, as methods take them: [App.Developer] has a source before the
// id.
func (a App) Ref() AppRef {
	_, id, _ := strings.Cut(a.Developer, ":")
	return AppRef{Developer: id, ID: a.ID}
}

// ProviderRef names a sign-in provider of an app.
type ProviderRef struct {
	App      AppRef
	Provider string // such as "github"
}

// SessionRef names a session of a user.
type SessionRef struct{ App, User, ID uuid.UUID }
