package authkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/outbound"
)

const (
	// selfTimeout is how long the server at BaseURL has to answer.
	selfTimeout = 5 * time.Second

	// maxSelf bounds what is read of an answer.
	maxSelf = 64 << 10
)

// baseURL asks for an app's issuer metadata and keys at BaseURL, as a service that verifies tokens
// does, and compares them with what this configuration would answer. A host without any app has
// nothing to compare; the handler is then asked for its health.
func (c checkup) baseURL(ctx context.Context) ([]Finding, error) {
	app, err := c.anyApp(ctx)
	if err != nil {
		return nil, err
	}
	if app.ID == uuid.Nil {
		at := c.e.cfg.url("/healthz")
		got, found := askSelf(ctx, at)
		if found == nil && (got.status != http.StatusOK || got.said.Status != "ok") {
			found = got.elsewhere(at)
		}
		return listed(found), nil
	}
	issuer := c.e.cfg.issuer(app.ID)
	at := issuer + "/.well-known/openid-configuration"
	got, found := askSelf(ctx, at)
	switch {
	case found != nil:
	case got.said.Issuer == "":
		found = got.elsewhere(at)
	case got.said.Issuer != issuer:
		found = seen(FindingBaseURLDiffers, "%q says that the issuer is %q, want %q.", at, got.said.Issuer, issuer)
	default:
		found = otherKeys(ctx, app, issuer+"/.well-known/jwks.json")
	}
	return listed(found), nil
}

// otherKeys finds a server whose keys are not those of the store.
func otherKeys(ctx context.Context, app App, at string) *Finding {
	got, found := askSelf(ctx, at)
	if found != nil {
		return found
	}
	for _, k := range got.said.Keys {
		if slices.ContainsFunc(app.Keys, func(own SigningKey) bool { return own.KID == k.KID }) {
			return nil
		}
	}
	return seen(FindingBaseURLOtherStore, "No key at %q is one that the store has for this app.", at)
}

// listed returns a finding as a list; nil: none.
func listed(f *Finding) []Finding {
	if f == nil {
		return nil
	}
	return []Finding{*f}
}

func seen(code, format string, args ...any) *Finding {
	return new(NewFinding(code, fmt.Sprintf(format, args...)))
}

// anyApp returns a live app: the console app, or another where the host has developers of its own.
func (c checkup) anyApp(ctx context.Context) (App, error) {
	if c.e.cfg.Developers == nil {
		return c.e.store.App(ctx, Console)
	}
	q := SealedQuery{Part: SealedSigningKey, Limit: resealBatch}
	for {
		batch, err := c.e.store.Sealed(ctx, q)
		if err != nil {
			return App{}, err
		}
		for _, blob := range batch {
			if blob.App != Console {
				return c.e.store.App(ctx, blob.App)
			}
		}
		if len(batch) < q.Limit {
			return App{ID: uuid.Nil}, nil
		}
		q.App, q.Name = batch[len(batch)-1].App, batch[len(batch)-1].Name
	}
}

// selfAnswer is what the server at BaseURL answered.
type selfAnswer struct {
	status int
	kind   string // its content type
	said   selfSaid
}

// selfSaid holds the members of the answers that are compared. Those of another server may be
// missing.
type selfSaid struct {
	Issuer string `json:"issuer"`
	Code   Code   `json:"code"`
	Status any    `json:"status"` // a text of healthz, a number of a refusal
	Keys   []struct {
		KID string `json:"kid"`
	} `json:"keys"`
}

// elsewhere judges an answer that is not the one that was asked for.
func (a selfAnswer) elsewhere(at string) *Finding {
	switch {
	case a.said.Code == CodeAppNotFound:
		return seen(FindingBaseURLOtherStore, "%q answers %q, but the store has this app.", at, a.said.Code)
	case a.status >= http.StatusInternalServerError || a.status == http.StatusTooManyRequests:
		return seen(FindingBaseURLUnreachable, "%q answers %d.", at, a.status)
	}
	return seen(FindingBaseURLElsewhere, "%q answers %d with content type %q, and not what this handler answers.", at, a.status, a.kind)
}

// askSelf sends a GET. The finding is not nil if there is no answer, or a redirect.
func askSelf(ctx context.Context, at string) (a selfAnswer, found *Finding) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return a, seen(FindingBaseURLUnreachable, "%v.", err)
	}
	r.Header.Set("Accept", "application/json")
	client := outbound.NewClient(outbound.Rules{Anywhere: true}, selfTimeout) // the host chose the URL
	defer client.CloseIdleConnections()
	res, err := client.Do(r)
	if errors.Is(err, outbound.ErrRedirect) && res != nil {
		return a, seen(FindingBaseURLRedirects, "%q answers %d and redirects to %q.", at, res.StatusCode, res.Header.Get("Location"))
	}
	if err != nil {
		return a, seen(FindingBaseURLUnreachable, "No answer from this machine: %v.", err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(io.LimitReader(res.Body, maxSelf))
	if err != nil {
		return a, seen(FindingBaseURLUnreachable, "%q breaks off its answer: %v.", at, err)
	}
	a.status, a.kind = res.StatusCode, res.Header.Get("Content-Type")
	_ = json.Unmarshal(body, &a.said) // what is no JSON says nothing
	return a, nil
}
