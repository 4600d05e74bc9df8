package authkit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

const (
	// checkApps bounds how many apps one call of Check looks at.
	checkApps = 1000

	// keySlack is how long a signing key may be due before that is a finding: Run makes the next
	// key when the app issues a token.
	keySlack = day

	// keyAge is how old a signing key may get where rotation is off.
	keyAge = 365 * day

	// namedApps is how many apps one finding names.
	namedApps = 5
)

// apps checks the apps, by what each keeps sealed: its signing keys and client secrets.
func (c checkup) apps(ctx context.Context) ([]Finding, error) {
	ids, found, err := c.signingKeys(ctx)
	var open []uuid.UUID
	var errs []error
	for _, id := range ids {
		if ctx.Err() != nil {
			return found, ctx.Err()
		}
		app, readErr := c.e.store.App(ctx, id)
		switch {
		case errors.Is(readErr, ErrNotFound): // it was deleted just now
		case readErr != nil:
			errs = append(errs, readErr)
		default:
			found = append(found, c.keyAge(app)...)
			if id != Console && !app.Settings.SignupClosed {
				open = append(open, id)
			}
		}
	}
	found = append(found, c.openApps(open)...)
	asked, askErr := c.providers(ctx)
	return append(found, asked...), errors.Join(err, errEach(errs), askErr)
}

// signingKeys opens every signing key, and returns the apps that have one, each once.
func (c checkup) signingKeys(ctx context.Context) (ids []uuid.UUID, found []Finding, err error) {
	err = c.eachSealed(ctx, SealedSigningKey, func(blob Sealed) {
		if len(ids) == 0 || ids[len(ids)-1] != blob.App {
			ids = append(ids, blob.App)
		}
		if _, err := c.e.secrets.ring.Open(blob.Blob, signingKeyAAD(blob.App, blob.Name)); err != nil {
			found = append(found, NewFinding(FindingSealedUnreadable, fmt.Sprintf("The signing key %q does not open: %v.", blob.Name, err)).of(blob.App))
		}
	})
	return ids, found, err
}

// eachSealed calls f for what live apps keep sealed, ordered by app, until it has seen checkApps
// apps. If there are more, it returns an error that says so.
func (c checkup) eachSealed(ctx context.Context, part SealedPart, f func(Sealed)) error {
	q, apps := SealedQuery{Part: part, Limit: resealBatch}, 0
	for {
		batch, err := c.e.store.Sealed(ctx, q)
		if err != nil {
			return fmt.Errorf("list what is sealed: %w", err)
		}
		for _, blob := range batch {
			if apps == 0 || blob.App != q.App {
				apps++
			}
			if apps > checkApps {
				return fmt.Errorf("only the first %d apps were looked at", checkApps)
			}
			q.App, q.Name = blob.App, blob.Name
			f(blob)
		}
		if len(batch) < q.Limit {
			return nil
		}
	}
}

// keyAge finds a newest signing key that should have a successor.
func (c checkup) keyAge(app App) []Finding {
	newest, every := app.Keys[len(app.Keys)-1], c.e.cfg.Tokens.KeyRotation
	age := c.now.Sub(newest.From)
	switch alg := app.Settings.signingAlg(); {
	case every > 0 && age > every+keySlack:
		return []Finding{NewFinding(FindingSigningKeyDue, fmt.Sprintf("The newest signing key, %q, is %d days old; the next is due after %d.", newest.KID, age/day, every/day)).of(app.ID)}
	case every <= 0 && age > keyAge:
		return []Finding{NewFinding(FindingSigningKeyOld, fmt.Sprintf("The newest signing key, %q, is %d days old, and Config.Tokens.KeyRotation is off.", newest.KID, age/day)).of(app.ID)}
	case newest.Alg != alg:
		return []Finding{NewFinding(FindingSigningKeyDue, fmt.Sprintf("The newest signing key, %q, is for %s, and the app's signing_alg is %s.", newest.KID, newest.Alg, alg)).of(app.ID)}
	}
	return nil
}

// openApps finds apps that take any number of new users.
func (c checkup) openApps(open []uuid.UUID) []Finding {
	if len(open) == 0 || !c.e.cfg.Limits.InsecureOff {
		return nil
	}
	var names []string
	for _, id := range open[:min(len(open), namedApps)] {
		names = append(names, id.String())
	}
	if more := len(open) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	f := c.exposed(FindingSignupUnlimited, "Sign-up is open, and limits are off, in "+strings.Join(names, ", ")+".")
	if len(open) == 1 {
		f = f.of(open[0])
	}
	return []Finding{f}
}
