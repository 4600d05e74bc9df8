package authkit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/brand"
	"github.com/authkit-dev/authkit/internal/password"
)

// SetLogo gives an app a logo, or another one: an image of the media type image/png, image/jpeg or
// image/webp, of at most 64 KiB, 4096 pixels a side and 4 million in all. It is decoded, scaled
// down to 480 by 160 pixels at most and written anew as a PNG, so that only its pixels are ever
// served. The next page of any process shows it. [CodeInvalidRequest]: it is no such image.
func (e *Engine) SetLogo(ctx context.Context, ref AppRef, mediaType string, image []byte) error {
	if _, err := e.OwnApp(ctx, ref); err != nil {
		return err
	}
	var png []byte
	var bad error
	// The gate bounds how many are decoded at once: each takes tens of megabytes for a moment.
	err := e.hasher.gate.Do(ctx, password.Asker{Tenant: ref.ID.String()}, func() { png, bad = brand.Logo(mediaType, image) })
	if err != nil {
		return unavailable(err)
	}
	if bad != nil {
		return refuse(CodeInvalidRequest, "the logo is not taken: "+bad.Error())
	}
	return changeLogo(ctx, e, ref, Logo{logoHash(ref.ID, png), png}, ownerNotice{change: "logo"})
}

// DropLogo removes the logo of an app. An app without one is no error.
func (e *Engine) DropLogo(ctx context.Context, ref AppRef) error {
	return changeLogo(ctx, e, ref, Logo{}, ownerNotice{change: "logo_removed"})
}

// Logo returns the logo, a PNG, whose hash is the Logo of a live app. [CodeNotFound]: no app has it
// any more, or Config.NoBranding shows no branding.
func (e *Engine) Logo(ctx context.Context, hash string) ([]byte, error) {
	unknown := refuse(CodeNotFound, "there is no such logo, or no longer")
	app, ok := appOfLogo(hash)
	if !ok || e.cfg.NoBranding {
		return nil, unknown
	}
	logo, err := e.store.Logo(ctx, app)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, unknown
	case err != nil:
		return nil, unavailable(fmt.Errorf("read the logo of app %s: %w", app, err))
	case logo.Hash != hash:
		return nil, unknown
	}
	return logo.PNG, nil
}

func changeLogo(ctx context.Context, e *Engine, ref AppRef, l Logo, done ownerNotice) error {
	_, err := changeOwnApp(ctx, e, ref, func(app App) (AppChange, error) {
		c := AppChange{App: app.ID, Version: app.Version, Logo: &l}
		if err := e.notifyOwner(ctx, &c.Riders, app, done); err != nil {
			return c, err
		}
		c.Riders.note(e.now(), Event{App: app.ID, Type: EventAppChange, Actor: app.Developer, Reason: "logo"})
		return c, nil
	})
	return err
}

// logoHash returns the hash of a logo: the app and the SHA-256 of the picture. So the address of a
// logo leads to its app, and a picture that two apps have has two addresses: one tells nothing of
// the other app.
func logoHash(app uuid.UUID, png []byte) string {
	sum := sha256.Sum256(png)
	return base64.RawURLEncoding.EncodeToString(append(app[:], sum[:]...))
}

// appOfLogo returns the app in the hash of a logo. Its length is a multiple of four characters, so
// that a hash has one spelling.
func appOfLogo(hash string) (uuid.UUID, bool) {
	b, err := base64.RawURLEncoding.DecodeString(hash)
	if err != nil || len(b) != len(uuid.UUID{})+sha256.Size {
		return uuid.Nil, false
	}
	return uuid.UUID(b[:len(uuid.UUID{})]), true
}
