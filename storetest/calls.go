package storetest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// call is one way to call a method of [authkit.Store] that takes an app.
type call struct {
	method string
	how    string // empty where there is but one way
	riders bool   // writes c.riders

	// The errors in the app that holds the things, in another app, and in the first one
	// once it is deleted.
	own, foreign, dead error

	do func(c caller) error
}

func (c call) name() string {
	if c.how == "" {
		return c.method
	}
	return c.method + " " + c.how
}

// caller is what a call is made with: the app of the verb, and the things whose ids it names.
type caller struct {
	ctx    context.Context
	s      authkit.Store
	app    uuid.UUID
	x      things
	riders authkit.Riders
}

// errShown says that a list shows what was named.
var errShown = errors.New("it is shown")

// shown is errShown if a list is not empty.
func shown[T any](list []T, err error) error {
	if err == nil && len(list) > 0 {
		return errShown
	}
	return err
}

// allCalls returns all ways to call each method that takes an app.
func allCalls() []call {
	return slices.Concat(appCalls(), logoCalls(), keyCalls(), providerCalls(), sealCalls(), userCalls(), changeCalls(), tokenCalls(), sessionCalls(), webhookCalls(), otherCalls())
}

// plainCalls call the methods that take no app, or an app that does not exist yet.
func plainCalls() []call {
	return []call{
		{method: "CreateApp", how: "with a fresh id", riders: true, do: func(c caller) error {
			k := c.x.key
			a := anApp("fresh")
			a.ID = c.app
			return c.s.CreateApp(c.ctx, authkit.NewApp{App: a, First: signingKey(1), Key: &k, Riders: c.riders})
		}},
		{method: "Apps", do: func(c caller) error {
			_, err := c.s.Apps(c.ctx, "host:me", authkit.Page{Limit: 1})
			return err
		}},
		{method: "ClaimMail", do: func(c caller) error {
			_, err := c.s.ClaimMail(c.ctx, authkit.MailClaim{Now: now(), Until: after(time.Minute), Max: 1})
			return err
		}},
		{method: "DueWebhooks", do: func(c caller) error {
			_, err := c.s.DueWebhooks(c.ctx, authkit.WebhookKey{}, now(), 10)
			return err
		}},
		{method: "Sweep", do: func(c caller) error {
			_, err := c.s.Sweep(c.ctx, after(99*time.Hour), 1000)
			return err
		}},
		{method: "Unchained", do: func(c caller) error {
			_, err := c.s.Unchained(c.ctx, uuid.Nil, 1)
			return err
		}},
		{method: "Chains", do: func(c caller) error {
			_, err := c.s.Chains(c.ctx, uuid.Nil, 1)
			return err
		}},
		{method: "NoteSecret", do: func(c caller) error {
			_, err := c.s.NoteSecret(c.ctx, secretID(1), []string{secretID(1)})
			return err
		}},
		{method: "Secrets", do: func(c caller) error {
			_, err := c.s.Secrets(c.ctx)
			return err
		}},
		{method: "RetireSecret", do: func(c caller) error { return c.s.RetireSecret(c.ctx, secretID(1)) }},
		{method: "ForgetSecret", do: func(c caller) error { return c.s.ForgetSecret(c.ctx, secretID(1)) }},
		{method: "Sealed", do: func(c caller) error {
			_, err := c.s.Sealed(c.ctx, authkit.SealedQuery{Part: authkit.SealedSigningKey, Limit: 1})
			return err
		}},
		{method: "SealedHeads", do: func(c caller) error {
			_, err := c.s.SealedHeads(c.ctx, now(), now())
			return err
		}},
		{method: "Ping", do: func(c caller) error {
			_, err := c.s.Ping(c.ctx)
			return err
		}},
	}
}
