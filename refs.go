package authkit

import "github.com/google/uuid"

// AppRef names an app and the developer who has it. What is said of an app of another
// developer is what is said of one that does not exist: [CodeAppNotFound].
type AppRef struct {
	Developer string // the id, without its source (see [App.Developer])
	ID        uuid.UUID

	read *App // as the access check of the request has read it; may be nil
}

// ProviderRef names a sign-in provider of an app.
type ProviderRef struct {
	App      AppRef
	Provider string // such as "github"
}

// SessionRef names a session of a user.
type SessionRef struct{ App, User, ID uuid.UUID }
