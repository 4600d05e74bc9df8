package authkit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/locale"
	"github.com/authkit-dev/authkit/internal/pages"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/mail"
)

// Config says how an [Engine] works. Store, BaseURL and Mailer are required; the zero
// value of everything else is its default.
type Config struct {
	// Store holds all data. Required.
	Store Store

	// BaseURL is where clients reach the handler, mount point included and without a
	// slash at the end: "https://example.com/auth". Links, redirects and issuers are
	// built from it alone. Required; https, or http on loopback.
	BaseURL string

	// Mailer sends mail. Required; mail.Log(os.Stderr) does for development.
	Mailer mail.Mailer

	// MailFrom is the sender, "Name <address>" or an address. A name that holds more than words
	// is written in double quotes. The mails of an app have the app's name in the place of Name:
	// "Acme" <address>. Default: no-reply@ the host of BaseURL.
	MailFrom string

	// ProductName names the sending service in each mail, beside the name of the app, which its
	// developer chose. Up to 64 printable characters. Default: the host of BaseURL.
	ProductName string

	// MailTemplates are the texts of the mails. Package mailtemplate reads a host's own texts
	// from files. Default: authkit's own texts and those of Languages (mail.TemplatesWith).
	MailTemplates mail.Templates

	// Languages add languages to the pages and mails, or replace texts: files such as it.json, in
	// the form that docs/pages.md describes. authkit has en, de, fr, es, pt-BR, ja, zh-Hans and ar.
	// Default: nil, those alone.
	Languages fs.FS

	// Pages replace the look of the pages: layout.html, page.html, marks.html, style.css and
	// script.js, each of which may be missing. They are html/template files over the data that
	// docs/pages.md documents. They must be the host's own and must not come from a developer,
	// because all apps share one origin. What the pages do does not change. Default: nil, authkit's own look.
	Pages fs.FS

	// Secrets seal the data that must be read back, and every other key is derived from them. The
	// newest comes first; each has 32 random bytes. Older secrets still open what they sealed.
	// Required, unless the store keeps nothing beyond the process: then a random secret is made.
	// One of zero bytes alone is refused, except where BaseURL is on loopback.
	//
	// To rotate, give every process the new secret as its last, then as its first, then run
	// [Engine.Reseal] or `authkit secrets reseal`. Remove an older secret once that reports it as
	// forgotten. New data is sealed under the first secret; a process that lacks it cannot open
	// that data. Codes that were mailed before stay valid, and limits count from zero.
	//
	// The store notes the id of each secret before its first use, and New fails while a noted
	// secret is missing. A deployment that is rolled back has to keep the newest secret.
	Secrets [][]byte

	Password PasswordConfig
	Tokens   TokenConfig
	Limits   LimitConfig

	// Hooks let the host decide about sign-ups, sign-ins, tokens, deletions and the names of apps.
	// Default: no hooks.
	Hooks Hooks

	// LegacyPassword asks the system that users come from whether a password is right, so that they
	// keep it where that system does not give its hashes away. It is called at a sign-in by password
	// whose account has no password and has never signed in, and for an address without an account.
	// Where the answer is OK, the account gets the password, and is made if there is none. See
	// [LegacyAsk] and [LegacyAnswer]. An error refuses the sign-in with [CodeUnavailable]; so does an
	// answer that takes more than 10 seconds. Default: nil, no system is asked.
	LegacyPassword func(context.Context, LegacyAsk) (LegacyAnswer, error)

	// Observer gets every audit event once its step is durable. It also gets every refused attempt,
	// before it is written: [Engine.Run] writes those in batches, and beyond 100 a minute of an app
	// or a peer only counts them. No event holds a secret. It is called in the request, possibly
	// concurrently, and must not block. Default: nil, no observer.
	Observer func(Event)

	// ConsoleSignup lets anyone become a developer. Default: closed; [Engine.CreateDeveloper]
	// makes developers.
	ConsoleSignup bool

	// ConsoleOrigins are the web origins that may call management routes and sign developers in.
	// Default: only the origin of BaseURL.
	ConsoleOrigins []string

	// ConsoleMFA is the policy for second factors of developers, as Settings.MFA is for the users of
	// other apps. Default: empty, [MFAOptional].
	ConsoleMFA MFAPolicy

	// Passkeys verifies passkeys: passkey.New() of package passkey, which links a WebAuthn library.
	// Default: nil, there are no passkeys.
	Passkeys PasskeyVerifier

	// ConsoleSessions says where the tokens of a developer's sign-in go, as Settings.SessionMode
	// does for other apps. Management routes take an access token, whatever it says. Default: empty,
	// [SessionBearer].
	ConsoleSessions SessionMode

	// DeveloperCookies lets developers choose session cookies for their apps over HTTP
	// (session_mode cookie or either). The cookies of all apps share the origin of BaseURL, so
	// that this is for the host to grant. The host's own code may choose them for an app by
	// [Engine.ChangeApp], whatever this says. Default: false.
	DeveloperCookies bool

	// NoBranding shows no branding of any app: no colour, no link and no logo, which are kept.
	// Default: false, pages show what a developer has set.
	NoBranding bool

	// BrandingInMails has mails show the logo and the links of an app's branding. Default: false;
	// they show its colour alone, since a mail comes from the host's own address.
	BrandingInMails bool

	// Developers names the developer of a request, for a host that has developers of its own; the
	// console app is then off. signedIn is when the developer last authenticated. Requests that could take
	// an app over require a time within the last ten minutes, and the zero time is never fresh.
	// An empty id or an error gets 401. Default: nil; developers are users of the console app.
	Developers func(*http.Request) (developerID string, signedIn time.Time, err error)

	// TrustedProxies are the proxies whose X-Forwarded-For names the peer. Default: no proxies;
	// the header has no effect.
	TrustedProxies []netip.Prefix

	// TrustUnixSockets trusts peers without an address like TrustedProxies: those of a Unix
	// socket, which a proxy on the same machine uses. Default: false; all limits count them as
	// one peer.
	TrustUnixSockets bool

	// Outbound configures requests to providers. Default: direct requests to public addresses on
	// port 443.
	Outbound OutboundConfig

	// Logger gets the messages for operators. Default: slog.Default().
	Logger *slog.Logger

	// Now is the clock. Default: time.Now. Where the store has a clock of its own, the Engine
	// uses the time of the store: it measures the difference in New and once a minute in Run.
	// [Engine.Ready] fails when the difference is more than 30 seconds.
	Now func() time.Time

	// InsecureAllowHTTP allows a BaseURL of http that is not on loopback. Cookies and tokens then
	// cross the network unencrypted.
	InsecureAllowHTTP bool

	words *locale.Catalogue // of Languages
	look  *pages.Set        // of Pages

	// InsecureAllowLoopbackProviders allows OAuth issuers to be http and on loopback, for tests.
	// Any developer can then make this server call its own machine.
	InsecureAllowLoopbackProviders bool
}

// PasswordConfig sets the rules for passwords and the cost of checking one.
type PasswordConfig struct {
	MinLength int // code points; default 12
	MaxLength int // code points; default 1024

	// Breached is a service that lists breached passwords by range, such as
	// "https://api.pwnedpasswords.com/range/": five hexadecimal digits of the SHA-1 sum are
	// appended. A new password that it lists is too weak. It has two seconds to answer. If it
	// does not answer, the password is accepted and an [EventPasswordUnchecked] is recorded.
	// Default: "", no service is asked.
	Breached string

	MemoryKiB uint32 // of argon2id; default 19456 (19 MiB)
	Time      uint32 // passes; default 2
	Threads   uint8  // default 1

	Concurrent int           // hashes at once; default GOMAXPROCS
	Queue      int           // hashes that wait; default 64 for each one of Concurrent
	QueueWait  time.Duration // how long a hash waits before 503; default 3 s
}

// TokenConfig sets how long tokens and sessions last.
type TokenConfig struct {
	AccessTTL       time.Duration // of an access token, 1 min to 1 h; default 15 min
	SessionIdle     time.Duration // a session ends this long after its last use, 5 min to 90 days; default 14 days
	SessionAbsolute time.Duration // a session ends this long after the sign-in, 1 s to 365 days; default 90 days
	MaxSessions     int           // of one user; the oldest end when there are more; default 100

	// KeyRotation is how old a signing key gets before [Engine.Run] makes the next one. Default
	// 90 days; negative: only [Engine.RotateSigningKey] makes one.
	KeyRotation time.Duration

	// LiveWithin is how old the store's last answer about a session may be for [Engine.Require].
	// Default 5 s; negative: the store is asked for each request.
	LiveWithin time.Duration
}

// LimitConfig sets how many requests one peer or one address may make in each app. A limit is
// written as "20/m/ip, 10/m/email": 20 a minute from one network address, 10 a minute for one
// email address, known or not. The unit is s, m, h or d. That many requests may come at once, and
// then one by one. A request that a limit refuses is not counted. A key that is left out is not
// limited.
//
// An IPv6 peer is counted by its /64, and by its /56 (4 times as much) and /48 (16 times). In all
// apps together a peer has 5 times what it has in one.
//
// An app's own settings may only tighten these limits.
type LimitConfig struct {
	// Credentials limits tries to sign in or up by password. A browser that signed in to an
	// account before is not counted with strangers: see [Engine.IssueDeviceToken]. Strangers to one
	// email address have 100 tries a day in all, unless email is left out. Beside these, a peer
	// has as many tries at mailed links and codes. Default "20/m/ip, 10/m/email".
	Credentials string

	// SignUp limits the users that are created, by any method. Default "20/h/ip".
	SignUp string

	// Mail limits the mails that are asked for. Default "5/h/email, 30/h/ip".
	Mail string

	// OAuth limits sign-ins that are begun or finished at providers. Default "60/m/ip".
	OAuth string

	// User limits the writes of a signed-in user, such as "120/m": requests to the handler that
	// are not GET or HEAD. One peer has 5 times as much for all its users in all apps. "off": no
	// limit. Default "120/m".
	User string

	// Developer limits the writes of a developer, in all apps together. What the server of an app
	// writes by API key is not counted. "off": no limit. Default "300/m".
	Developer string

	// Apps is how many live apps one developer may have. Negative: no bound. Default 50 for
	// developers of the console app over HTTP, and no bound for others: callers of
	// [Engine.CreateApp] and [Engine.EnsureApp], and the developers of Config.Developers.
	Apps int

	// AppsPerDay is how many apps one developer may make a day. Negative: no bound. Default 20,
	// for the same developers as the default of Apps, and no bound for others.
	AppsPerDay int

	// DeveloperMail is how many mails a day the apps of one developer send together. Further
	// mails wait, except those to addresses that were verified in their app. Negative: no bound.
	// Default 5000 for developers of the console app, and no bound for apps of the host itself
	// and of the developers of Config.Developers.
	DeveloperMail int

	// InsecureOff turns every limit off, with the mail budgets and the number of apps. For tests.
	InsecureOff bool
}

// withDefaults fills in zero fields and reports every error.
func withDefaults(c Config) (Config, *url.URL, *seal.Ring, error) {
	var bad problems
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	base := c.checkBaseURL(&bad)
	c.fillMailFrom(base, &bad)
	c.fillProductName(base, &bad)
	c.checkParts(&bad)
	c.fillWords(&bad)
	c.Password.fill(&bad)
	c.Tokens.fill(&bad)
	c.Limits.fill(&bad)
	ring := c.checkSecrets(base, &bad)
	if len(bad) > 0 {
		return c, nil, nil, fmt.Errorf("authkit: the configuration has %d problem(s):\n%w", len(bad), errors.Join(bad...))
	}
	return c, base, ring, nil
}

func (c *Config) checkBaseURL(bad *problems) *url.URL {
	u, err := url.Parse(c.BaseURL)
	switch {
	case c.BaseURL == "":
		bad.add("BaseURL", `""`, `set where clients reach the handler, such as "https://example.com/auth"`)
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery || u.RawPath != "":
		shown := "no URL" // it may hold a password
		if err == nil {
			shown = quote(u.Redacted())
		}
		bad.add("BaseURL", shown, "give scheme, host and mount point only, such as https://example.com/auth")
	case strings.HasSuffix(u.Path, "/") || (u.Path != "" && httpio.Unclean(u.Path)):
		bad.add("BaseURL", quote(c.BaseURL), "write the mount point in its clean form, without a slash at the end")
	case u.Scheme != "https" && u.Scheme != "http":
		bad.add("BaseURL", quote(c.BaseURL), "use https")
	case u.Scheme == "http" && !httpio.Loopback(u.Hostname()) && !c.InsecureAllowHTTP:
		bad.add("BaseURL", quote(c.BaseURL), "use https; http is for loopback, or for InsecureAllowHTTP")
	default:
		return u
	}
	return nil
}

func (c *Config) checkParts(bad *problems) {
	if c.Mailer == nil {
		bad.add("Mailer", "nil", "set one: smtp.New(…), or mail.Log(os.Stderr) for development")
	}
	if c.Store == nil {
		bad.add("Store", "nil", "set one: memory.New(), sqlite.Open(…) or postgres.Open(…)")
	} else if got := c.Store.Contract(); got < StoreContract {
		bad.add("Store", fmt.Sprintf("written for contract %d", got), fmt.Sprintf("use an adapter for contract %d", StoreContract))
	}
	if !slices.Contains([]SessionMode{"", SessionBearer, SessionCookie, SessionEither}, c.ConsoleSessions) {
		bad.add("ConsoleSessions", quote(string(c.ConsoleSessions)), `use "bearer", "cookie" or "either"`)
	}
	if !slices.Contains([]MFAPolicy{"", MFAOptional, MFAOff, MFARequired}, c.ConsoleMFA) {
		bad.add("ConsoleMFA", quote(string(c.ConsoleMFA)), `use "optional", "off" or "required"`)
	}
	for i, origin := range c.ConsoleOrigins {
		if err := httpio.CheckOrigin(origin); err != nil {
			bad.add(fmt.Sprintf("ConsoleOrigins[%d]", i), quote(origin), err.Error())
		}
	}
	c.Outbound.check(bad)
	if c.Developers != nil && c.ConsoleSignup {
		bad.add("ConsoleSignup", "true", "the console app is off when Developers is set; leave one of them out")
	}
	for i, proxies := range c.TrustedProxies {
		if !proxies.IsValid() || proxies.Addr().Is4In6() {
			bad.add(fmt.Sprintf("TrustedProxies[%d]", i), quote(proxies.String()), "it covers no peer; give an IPv4 or IPv6 range, such as 10.0.0.0/8")
		}
	}
}

func (c *Config) checkSecrets(base *url.URL, bad *problems) *seal.Ring {
	if len(c.Secrets) == 0 {
		if c.Store == nil || !c.Store.Volatile() {
			bad.add("Secrets", "empty", "set 32 random bytes and keep them; only with a Store that keeps nothing, such as memory.New(), may they be left out")
			return nil
		}
		c.Secrets = [][]byte{token.Random(seal.MinSecret)}
	}
	short := false
	for i, s := range c.Secrets {
		if len(s) < seal.MinSecret {
			bad.add(fmt.Sprintf("Secrets[%d]", i), fmt.Sprintf("%d bytes long", len(s)), fmt.Sprintf("give %d random bytes; `authkit keygen` writes such, in base64", seal.MinSecret))
			short = true
		} else if strangers := base != nil && !httpio.Loopback(base.Hostname()); strangers && bytes.Count(s, []byte{0}) == len(s) {
			bad.add(fmt.Sprintf("Secrets[%d]", i), "all zero bytes", "it was never filled; `authkit keygen` writes a random one, in base64")
		}
	}
	if short {
		return nil
	}
	ring, err := seal.New(c.Secrets...)
	if err != nil {
		bad.add("Secrets", fmt.Sprintf("a list of %d", len(c.Secrets)), err.Error()+"; give each once")
	}
	return ring
}
