package authkit

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/authkit-dev/authkit/internal/outbound"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/thinlog"
	"github.com/authkit-dev/authkit/oauth"
)

// startTimeout bounds the calls of New to the store.
const startTimeout = 10 * time.Second

// New makes an Engine. It reports every error of the configuration in one error. It asks the
// store (for at most ten seconds) for its time and for the console app, which it creates in an
// empty store. It refuses secrets that do not open what the store holds.
func New(c Config) (*Engine, error) {
	c, base, ring, err := withDefaults(c)
	if err != nil {
		return nil, err
	}
	e, counts := &Engine{cfg: c}, &meter{}
	e.store = storage{
		guarded: guarded{audited{Store: metered{c.Store, counts}, tell: func(ev Event) { e.hooks.tell(ev) }, wake: func() { e.outbox.wakeUp() }}},
		clock:   newStoreClock(c.Now, c.Store, c.Store.Volatile(), c.Logger),
	}
	build(e, base, ring, counts)
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := e.store.clock.measureIfDue(ctx); err != nil {
		return nil, fmt.Errorf("authkit: %w", err)
	}
	if _, err := e.secrets.noteNewest(ctx); err != nil {
		return nil, fmt.Errorf("authkit: %w", err)
	}
	if err := ensureConsole(ctx, e); err != nil {
		return nil, err
	}
	return e, nil
}

// build makes the parts, in an order in which each finds those that it needs.
func build(e *Engine, base *url.URL, ring *seal.Ring, counts *meter) {
	c, thin := &e.cfg, thinlog.New(e.cfg.Logger, e.now)
	e.secrets = newSecrets(ring, e.store, e.now)
	e.hasher = newHasher(c, e.store, e.now)
	e.signing = newSigning(ring, e.hasher.gate, c.Tokens.KeyRotation, c.issuer)
	e.limits = newLimiter(c.Limits, e.store, ring, e.now)
	e.hooks = newNotifier(c.Hooks, c.Observer, e.now, thin)
	e.hooks.stats.store, e.hooks.meter = e.store, counts
	e.hooks.confirm = e.store.confirm
	e.hooks.refusals = newRefusals(c.Store, e.now)
	e.audit = newAuditChain(e.store, ring, e.now, c.Logger)
	e.secrets.chains = e.audit.reseal
	e.outbox = newOutbox(e.store, ring, e.now, thin, sender{
		mailer: c.Mailer, templates: c.MailTemplates, product: c.ProductName, from: c.MailFrom, host: base.Hostname(),
		words: c.words, look: c.mailLook,
	})
	e.outbox.count = counts.mailed
	e.tokens = newTokens(e.store, ring, e.now, challengeMail{limits: e.limits, outbox: e.outbox, baseURL: c.BaseURL})
	e.factors = newFactors(c, base, ring, e.now)
	e.factors.secret = e.secrets.newest()
	e.factors.hasher, e.factors.limits, e.factors.tokens, e.factors.outbox = e.hasher, e.limits, e.tokens, e.outbox
	e.sessions = newSessions(e.store, e.signing, e.hooks, c.Tokens, e.now)
	e.live = newLiveness(e.store, e.signing, e.now, newAppLoader(e.store, c), e.proveCookie)
	share, wanted := &mailShare{limits: e.limits, perDay: c.developerMail}, &mailWanted{tokens: e.tokens}
	records := &mailRecords{known: e.live.apps.known, app: e.live.apps.read, account: e.account, accounts: e.store.Accounts}
	e.outbox.policy = mailPolicy{
		records: records, wanted: wanted.decide, admit: share.admit,
		ahead: func(ctx context.Context, all []*parcel) { wanted.ahead(ctx, records, all) },
	}
	e.keys = newAPIKeys(e.store, e.now)
	e.providers = newProviders(e.store, oauth.NewClient(oauth.Options{
		AllowLoopback: c.InsecureAllowLoopbackProviders, Now: e.now,
		Proxy: c.Outbound.Proxy, Allow: c.Outbound.Allow, Ports: c.Outbound.Ports,
	}), e.secrets, c.url("/auth/callback/"), c.Logger)
	e.webhooks = &webhooks{
		WebhookStore: e.store, secrets: e.secrets, now: e.now,
		rules: outbound.Rules{Loopback: c.InsecureAllowLoopbackProviders, Proxy: c.Outbound.Proxy, Allow: c.Outbound.Allow, Ports: c.Outbound.Ports},
		event: func(one Event) []byte { return toEventJSON(one).AppendJSON(nil) },
	}
	e.audit.deliveries = e.webhooks.deliveriesOf
	e.courier = newCourier(e.store, e.webhooks, thin, func(ctx context.Context, ref UserRef) ([]byte, error) {
		account, err := e.account(ctx, ref.App, AccountKey{ID: ref.ID})
		if err != nil || account == nil {
			return nil, err
		}
		return toUserJSON(account.User).AppendJSON(nil), nil
	})
	e.http = newBorder(c, base, ring, e.now, thin)
	e.http.meter, e.http.explanations.store = counts, e.store
	h := newHandler(e, routes())
	h.asks = goToSecond
	e.http.handler, e.http.isRoute = h, h.has
}

// ensureConsole creates the console app in an empty store. Whether its sealed signing keys open
// shows whether the secrets belong to the store.
func ensureConsole(ctx context.Context, e *Engine) error {
	app, err := e.store.App(ctx, Console)
	if errors.Is(err, ErrNotFound) {
		err = createConsole(ctx, e)
		if err != nil && !errors.Is(err, ErrConflict) {
			return fmt.Errorf("authkit: create the console app: %w", err)
		}
		app, err = e.store.App(ctx, Console) // another process may have been first
	}
	if err != nil {
		return fmt.Errorf("authkit: read the console app: %w", err)
	}
	if len(app.Keys) == 0 {
		return errors.New("authkit: the console app has no signing key; the store is damaged")
	}
	for _, k := range app.Keys { // each may be sealed under another secret
		if _, err := e.signing.open(app.ID, k); err != nil {
			return fmt.Errorf("authkit: Config.Secrets do not open what the store holds; give the secrets that it was filled with: %w", err)
		}
	}
	return nil
}

func createConsole(ctx context.Context, e *Engine) error {
	now := e.now()
	key, err := e.signing.newKey(ctx, Console, "", 1, now)
	if err != nil {
		return err
	}
	app := App{
		ID: Console, Name: "Console", NameKey: "console", CreatedAt: now,
		Settings: Settings{SignupClosed: true},
	}
	return e.store.CreateApp(ctx, NewApp{App: app, First: key, Riders: Riders{Secret: e.secrets.newest()}})
}
