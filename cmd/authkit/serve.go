package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/mail/smtp"
)

const grace = 9 * time.Second

type serve struct {
	place

	Addr          string        `default:"127.0.0.1:8080"        env:"AUTHKIT_ADDR"           help:"Where to listen."`
	BaseURL       string        `default:"http://127.0.0.1:8080" env:"AUTHKIT_BASE_URL"       help:"Where clients reach the server."`
	Mail          string        `default:"log"                   env:"AUTHKIT_MAIL"           help:"log, smtp://[user:pass@]host:port or smtps://…"`
	Developer     string        `env:"AUTHKIT_DEVELOPER"         help:"EMAIL:PASSWORD or @FILE: a developer to create if new."`
	ConsoleSignup bool          `env:"AUTHKIT_CONSOLE_SIGNUP"    help:"Let anybody become a developer."`
	RateLimits    string        `default:"on"                    enum:"on,off"                env:"AUTHKIT_RATE_LIMITS"      help:"off is for tests."`
	Loopback      bool          `env:"AUTHKIT_ALLOW_HTTP_LOOPBACK_PROVIDERS" help:"Let OAuth issuers be on loopback; for tests." name:"allow-http-loopback-providers"`
	ClockOffset   time.Duration `default:"0s"                    env:"AUTHKIT_CLOCK_OFFSET"   help:"Move the clock; for tests."`
}

// Run serves until ctx ends, and then finishes what is in flight.
func (s *serve) Run(ctx context.Context) error {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	st, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer st.close() //nolint:errcheck // the process ends
	engine, err := s.engine(st, log)
	if err != nil {
		return err
	}
	if err := s.createDeveloper(ctx, engine); err != nil {
		return err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", s.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	return s.serve(ctx, listener, engine, log)
}

func (s *serve) serve(ctx context.Context, listener net.Listener, engine *authkit.Engine, log *slog.Logger) error {
	base, err := url.Parse(s.BaseURL)
	if err != nil {
		return fmt.Errorf("parse the base URL: %w", err)
	}
	server := &http.Server{
		Handler:           http.StripPrefix(base.Path, engine.Handler()),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var working sync.WaitGroup
	working.Go(func() {
		if err := engine.Run(background); err != nil {
			log.Error("background work ended", slog.Any("error", err))
		}
	})
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	fmt.Println("listening on", s.BaseURL)
	select {
	case err = <-ended:
	case <-ctx.Done():
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		err = server.Shutdown(last)
		cancel()
	}
	stop()
	working.Wait()
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

func (s *serve) engine(st store, log *slog.Logger) (*authkit.Engine, error) {
	secret, err := s.secret()
	if err != nil {
		return nil, err
	}
	mailer, err := s.mailer()
	if err != nil {
		return nil, err
	}
	c := authkit.Config{
		Store: st.Store, BaseURL: s.BaseURL, Mailer: mailer, Secrets: [][]byte{secret}, Logger: log,
		ConsoleSignup: s.ConsoleSignup, Now: func() time.Time { return time.Now().Add(s.ClockOffset) },
	}
	if s.RateLimits == "off" {
		c.Limits.InsecureOff = true
		log.Warn("RATE LIMITS ARE OFF: for tests only")
	}
	if s.ClockOffset != 0 {
		log.Warn("THE CLOCK IS MOVED: for tests only", slog.Duration("offset", s.ClockOffset))
	}
	if s.Loopback {
		c.InsecureAllowLoopbackProviders = true
		log.Warn("OAUTH ISSUERS MAY BE ON LOOPBACK: for tests only")
	}
	return authkit.New(c)
}

// mailer writes mails to stdout only where nobody but this machine can be meant.
func (s *serve) mailer() (mail.Mailer, error) {
	if s.Mail != "log" {
		c, err := smtp.Parse(s.Mail)
		if err != nil {
			return nil, fmt.Errorf("--mail: %w", err)
		}
		m, err := smtp.New(c)
		if err != nil {
			return nil, fmt.Errorf("--mail: %w", err)
		}
		return m, nil
	}
	base, err := url.Parse(s.BaseURL)
	if err != nil || !loopback(base.Hostname()) {
		return nil, fmt.Errorf("--mail log writes links to stdout and is for a base URL on loopback only, not %q: give smtp://…", s.BaseURL)
	}
	return mail.Log(os.Stdout), nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// createDeveloper is no error for a developer who exists.
func (s *serve) createDeveloper(ctx context.Context, engine *authkit.Engine) error {
	text := s.Developer
	if file, ok := strings.CutPrefix(text, "@"); ok {
		b, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("--developer: %w", err)
		}
		text = strings.TrimRight(string(b), "\r\n")
	}
	if text == "" {
		return nil
	}
	email, password, ok := strings.Cut(text, ":")
	if !ok {
		return errors.New("--developer is not EMAIL:PASSWORD")
	}
	if _, err := engine.CreateDeveloper(ctx, email, password); err != nil && !errors.Is(err, authkit.CodeEmailTaken) {
		return fmt.Errorf("--developer: %w", err)
	}
	return nil
}
