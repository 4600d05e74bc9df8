package authkit_test

import (
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
	}{{[]string{"a"}, true}, {[]string{"a"}, true}, {[]string{"b"}, false}, {[]string{"b", "a"}, true}, {nil, false}} {
		if err := open(c.secrets...); (err == nil) != c.ok {
			t.Errorf("New with %v: got %v, want ok %v", c.secrets, err, c.ok)
		}
	}
}
