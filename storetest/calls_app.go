package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func appCalls() []call {
	return []call{
		{
			method: "CreateApp", how: "with its id", riders: true,
			own: authkit.ErrConflict, foreign: authkit.ErrConflict, dead: authkit.ErrConflict,
			do: func(c caller) error {
				a := anApp(uuid.NewString())
				a.ID = c.app
				return c.s.CreateApp(c.ctx, authkit.NewApp{App: a, First: signingKey(1), Riders: c.riders})
			},
		},
		{method: "App", own: errShown, dead: authkit.ErrNotFound, do: func(c caller) error {
			a, err := c.s.App(c.ctx, c.app)
			for _, k := range a.Keys {
				if k.KID == c.x.signing.KID {
					return errShown
				}
			}
			return err
		}},
		{method: "ChangeApp", riders: true, dead: authkit.ErrNotFound, do: func(c caller) error {
			was, err := c.s.App(c.ctx, c.app) // the Version depends on how many keys were added
			if err != nil {
				return err
			}
			_, err = c.s.ChangeApp(c.ctx, authkit.AppChange{App: c.app, Version: was.Version, Name: new("changed"), Riders: c.riders})
			return err
		}},
		{method: "DeleteApp", riders: true, dead: authkit.ErrNotFound, do: func(c caller) error {
			return c.s.DeleteApp(c.ctx, c.app, now(), c.riders)
		}},
		{
			method: "MoveApp", riders: true, dead: authkit.ErrNotFound,
			do: func(c caller) error {
				return c.s.MoveApp(c.ctx, authkit.AppMove{Now: now(), App: c.app, From: "host:me", To: "host:else", Riders: c.riders})
			},
		},
		{method: "ConfirmDeletion", own: authkit.ErrNotFound, foreign: authkit.ErrNotFound, do: func(c caller) error {
			return c.s.ConfirmDeletion(c.ctx, c.app, "host:me")
		}},
		{method: "AddSigningKey", riders: true, dead: authkit.ErrNotFound, do: func(c caller) error {
			return c.s.AddSigningKey(c.ctx, c.app, signingKey(3), 0, c.riders)
		}},
		{method: "AddSigningKey", how: "that drops all others", riders: true, dead: authkit.ErrNotFound, do: func(c caller) error {
			return c.s.AddSigningKey(c.ctx, c.app, signingKey(3), 99, c.riders)
		}},
		{
			method: "AddSigningKey", how: "of one Seq", riders: true,
			own: authkit.ErrConflict, dead: authkit.ErrNotFound,
			do: func(c caller) error {
				return c.s.AddSigningKey(c.ctx, c.app, signingKey(c.x.signing.Seq), 99, c.riders)
			},
		},
	}
}

func logoCalls() []call {
	return []call{
		{method: "ChangeApp", how: "of the logo", riders: true, dead: authkit.ErrNotFound, do: func(c caller) error {
			was, err := c.s.App(c.ctx, c.app)
			if err != nil {
				return err
			}
			_, err = c.s.ChangeApp(c.ctx, authkit.AppChange{App: c.app, Version: was.Version, Logo: new(logo("changed")), Riders: c.riders})
			return err
		}},
		{method: "ChangeApp", how: "without its logo", riders: true, dead: authkit.ErrNotFound, do: func(c caller) error {
			was, err := c.s.App(c.ctx, c.app)
			if err != nil {
				return err
			}
			_, err = c.s.ChangeApp(c.ctx, authkit.AppChange{App: c.app, Version: was.Version, Logo: &authkit.Logo{}, Riders: c.riders})
			return err
		}},
		{method: "Logo", foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound, do: func(c caller) error {
			_, err := c.s.Logo(c.ctx, c.app)
			return err
		}},
	}
}

func keyCalls() []call {
	return []call{
		{method: "APIKey", foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound, do: func(c caller) error {
			_, err := c.s.APIKey(c.ctx, c.app, c.x.key.Hash, now())
			return err
		}},
		{method: "APIKeys", own: errShown, dead: authkit.ErrNotFound, do: func(c caller) error {
			return shown(c.s.APIKeys(c.ctx, c.app))
		}},
		{method: "RotateAPIKey", riders: true, dead: authkit.ErrNotFound, do: func(c caller) error {
			next := c.x.key
			next.ID, next.Hash, next.CreatedAt = uuid.New(), hash(uuid.NewString()), after(time.Second)
			return c.s.RotateAPIKey(c.ctx, authkit.KeyRotation{App: c.app, Next: next, MaxLive: 1, Riders: c.riders})
		}},
		{
			method: "RevokeAPIKey", riders: true, foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound,
			do: func(c caller) error { return c.s.RevokeAPIKey(c.ctx, c.app, c.x.key.ID, c.riders) },
		},
		{method: "TouchAPIKeys", dead: authkit.ErrNotFound, do: func(c caller) error {
			return c.s.TouchAPIKeys(c.ctx, c.app, map[uuid.UUID]time.Time{c.x.key.ID: after(time.Minute)})
		}},
	}
}

func sealCalls() []call {
	reseal := func(part authkit.SealedPart, name func(caller) string, blob func(caller) []byte) call {
		return call{
			method: "Reseal", how: "of a " + string(part), foreign: authkit.ErrStale, dead: authkit.ErrNotFound,
			do: func(c caller) error {
				if _, err := c.s.NoteSecret(c.ctx, secretID(1), []string{secretID(1)}); err != nil {
					return err
				}
				return c.s.Reseal(c.ctx, c.app, authkit.Sealed{Part: part, App: c.app, Name: name(c), Blob: blob(c)}, []byte("anew"), secretID(1))
			},
		}
	}
	return []call{
		reseal(authkit.SealedSigningKey, func(c caller) string { return c.x.signing.KID }, func(c caller) []byte { return c.x.signing.Sealed }),
		reseal(authkit.SealedWebhookSecret, func(c caller) string { return c.x.webhook.ID.String() }, func(c caller) []byte { return c.x.webhook.Secret }),
		reseal(authkit.SealedTOTPSeed, func(c caller) string { return c.x.totp.Subject }, func(c caller) []byte { return c.x.totp.Data }),
		reseal(authkit.SealedClientSecret, func(c caller) string { return c.x.provider.Provider }, func(c caller) []byte { return c.x.provider.SecretSealed }),
	}
}

func providerCalls() []call {
	return []call{
		{method: "PutOAuthConfig", how: "of another provider", riders: true, dead: authkit.ErrNotFound, do: func(c caller) error {
			return c.s.PutOAuthConfig(c.ctx, authkit.OAuthConfig{App: c.app, Provider: "another", CreatedAt: now()}, 0, c.riders)
		}},
		{
			method: "PutOAuthConfig", how: "in place of one", riders: true,
			foreign: authkit.ErrStale, dead: authkit.ErrNotFound,
			do: func(c caller) error {
				p := c.x.provider
				p.App, p.Version, p.ClientID = c.app, 1, "changed"
				return c.s.PutOAuthConfig(c.ctx, p, 0, c.riders)
			},
		},
		{method: "OAuthConfig", foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound, do: func(c caller) error {
			_, err := c.s.OAuthConfig(c.ctx, c.app, c.x.provider.Provider)
			return err
		}},
		{method: "OAuthConfigs", own: errShown, dead: authkit.ErrNotFound, do: func(c caller) error {
			return shown(c.s.OAuthConfigs(c.ctx, c.app))
		}},
		{
			method: "DeleteOAuthConfig", riders: true, foreign: authkit.ErrNotFound, dead: authkit.ErrNotFound,
			do: func(c caller) error {
				return c.s.DeleteOAuthConfig(c.ctx, c.app, c.x.provider.Provider, c.riders)
			},
		},
	}
}
