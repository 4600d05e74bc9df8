package authkit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/locale"
	"github.com/authkit-dev/authkit/internal/thinlog"
	"github.com/authkit-dev/authkit/mail"
)

func quietLog() *thinlog.Logger {
	return thinlog.New(slog.New(slog.DiscardHandler), atTestTime)
}

func TestWakingWithoutARunWarnsOnce(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	o := newOutbox(nil, testRing(t), atTestTime, thinlog.New(slog.New(slog.NewTextHandler(&log, nil)), atTestTime), sender{words: testWords(t)})
	woken := func() bool {
		select {
		case <-o.wake:
			return true
		default:
			return false
		}
	}
	ended := o.began()
	if o.wakeUp(); !woken() || log.Len() > 0 {
		t.Errorf("while Run is there: got %q, want it woken and no line", log.String())
	}
	ended()
	for range 3 {
		o.wakeUp()
	}
	if got := strings.Count(log.String(), "Engine.Run is not running"); got != 1 || !woken() || woken() {
		t.Errorf("without a Run: got %d lines, want one, and one value to wake by", got)
	}
}

// policies is a policy that lets all mail leave, and counts what is given back.
type policies struct{ unwanted, refused, refunds int }

func (p *policies) policy() mailPolicy {
	return mailPolicy{
		wanted: func(context.Context, uuid.UUID, *letter, *mailHolder) (bool, error) { return p.unwanted == 0, nil },
		admit: func(context.Context, uuid.UUID, *letter, *mailHolder) (func(context.Context) error, bool, error) {
			return func(context.Context) error { p.refunds++; return nil }, p.refused == 0, nil
		},
	}
}

// mailer fails as it is told and notes what it was given.
type mailer struct {
	fails error
	got   []mail.Message
}

func (m *mailer) Send(_ context.Context, message mail.Message) error {
	m.got = append(m.got, message)
	return m.fails
}

func testWords(t *testing.T) *locale.Catalogue {
	t.Helper()
	words, err := locale.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return words
}

// An app may have any name that naming allows, and a store may hold an older one. Whatever it is, the
// mail has one sender with the host's address, and the name is only shown.
func TestTheNameOfAnAppSignsItsMails(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Demo":                          `"Demo" <id@example.com>`,
		"":                              `id@example.com`,
		`Ann" <eve@evil.example>, "Bob`: `"Ann\" <eve@evil.example>, \"Bob" <id@example.com>`,
		`back\slash`:                    `"back\\slash" <id@example.com>`,
		"a\r\nBcc: eve@evil.example":    `=?utf-8?b?YQ0KQmNjOiBldmVAZXZpbC5leGFtcGxl?= <id@example.com>`,
		"Größe":                         `=?utf-8?q?Gr=C3=B6=C3=9Fe?= <id@example.com>`,
		"=?utf-8?q?eve=40evil?=":        `"= ?utf-8?q?eve=40evil?=" <id@example.com>`,
		strings.Repeat("界", 64):         "",
		"a, b; (c) <d> [e] :f":          `"a, b; (c) <d> [e] :f" <id@example.com>`,
	} {
		got := sender{from: "id@example.com"}.sender(name)
		if want != "" && got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
		all, err := netmail.ParseAddressList(got)
		if err != nil || len(all) != 1 || all[0].Address != "id@example.com" || strings.ReplaceAll(all[0].Name, "= ?", "=?") != name {
			t.Errorf("%q: got %v from %s, %v, want the host's address alone, with that name", name, all, got, err)
		}
	}
}

func TestPostingALetter(t *testing.T) {
	t.Parallel()
	away := errors.New("the server is away")
	for _, c := range []struct {
		name   string
		policy policies
		fails  error
		spoil  bool
		want   string // sent, refunds, error
	}{
		{name: "it leaves", want: "1 0 <nil>"},
		{name: "it is no longer wanted", policy: policies{unwanted: 1}, want: "0 0 <nil>"},
		{name: "it may not leave", policy: policies{refused: 1}, want: "0 0 <nil>"},
		{name: "a failed try is not charged", fails: away, want: "1 1 the server is away"},
		{name: "one that is given up is", fails: fmt.Errorf("no such mailbox: %w", mail.ErrPermanent), want: "1 0 no such mailbox"},
		{name: "one that was sealed for another mail is given up", spoil: true, want: "0 0 open"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, p := &mailer{fails: c.fails}, c.policy
			o := newOutbox(nil, testRing(t), atTestTime, quietLog(), sender{mailer: m, templates: mail.DefaultTemplates(), from: "id@example.com", host: "example.com", words: testWords(t), look: new(Config).mailLook})
			o.policy = p.policy()
			var riders Riders
			o.queue(&riders, Console, letter{To: "ann@example.com", Template: "password_changed", App: "Demo"}, testTime, time.Hour)
			queued := riders.Mail[0]
			if bytes.Contains(queued.Sealed, []byte("ann")) || !queued.Expires.Equal(testTime.Add(time.Hour)) {
				t.Errorf("queued: got %q until %s, want it sealed, for an hour", queued.Sealed, queued.Expires)
			}
			if c.spoil {
				queued.ID = newID(testTime)
			}
			err := o.post(t.Context(), o.unpack([]Mail{queued})[0])
			if got := fmt.Sprint(len(m.got), p.refunds, " ", err); !strings.HasPrefix(strings.ReplaceAll(got, "  ", " "), c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if c.spoil && !errors.Is(err, mail.ErrPermanent) {
				t.Errorf("got %v, want it given up", err)
			}
			if len(m.got) > 0 && (m.got[0].To != "ann@example.com" || m.got[0].From != `"Demo" <id@example.com>` || m.got[0].ID != queued.ID.String()+"@example.com") {
				t.Errorf("message: got %+v, want its envelope", m.got[0])
			}
		})
	}
}
