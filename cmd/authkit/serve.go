package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/passkey"
	"github.com/authkit-dev/authkit/store/postgres"
)

type serve struct {
	place
	reach

	Addr           string        `default:"127.0.0.1:8080" help:"Where to listen: HOST:PORT, or unix:FILE for a Unix socket, which needs --base-url and --trusted-proxies unix."`
	BaseURL        string        `help:"Where clients reach the server, mount point included; http://ADDR if it is not set."`
	TrustedProxies []string      `help:"Proxies whose X-Forwarded-For names the client: ranges such as 10.0.0.0/8, or unix for Unix sockets." placeholder:"CIDR"`
	Mail           string        `default:"log" help:"log (to stdout, where the base URL is on loopback), smtp://[user:pass@]host:port or smtps://…"`
	MailFrom       string        `help:"The sender, an address or \"Name <address>\"; no-reply@ the base URL's host if it is not set."`
	ProductName    string        `help:"The name of the service, which each mail shows beside the name of the app; the base URL's host if it is not set." placeholder:"NAME"`
	SMTPHello      string        `help:"The name that EHLO gives the mail server, a full host name or an address literal; the domain of the sender if it is not set." name:"smtp-hello" placeholder:"NAME"`
	Developer      string        `help:"A developer to create if new: @FILE that holds EMAIL:PASSWORD, or EMAIL in a terminal, which asks for the password. EMAIL:PASSWORD works, too, and ps shows it." placeholder:"@FILE|EMAIL"`
	ConsoleSignup  bool          `help:"Let anyone become a developer."`
	ConsoleMFA     string        `default:"optional" enum:"optional,off,required" help:"Whether developers may have a second factor (optional, off) or must have one (required)." name:"console-mfa"`
	DevCookies     *bool         `help:"Let developers choose session cookies for their apps, which live on the base URL's origin; on unless --console-signup is on." name:"developer-cookies" negatable:""`
	ConsoleOrigins []string      `help:"Web origins that developers may manage their apps from, such as https://console.example.com; the base URL's own always may." placeholder:"ORIGIN"`
	RateLimits     string        `default:"on" enum:"on,off" help:"off is for tests."`
	AccessLog      string        `default:"on" enum:"on,off" help:"One line of the log for each request."`
	Metrics        string        `help:"Where to serve the numbers of this process to Prometheus, at /metrics: HOST:PORT, best on loopback, since they are for the operator alone." placeholder:"ADDR"`
	InsecureHTTP   bool          `help:"Let the base URL be http on a network that you trust: passwords and tokens cross it in the clear." name:"insecure-http"`
	StorePatience  time.Duration `default:"5s" help:"How long a call of Postgres may take before it fails; 0 for no bound."`
	ClockOffset    time.Duration `default:"0s" help:"Move the clock, and the store's with it; for tests."`
}

// Run serves until SIGTERM or SIGINT, and then finishes what is in flight.
func (s *serve) Run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	collectSooner()
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	srv, err := s.start(ctx, log)
	if err != nil {
		if ctx.Err() != nil {
			return nil // stopped before it was ready
		}
		return err
	}
	fmt.Println("listening on", s.BaseURL)
	log.Info("serving", slog.String("addr", srv.listener.Addr().String()), slog.String("base_url", s.BaseURL), slog.String("store", redact(s.Store)))
	return srv.run(ctx)
}

// collectSooner starts a garbage collection at 75 % of new memory, not at Go's 100 %, unless GOGC is
// set. Under a flood of sign-ins most garbage is the blocks of password hashes, 19 MiB each.
func collectSooner() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(75)
	}
}

// start checks every flag and listens before it creates a database or a secret.
func (s *serve) start(ctx context.Context, log *slog.Logger) (_ *server, err error) {
	srv := &server{log: log}
	defer func() {
		if err != nil {
			srv.close()
		}
	}()
	developer, err := s.developer()
	if err != nil {
		return nil, err
	}
	if _, _, err := s.locate(); err != nil {
		return nil, err
	}
	config, err := s.config()
	if err != nil {
		return nil, err
	}
	config.Logger = log
	if srv.listener, err = s.listen(ctx); err != nil {
		return nil, err
	}
	base, err := s.base(srv.listener)
	if err != nil {
		return nil, err
	}
	config.BaseURL = s.BaseURL
	s.warnOfNetwork(log, base, srv.listener.Addr())
	if srv.metrics.listener, err = s.listenForMetrics(ctx, log); err != nil {
		return nil, err
	}
	if config.Mailer, err = s.mailer(base); err != nil {
		return nil, err
	}
	if srv.store, err = s.open(ctx, postgres.WithPatience(s.StorePatience)); err != nil {
		return nil, err
	}
	if srv.engine, err = s.engine(ctx, srv.store, config); err != nil {
		return nil, err
	}
	if err := developer.create(ctx, srv.engine, log); err != nil {
		return nil, err
	}
	srv.metrics.http = metricsServer(srv.engine, log)
	handler := srv.engine.Handler()
	if s.AccessLog == "on" {
		handler = accessLog{handler, httpio.Proxies{Ranges: config.TrustedProxies, Local: config.TrustUnixSockets}, log}
	}
	srv.http = &http.Server{
		Handler:           front{mount(base.Path, handler), base.Path + signInPage},
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		DisableGeneralOptionsHandler: true, // the handler's own answer has a request id and headers
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return srv, nil
}

// base completes the base URL and checks it. Its errors name the flag; authkit.New checks the
// rest.
func (s *serve) base(listener net.Listener) (*url.URL, error) {
	if s.BaseURL == "" {
		s.BaseURL = "http://" + reachable(s.Addr, listener.Addr())
	}
	base, err := url.Parse(s.BaseURL)
	switch {
	case err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") || base.User != nil || strings.ContainsAny(s.BaseURL, "?#"):
		return nil, fmt.Errorf("--base-url is %q: give scheme, host and mount point only, such as https://example.com/auth", s.BaseURL)
	case base.Scheme == "http" && !loopback(base.Hostname()) && !s.InsecureHTTP:
		return nil, fmt.Errorf("--base-url is %q: use https; http is for loopback, since passwords would cross the network in the clear, or for --insecure-http on a network that you trust", s.BaseURL)
	case strings.HasSuffix(base.Path, "/"):
		return nil, fmt.Errorf("--base-url is %q: leave out the slash at its end", s.BaseURL)
	}
	return base, nil
}

// warnOfNetwork warns of a base URL that does not fit the network.
func (s *serve) warnOfNetwork(log *slog.Logger, base *url.URL, at net.Addr) {
	local := loopback(base.Hostname())
	if base.Scheme == "http" && !local {
		log.Warn("PASSWORDS AND TOKENS CROSS THE NETWORK IN THE CLEAR: for a network that you trust; browsers drop __Host- cookies over http, so that session cookies, and the pages of links and providers, do not work",
			slog.String("base_url", s.BaseURL))
	}
	if tcp, ok := at.(*net.TCPAddr); ok && local && !tcp.IP.IsLoopback() {
		log.Warn("OTHER MACHINES CAN CONNECT, AND THE BASE URL IS ON LOOPBACK: links in mails and tokens name this machine only; set --base-url to where clients reach the server, or listen at 127.0.0.1",
			slog.String("addr", at.String()), slog.String("base_url", s.BaseURL))
	}
}

// reachable returns the host and port at which this machine reaches a listener. For a listener
// at all addresses the host is loopback; the port is the one that the system gave.
func reachable(addr string, at net.Addr) string {
	host, _, _ := net.SplitHostPort(addr) // valid: the listener has it
	_, port, _ := net.SplitHostPort(at.String())
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// config returns the part of the configuration that flags alone decide.
func (s *serve) config() (authkit.Config, error) {
	proxies, unix, err := s.proxies()
	if err != nil {
		return authkit.Config{}, err
	}
	origins, err := s.origins()
	if err != nil {
		return authkit.Config{}, err
	}
	if err := s.checkMailFrom(); err != nil {
		return authkit.Config{}, err
	}
	outbound, err := s.outbound()
	if err != nil {
		return authkit.Config{}, err
	}
	return authkit.Config{
		Outbound: outbound, InsecureAllowHTTP: s.InsecureHTTP,
		TrustedProxies: proxies, TrustUnixSockets: unix, MailFrom: s.MailFrom, ProductName: s.ProductName, ConsoleSignup: s.ConsoleSignup, ConsoleOrigins: origins, ConsoleSessions: authkit.SessionEither,
		DeveloperCookies: s.developerCookies(), ConsoleMFA: authkit.MFAPolicy(s.ConsoleMFA), Passkeys: passkey.New(),
		Now: func() time.Time { return time.Now().Add(s.ClockOffset) },
	}, nil
}

// developerCookies reports whether developers may choose session cookies. By default they may
// where the operator creates the developers.
func (s *serve) developerCookies() bool {
	if s.DevCookies != nil {
		return *s.DevCookies
	}
	return !s.ConsoleSignup
}

func (s *serve) engine(ctx context.Context, st store, c authkit.Config) (*authkit.Engine, error) {
	s.warnOfCopy(ctx, st.Store, c.Logger)
	secrets, err := s.secrets(ctx, st.Store)
	if err != nil {
		return nil, err
	}
	c.Store, c.Secrets = moved{st.Store, s.ClockOffset}, secrets
	if s.RateLimits == "off" {
		c.Limits.InsecureOff = true
		c.Logger.Warn("RATE LIMITS ARE OFF: for tests only")
	}
	if s.ClockOffset != 0 {
		c.Logger.Warn("THE CLOCK IS MOVED: for tests only", slog.String("offset", s.ClockOffset.String()))
	}
	if s.Loopback {
		c.InsecureAllowLoopbackProviders = true
		c.Logger.Warn("OAUTH ISSUERS MAY BE ON LOOPBACK: for tests only")
	}
	engine, err := authkit.New(c)
	if err != nil {
		return nil, s.explainSecret(err)
	}
	return engine, nil
}

// moved is a store whose clock is moved by as much as the clock of the process, so that the
// engine finds no difference between them.
type moved struct {
	authkit.Store

	by time.Duration
}

// Ping returns the moved time of the store.
func (m moved) Ping(ctx context.Context) (time.Time, error) {
	at, err := m.Store.Ping(ctx)
	return at.Add(m.by), err
}

// Unwrap returns the store, for [authkit.Engine.Check].
func (m moved) Unwrap() authkit.Store { return m.Store }
