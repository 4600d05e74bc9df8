package authkit_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

func TestNewReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := authkit.New(authkit.Config{BaseURL: "http://example.com/", Tokens: authkit.TokenConfig{AccessTTL: -1}})
	if err == nil {
		t.Fatal("New: got nil")
	}
	for _, field := range []string{"BaseURL", "Mailer", "Store", "Secrets", "Tokens.AccessTTL"} {
		if !strings.Contains(err.Error(), "Config."+field+" ") {
			t.Errorf("New: got %q, want it to name %s", err, field)
		}
	}
}

// Each configuration here has one mistake, and the error reports one problem.
func TestNewSaysWhatToWrite(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*authkit.Config)
		want  string
	}{
		"a sender without a host": {
			func(c *authkit.Config) { c.MailFrom = "no-reply" },
			`field Config.MailFrom is "no-reply": write an address, alone or as in "Name <name@example.com>"`,
		},
		"a sender with a header behind it": {
			func(c *authkit.Config) { c.MailFrom = "a@example.com\r\nBcc: b@example.com" },
			`field Config.MailFrom is "a@example.com\r\nBcc: b@example.com": write one line, without control characters`,
		},
		"a sender whose name needs quotes": {
			func(c *authkit.Config) { c.MailFrom = "Example, Inc. <a@example.com>" },
			`field Config.MailFrom is "Example, Inc. <a@example.com>": put the name in double quotes`,
		},
		"a base URL of http": {
			func(c *authkit.Config) { c.BaseURL = "http://example.com" },
			`field Config.BaseURL is "http://example.com": use https; http is for loopback, or for InsecureAllowHTTP`,
		},
		"a base URL with a password": {
			func(c *authkit.Config) { c.BaseURL = "https://ann:sekret@example.com" },
			`field Config.BaseURL is "https://ann:xxxxx@example.com": give scheme, host and mount point only, such as https://example.com/auth`,
		},
		"a malformed base URL": {
			func(c *authkit.Config) { c.BaseURL = "https://ann:sekret@example.com:port" },
			`field Config.BaseURL is no URL: give scheme, host and mount point only, such as https://example.com/auth`,
		},
		"a secret too short": {
			func(c *authkit.Config) { c.Secrets = [][]byte{make([]byte, 32), []byte("sekret")} },
			"field Config.Secrets[1] is 6 bytes long: give 32 random bytes; `authkit keygen` writes such, in base64",
		},
		"a secret given twice": {
			func(c *authkit.Config) { c.Secrets = [][]byte{make([]byte, 32), make([]byte, 32)} },
			"field Config.Secrets is a list of 2: seal: secret 1 repeats secret 0; give each once",
		},
		"no secret for a store that lasts": {
			func(c *authkit.Config) { c.Store = lasting{c.Store} },
			"field Config.Secrets is empty: set 32 random bytes and keep them; only with a Store that keeps nothing, such as memory.New(), may they be left out",
		},
		"an invalid range of proxies": {
			func(c *authkit.Config) { c.TrustedProxies = make([]netip.Prefix, 1) },
			`field Config.TrustedProxies[0] is "invalid Prefix": it covers no peer; give an IPv4 or IPv6 range, such as 10.0.0.0/8`,
		},
		"a range of IPv4 proxies written as IPv6": {
			func(c *authkit.Config) {
				c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104")}
			},
			`field Config.TrustedProxies[0] is "::ffff:10.0.0.0/104": it covers no peer`,
		},
		"an invalid range of addresses": {
			func(c *authkit.Config) { c.Outbound.Allow = make([]netip.Prefix, 1) },
			`field Config.Outbound.Allow[0] is "invalid Prefix": it covers no address; give an IPv4 or IPv6 range, such as 10.0.0.0/8`,
		},
		"a range of every address": {
			func(c *authkit.Config) { c.Outbound.Allow = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")} },
			`field Config.Outbound.Allow[0] is "0.0.0.0/0": it covers every address, this machine's and its cloud's too; give the ranges that issuers are in`,
		},
		"a port of 0": {
			func(c *authkit.Config) { c.Outbound.Ports = []uint16{8443, 0} },
			`field Config.Outbound.Ports[1] is 0: give a port from 1 to 65535`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := authkit.Config{Store: memory.New(), BaseURL: base, Mailer: mail.NewOutbox()}
			c.spoil(&cfg)
			_, err := authkit.New(cfg)
			if err == nil || !strings.Contains(err.Error(), "has 1 problem(s)") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("New: got %v, want one problem, %s", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "sekret") {
				t.Errorf("New: got %v, want no secret in it", err)
			}
		})
	}
}

// lasting is a store that says that it keeps its data.
type lasting struct{ authkit.Store }

func (lasting) Volatile() bool { return false }

func TestNewTakesSenders(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"", "no-reply@localhost", "a@example.com", "Example <a@example.com>", `"Example, Inc." <a@example.com>`} {
		if _, err := authkit.New(authkit.Config{Store: memory.New(), BaseURL: base, Mailer: mail.NewOutbox(), MailFrom: from}); err != nil {
			t.Errorf("New with MailFrom %q: got %v, want nil", from, err)
		}
	}
}

func TestNewRefusesOtherSecrets(t *testing.T) {
	t.Parallel()
	store := memory.New()
	open := func(secrets ...string) error {
		cfg := authkit.Config{Store: store, BaseURL: base, Mailer: mail.NewOutbox()}
		for _, s := range secrets {
			cfg.Secrets = append(cfg.Secrets, []byte(strings.Repeat(s, 32)))
		}
		_, err := authkit.New(cfg)
		return err
	}
	for _, c := range []struct {
		secrets []string
		ok      bool
	}{{[]string{"a"}, true}, {[]string{"a"}, true}, {[]string{"b"}, false}, {[]string{"b", "a"}, true}, {[]string{"b"}, false}, {nil, false}} {
		if err := open(c.secrets...); (err == nil) != c.ok {
			t.Errorf("New with %v: got %v, want ok %v", c.secrets, err, c.ok)
		}
	}
}

// This test puts a new secret before the one under which a store was filled.
func TestSecretsAreRotated(t *testing.T) {
	t.Parallel()
	store, older, newer := memory.New(), []byte(strings.Repeat("a", 32)), []byte(strings.Repeat("b", 32))
	before := setup(t, func(c *authkit.Config) { c.Store, c.Secrets = store, [][]byte{older} })
	ann := before.signUp("ann@example.com")
	ann.want(t, 201, "")
	pending, mailed := before.mailed("bob@example.com", "")
	_, linked := before.mailed("cid@example.com", "")

	engine, err := authkit.New(authkit.Config{
		Store: store, BaseURL: base, Mailer: before.outbox, Now: before.clock.Now, Secrets: [][]byte{newer, older},
		Password: authkit.PasswordConfig{MemoryKiB: 8, Time: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	after := *before
	after.engine, after.server = engine, http.StripPrefix("/id", engine.Handler())
	after.send("GET", after.in("/auth/me/{app_id}"), "", "Authorization: Bearer "+ann.body["token"].(string)).want(t, 200, "")
	after.signIn(after.app.ID.String(), "ann@example.com")
	code := `{"email":"bob@example.com","code":"` + mail.Code(mailed) + `","binding":"` + pending.body["binding"].(string) + `"}`
	after.verify(strings.Replace(code, mail.Code(mailed), wrongCode(mail.Code(mailed)), 1)).want(t, 401, "invalid_token")
	after.verify(code).want(t, 200, "")
	after.verify(`{"token":"`+linkToken(linked)+`"}`).want(t, 200, "")
}
