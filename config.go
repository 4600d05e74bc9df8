package authkit

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/mail"
)

// Config says how an [Engine] works. Store, BaseURL and Mailer are required; the zero
// value of everything else is its default.
type Config struct {
	// Store keeps everything. Required.
	Store Store

	// BaseURL is where clients reach the handler, mount point included and without a
	// slash at the end: "https://example.com/auth". Links, redirects and issuers are
	// built from it alone. Required; https, or http on loopback.
	BaseURL string

	// Mailer sends mail. Required; mail.Log(os.Stderr) does for development.
	Mailer mail.Mailer

	// MailFrom is the sender, "Name <address>" or an address; a name that is more than
	// words stands in double quotes. Default: no-reply@ the host of BaseURL.
	MailFrom string

	// ProductName says in each mail whose service sends it, beside the name of the app, which
	// its developer chose: up to 64 printable characters. Default: the host of BaseURL.
	ProductName string

	// MailTemplates are the words of the mails; package mailtemplate reads a host's own
	// from files. Default: mail.DefaultTemplates().
	MailTemplates mail.Templates

	// Secrets seal what must be read back and derive every other key, newest first;
	// 32 random bytes each. Older ones still open. Required, unless the store keeps
	// nothing beyond the process: then a random one is made.
	//
	// To rotate, give every process the new secret as its last, then as its first, then run
	// [Engine.Reseal] or `authkit secrets reseal`, and take an older one out once that says
	// so. What is sealed is sealed under the first; a process that lacks it cannot open
	// that. Codes that were mailed before stay good, and limits count from zero.
	//
	// The store notes the id of each secret before its first use, and New refuses while a
	// noted one is missing: a deployment that is rolled back has to keep the newest.
	Secrets [][]byte

	Password PasswordConfig
	Tokens   TokenConfig
	Limits   LimitConfig

	// Hooks let the host have a say in sign-ups, sign-ins, tokens and deletions. Default:
	// none.
	Hooks Hooks

	// Observer is told of every audit event once its step is durable, and of sign-ins and
	// changes of a password that were refused, which no store keeps: for a wrong password, a
	// spent link, a full limit, a hook's word. No event holds a secret. It is called in the
	// request, possibly concurrently, and must not block. Default: none.
	Observer func(Event)

	// ConsoleSignup lets anybody become a developer. Default: closed, developers are
	// made by [Engine.CreateDeveloper].
	ConsoleSignup bool

	// ConsoleOrigins are the web origins that may call management routes and sign
	// developers in. Default: only BaseURL's own.
	ConsoleOrigins []string

	// DeveloperCookies lets developers choose session cookies for their apps over HTTP
	// (session_mode cookie or either). All apps' cookies live on BaseURL's origin, so that the
	// host grants them: its own code may choose them for an app by [Engine.ChangeApp] whatever
	// stands here. Default: false.
	DeveloperCookies bool

	// Developers names the developer of a request, when the host has developers of its
	// own; the console app is then off. signedIn is when the developer proved who that is;
	// requests that could take an app over want a time of the last ten minutes, and the zero
	// time is never fresh. An empty id or an error is a 401. Default: nil, developers are
	// users of the console app.
	Developers func(*http.Request) (developerID string, signedIn time.Time, err error)

	// TrustedProxies may tell the peer's address in X-Forwarded-For. Default: none, the
	// header changes nothing.
	TrustedProxies []netip.Prefix

	// TrustUnixSockets trusts peers without an address as TrustedProxies: those of a Unix
	// socket, which a proxy on the same machine uses. Default: they are one peer to all limits.
	TrustUnixSockets bool

	// Outbound says how requests to providers leave this server. Default: directly, to
	// public addresses on port 443.
	Outbound OutboundConfig

	// Logger gets what operators should know. Default: slog.Default().
	Logger *slog.Logger

	// Now is the clock. Default: time.Now. Where the store has a clock of its own, the
	// Engine goes by that one: it measures the difference in New and once a minute in Run.
	// Beyond 30 seconds [Engine.Ready] fails.
	Now func() time.Time

	// InsecureAllowHTTP takes a BaseURL of http that is not on loopback. Cookies and
	// tokens then cross the network in the clear.
	InsecureAllowHTTP bool

	// InsecureAllowLoopbackProviders lets OAuth issuers be http and on loopback, for
	// tests: any developer can then make this server call its own machine.
	InsecureAllowLoopbackProviders bool
}

// PasswordConfig says what a password must be and what checking one may cost.
type PasswordConfig struct {
	MinLength int // code points; default 12
	MaxLength int // code points; default 1024

	// Breached is a service that lists breached passwords by range, such as
	// "https://api.pwnedpasswords.com/range/": five hexadecimal digits of the SHA-1 sum are
	// appended. New passwords that it lists are too weak. It has two seconds; where it does
	// not answer, the password is taken, and an [EventPasswordUnchecked] says so. Default:
	// none is asked.
	Breached string

	MemoryKiB uint32 // of argon2id; default 19456 (19 MiB)
	Time      uint32 // passes; default 2
	Threads   uint8  // default 1

	Concurrent int           // hashes at once; default GOMAXPROCS
	Queue      int           // hashes that wait; default 64 for each that runs
	QueueWait  time.Duration // how long one waits before 503; default 3 s
}

// TokenConfig says how long a sign-in lasts.
type TokenConfig struct {
	AccessTTL       time.Duration // of an access token; default 15 min
	SessionIdle     time.Duration // a session ends this long after its last use; default 14 days
	SessionAbsolute time.Duration // and this long after the sign-in; default 90 days
	MaxSessions     int           // of one user, the oldest give way; default 100

	// KeyRotation is how old a signing key gets before [Engine.Run] makes the next one.
	// Default 90 days; negative: only [Engine.RotateSigningKey] does.
	KeyRotation time.Duration

	// LiveWithin is how old the store's last word on a session may be for
	// [Engine.Require]. Default 5 s; negative: ask each time.
	LiveWithin time.Duration
}

// LimitConfig says how much one peer or one address may ask for in each app. A limit is
// written as "20/m/ip, 10/m/email": 20 a minute from one address of the network, 10 a minute
// for one email address, known or not. The unit is s, m, h or d; so many may come at once,
// then one by one. What is refused by a limit does not count. A key that is left out is not
// limited.
//
// A peer of IPv6 is counted by its /64, and by its /56 (4 times as much) and /48 (16 times).
// In all apps together a peer has 5 times what it has in one.
//
// An app's own settings may only tighten these.
type LimitConfig struct {
	// Credentials are tries to sign in or up by password. A browser that signed in to an
	// account before is not counted with strangers: see [Engine.IssueDeviceToken]. Strangers to one
	// email address have 100 a day in all, unless email is left out. As many tries at mailed
	// links and codes a peer has beside these. Default "20/m/ip, 10/m/email".
	Credentials string

	// SignUp is users created, by whatever method. Default "20/h/ip".
	SignUp string

	// Mail is mails asked for. Default "5/h/email, 30/h/ip".
	Mail string

	// OAuth is sign-ins begun or finished at providers. Default "60/m/ip".
	OAuth string

	// User is what a signed-in user may write, such as "120/m": requests to the handler that are
	// not GET or HEAD. One peer has 5 times as much for all its users in all apps. "off": not
	// limited. Default "120/m".
	User string

	// Developer is the same of a developer, in all apps together. What an app's own server
	// writes by API key is not counted. "off": not limited. Default "300/m".
	Developer string

	// Apps is how many live apps one developer may have. Negative: no bound. Default 50 for
	// developers of the console app over HTTP, and no bound for the rest: callers of
	// [Engine.CreateApp] and [Engine.EnsureApp], and the developers of Config.Developers.
	Apps int

	// AppsPerDay is how many apps one developer may make a day, in the same way. Default 20.
	AppsPerDay int

	// DeveloperMail is how many mails a day the apps of one developer send together; more wait,
	// but for those to addresses that were proven in their app. Negative: no bound. Default
	// 5000 for developers of the console app, and no bound for apps of the host's own and of
	// the developers of Config.Developers.
	DeveloperMail int

	// InsecureOff switches every limit off, mail budgets and the number of apps too. For tests.
	InsecureOff bool
}

// problems collects what is wrong with a Config, so that all of it is told at once.
type problems []error

func (p *problems) add(field string, value any, fix string) {
	*p = append(*p, fmt.Errorf("field Config.%s is %v: %s", field, value, fix))
}

// withDefaults fills in what is zero and reports everything that is wrong.
func withDefaults(c Config) (Config, *url.URL, *seal.Ring, error) {
	var bad problems
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.MailTemplates == nil {
		c.MailTemplates = mail.DefaultTemplates()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	base := c.checkBaseURL(&bad)
	c.fillMailFrom(base, &bad)
	c.fillProductName(base, &bad)
	c.checkParts(&bad)
	c.Password.fill(&bad)
	c.Tokens.fill(&bad)
	c.Limits.fill(&bad)
	ring := c.checkSecrets(&bad)
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
		bad.add("BaseURL", quote(c.BaseURL), "give scheme, host and mount point only, such as https://example.com/auth")
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

func (c *Config) checkSecrets(bad *problems) *seal.Ring {
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

func (p *PasswordConfig) fill(bad *problems) {
	if u, err := url.Parse(p.Breached); p.Breached != "" && (err != nil || u.Host == "" || (u.Scheme != "https" && (u.Scheme != "http" || !httpio.Loopback(u.Hostname())))) {
		bad.add("Password.Breached", quote(p.Breached), `use https, such as "https://api.pwnedpasswords.com/range/", or leave it empty`)
	}
	positive(bad, "Password.MinLength", &p.MinLength, 12)
	positive(bad, "Password.MaxLength", &p.MaxLength, 1024)
	positive(bad, "Password.MemoryKiB", &p.MemoryKiB, 19*1024)
	positive(bad, "Password.Time", &p.Time, 2)
	positive(bad, "Password.Threads", &p.Threads, 1)
	positive(bad, "Password.Concurrent", &p.Concurrent, runtime.GOMAXPROCS(0))
	positive(bad, "Password.Queue", &p.Queue, 64*p.Concurrent)
	positive(bad, "Password.QueueWait", &p.QueueWait, 3*time.Second)
	if p.MinLength > p.MaxLength {
		bad.add("Password.MinLength", p.MinLength, fmt.Sprintf("set at most MaxLength, %d", p.MaxLength))
	}
	if p.MemoryKiB < 8*uint32(p.Threads) || p.MemoryKiB > 1<<20 || p.Time > 16 || p.Threads > 16 {
		bad.add("Password.MemoryKiB", fmt.Sprintf("%d with Time %d and Threads %d", p.MemoryKiB, p.Time, p.Threads),
			"stay within 8 KiB a thread and 1 GiB, 16 passes and 16 threads")
	}
}

// The bounds of lifetimes: the engine's and an app's own.
var (
	accessTTLs    = span{time.Minute, time.Hour}
	idleTimes     = span{5 * time.Minute, 90 * day}
	absoluteTimes = span{time.Second, 365 * day}
)

// span is a range of durations, both ends included.
type span struct{ least, most time.Duration }

func (s span) holds(d time.Duration) bool { return d >= s.least && d <= s.most }

func (t *TokenConfig) fill(bad *problems) {
	positive(bad, "Tokens.AccessTTL", &t.AccessTTL, 15*time.Minute)
	positive(bad, "Tokens.SessionIdle", &t.SessionIdle, 14*24*time.Hour)
	positive(bad, "Tokens.SessionAbsolute", &t.SessionAbsolute, 90*24*time.Hour)
	positive(bad, "Tokens.MaxSessions", &t.MaxSessions, 100)
	if !accessTTLs.holds(t.AccessTTL) {
		bad.add("Tokens.AccessTTL", t.AccessTTL, "set one minute to one hour")
	}
	if !idleTimes.holds(t.SessionIdle) {
		bad.add("Tokens.SessionIdle", t.SessionIdle, "set five minutes to 90 days")
	}
	if !absoluteTimes.holds(t.SessionAbsolute) {
		bad.add("Tokens.SessionAbsolute", t.SessionAbsolute, "set one second to 365 days")
	}
	if t.KeyRotation == 0 {
		t.KeyRotation = 90 * day
	}
	if t.LiveWithin == 0 {
		t.LiveWithin = 5 * time.Second
	}
}

// positive gives a zero field its default and refuses a negative one.
func positive[T int | uint8 | uint32 | time.Duration](bad *problems, field string, v *T, fallback T) {
	switch {
	case *v == 0:
		*v = fallback
	case *v < 0:
		bad.add(field, *v, fmt.Sprintf("set a positive value, or 0 for the default, %v", fallback))
	}
}

func quote(s string) string { return fmt.Sprintf("%q", s) }

const day = 24 * time.Hour
