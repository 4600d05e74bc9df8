package authkit_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/testschema"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/mail/smtp"
	"github.com/authkit-dev/authkit/store/postgres"
)

// BenchmarkMail asks for sign-in links by some clients at once, while Run sends them: to a mailer
// that takes them at once, or over SMTP to a server on loopback. The limits are on. accepted/s is
// how many links are asked for a second; delivered/s is how many mails arrive a second, from the
// first request to the last mail.
func BenchmarkMail(b *testing.B) {
	for _, clients := range []int{1, 16} {
		for _, by := range []string{"fake", "smtp"} {
			b.Run(fmt.Sprintf("%d clients/%s", clients, by), func(b *testing.B) {
				onStores(b, stubHash, func(x *bench) { x.mailBy(by, clients, x.store) })
			})
		}
	}
	if dsn := os.Getenv("AUTHKIT_TEST_POSTGRES"); dsn != "" {
		b.Run("16 clients/smtp/postgres, three processes", func(b *testing.B) {
			(&bench{B: b}).mailBy("smtp", 16, postgresHandles(b, dsn, 3)...)
		})
	}
}

// postgresHandles opens one schema as several processes do.
func postgresHandles(b *testing.B, dsn string, n int) (all []authkit.Store) {
	b.Helper()
	schema := testschema.New(b, dsn)
	for range n {
		pool, err := pgxpool.New(b.Context(), schema)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(pool.Close)
		s, err := postgres.New(b.Context(), pool)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// mailBy runs an engine over each store handle. The clients take turns between the engines.
func (b *bench) mailBy(by string, clients int, stores ...authkit.Store) {
	b.Helper()
	office := &sortingOffice{}
	var engines []*authkit.Engine
	for _, store := range stores {
		engine, err := authkit.New(authkit.Config{
			Store: store, BaseURL: base, Mailer: office.mailer(b.B, by), Password: stubHash, Logger: slog.New(slog.DiscardHandler),
			Secrets: [][]byte{make([]byte, 32)},
		})
		b.ok(err)
		engines = append(engines, engine)
	}
	app, err := engines[0].EnsureApp(b.Context(), "bench", "Mail")
	b.ok(err)
	ctx, stop := context.WithCancel(b.Context())
	var runs sync.WaitGroup
	for _, engine := range engines {
		runs.Go(func() { _ = engine.Run(ctx) })
	}
	defer runs.Wait()
	defer stop()
	b.ResetTimer()
	office.arrived.Store(0)
	var next atomic.Int64
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			for {
				n := int(next.Add(1))
				if n > b.N {
					return
				}
				_, err := engines[c%len(engines)].RequestMagicLink(b.Context(), authkit.MagicLinkRequest{
					App: app.ID, Email: fmt.Sprintf("u%d@example.com", n), Client: authkit.Client{IP: fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255)},
				})
				if err != nil {
					b.Errorf("link %d: %v", n, err)
					return
				}
			}
		})
	}
	all.Wait()
	accepted := b.Elapsed()
	for deadline := time.Now().Add(time.Minute); int(office.arrived.Load()) < b.N; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatalf("mails: got %d, want %d", office.arrived.Load(), b.N)
		}
	}
	b.ReportMetric(float64(b.N)/accepted.Seconds(), "accepted/s")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "delivered/s")
}

// sortingOffice counts the mails that arrive, by whatever way.
type sortingOffice struct {
	arrived atomic.Int64
	addr    string // of its SMTP server
}

func (o *sortingOffice) mailer(b *testing.B, by string) mail.Mailer {
	b.Helper()
	if by == "fake" {
		return o
	}
	if o.addr == "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		server := gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) { return sorter{o}, nil }))
		o.addr = l.Addr().String()
		go func() { _ = server.Serve(l) }()
		b.Cleanup(func() { _ = server.Close() })
	}
	m, err := smtp.New(smtp.Config{Addr: o.addr, TLS: smtp.Opportunistic})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = m.Close() })
	return m
}

func (o *sortingOffice) Send(context.Context, mail.Message) error {
	o.arrived.Add(1)
	return nil
}

// sorter is one SMTP session.
type sorter struct{ o *sortingOffice }

func (sorter) Mail(string, *gosmtp.MailOptions) error { return nil }
func (sorter) Rcpt(string, *gosmtp.RcptOptions) error { return nil }
func (sorter) Reset()                                 {}
func (sorter) Logout() error                          { return nil }
func (s sorter) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	s.o.arrived.Add(1)
	return err
}
