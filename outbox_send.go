package authkit

import (
	"context"
	"fmt"
	netmail "net/mail"
	"strings"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/address"
	"github.com/authkit-dev/authkit/internal/locale"
	"github.com/authkit-dev/authkit/internal/naming"
	"github.com/authkit-dev/authkit/internal/panics"
	"github.com/authkit-dev/authkit/mail"
)

// sender renders letters and gives them to the Mailer.
type sender struct {
	mailer    mail.Mailer
	templates mail.Templates
	product   string
	from      string
	host      string // host name in the ids of messages
	words     *locale.Catalogue
	look      func(App) (b mail.Brand, page string) // page: where a notice leads
}

// sender is who writes the mails of an app: the name of the app, and the address of the host. The
// name is quoted or encoded, so that no name adds to the header (RFC 5322, section 3.2.4, and RFC
// 2047). Some mail programs decode even what is quoted; therefore no name begins an encoded word.
func (s sender) sender(app string) string {
	at, err := netmail.ParseAddress(s.from)
	if err != nil || app == "" {
		return s.from
	}
	return (&netmail.Address{Name: strings.ReplaceAll(app, "=?", "= ?"), Address: at.Address}).String()
}

// send renders a letter and gives it to the Mailer. Both may be code of the host: a panic becomes
// an error, and the mail is tried again.
func (s sender) send(ctx context.Context, id uuid.UUID, l letter, app App) error {
	var message mail.Message
	err := panics.Catch(func() (err error) {
		message, err = s.templates.Render(l.Template, s.data(l, app).Limited(l.Template))
		if err != nil {
			return fmt.Errorf("%w: %w", mail.ErrPermanent, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	message.To, message.From, message.ID = address.Envelope(l.To), s.sender(l.App), id.String()+"@"+s.host
	sending, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	return panics.Catch(func() error { return s.mailer.Send(sending, message) })
}

// data returns what the templates may use.
func (s sender) data(l letter, app App) mail.Data {
	d := mail.Data{
		Product: s.product, App: l.App, Link: l.Link, Code: l.Code, Minutes: l.Minutes,
		Email: l.To, Provider: l.Provider, Change: s.change(l), Count: l.Count, Language: l.Language, Asked: l.At, URL: l.URL,
	}
	if l.Proven && l.Agent != "" {
		d.Agent = s.words.Language(l.Language).Browser(l.Agent)
	}
	if !l.Proven && l.namesPasskey() { // a user may call a passkey anything
		d.Provider = ""
	}
	brand, page := s.look(app)
	if d.Brand = brand; d.URL == "" && l.Template != "app_changed" { // whose recipient is a user of the console
		d.URL = page
	}
	return d
}

// change says in the language of the letter what was changed.
func (s sender) change(l letter) string {
	in, key := s.words.Language(l.Language), "mail.change."+l.Change
	if l.Template != "app_changed" || !in.Has(key) {
		return l.Change
	}
	return in.T(key, "names", l.Of, "provider", naming.Provider(l.Of))
}
