package authkit

import (
	"context"

	"github.com/google/uuid"
)

// ImportStore adds users by the hundred.
type ImportStore interface {
	// CreateUsers adds users with their credentials, in one step, as [UserStore.CreateUser] does
	// each: Version 1, Epoch 1, no LastLogin. It says of each what is taken in this app, by an earlier
	// user of the batch too; such a user is not created, and the others are. The riders are written
	// in any case.
	CreateUsers(ctx context.Context, b UserBatch) ([]Taken, error)
}

// UserBatch says what [ImportStore.CreateUsers] does.
type UserBatch struct {
	App    uuid.UUID
	Users  []Account // User.ID and those of the credentials are set
	Riders Riders
}

// Taken says which key of a user another user has.
type Taken string

// The keys of a user, in the order in which they are told.
const (
	TakenNothing    Taken = "" // the user was created
	TakenID         Taken = "id"
	TakenEmail      Taken = "email"
	TakenExternalID Taken = "external_id"
	TakenSubject    Taken = "subject" // of a credential
)
