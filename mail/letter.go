package mail

import (
	"cmp"
	"time"

	"github.com/authkit-dev/authkit/internal/locale"
)

// letter is a mail in the words of its language, as the forms write it.
type letter struct {
	Data
	*locale.Language

	Title string   // also the subject
	Facts []string // of a notice
	Ways  []way    // the first is the button
	Small []string
}

// way is a link on which the recipient can go on.
type way struct{ Label, URL string }

// newLetter writes the message of a name; false: there is no such name.
func newLetter(name string, d Data, in *locale.Language) (letter, bool) {
	write, ok := writers[name]
	if !ok {
		return letter{}, false
	}
	l := letter{Data: d.Limited(name), Language: in}
	write(&l)
	l.Title = OneLine(l.Title)
	return l, true
}

var writers = map[string]func(*letter){
	"magic_link":     func(l *letter) { l.proof("confirm.title", "confirm.button") },
	"email_verify":   func(l *letter) { l.proof("confirm.verify_title", "confirm.verify_button") },
	"email_change":   func(l *letter) { l.proof("confirm.change_title", "confirm.change_button") },
	"password_reset": func(l *letter) { l.proof("reset.title", "mail.password_reset_button") },
	"invitation": func(l *letter) {
		l.Title = l.text("mail.invitation_title")
		l.goOn("mail.password_reset_button", l.Link)
		const day = int(24 * time.Hour / time.Minute)
		l.Small = append(l.Small, l.text("mail.invitation_expires", "n", (l.Minutes+day-1)/day), l.when("mail.asked"), l.text("mail.invitation_ignore"))
	},
	"email_changed": func(l *letter) {
		l.notice("mail.email_changed_title", l.text("mail.email_changed"))
		l.undo()
	},
	"account_reset": func(l *letter) {
		l.notice("mail.account_reset_title", l.text("mail.account_reset"))
		l.goOn("mail.account", l.URL)
		l.Small = append(l.Small, l.text("mail.account_reset_then"))
	},
	"password_changed": func(l *letter) {
		l.notice("mail.password_changed_title", l.text("mail.password_changed"))
		if l.Change != "" { // the ways to sign in that went together with the old password
			l.Facts = append(l.Facts, l.text("mail.password_changed_removed"))
		}
		l.wasYou(l.text("mail.not_you_password"))
	},
	"identity_linked": func(l *letter) {
		l.notice("mail.identity_linked_title", l.text("mail.identity_linked"))
		l.undo()
	},
	"app_changed": func(l *letter) {
		l.notice("mail.app_changed_title", l.Change)
		l.wasYou(l.text("mail.app_changed_not_you"))
	},
	"more_notices": func(l *letter) {
		l.notice("mail.more_notices_title", l.text("mail.more_notices"))
		l.wasYou(l.text("mail.not_you_password"))
	},
	"sign_up_taken": func(l *letter) {
		l.notice("mail.sign_up_taken_title", l.text("mail.sign_up_taken"))
		l.goOn("sign_in.submit", l.URL)
		l.Small = append(l.Small, l.text("mail.sign_up_taken_then"))
	},
	"factor_code":    (*letter).factorCode,
	"factor_added":   (*letter).factorAdded,
	"factor_removed": (*letter).factorRemoved,
	"recovery_used": func(l *letter) {
		l.notice("mail.recovery_used_title", l.text("mail.recovery_used", "n", l.Count))
		l.wasYou(l.text("mail.not_you_password"))
	},
	"recovery_renewed": func(l *letter) {
		l.notice("mail.recovery_renewed_title", l.text("mail.recovery_renewed"))
		l.wasYou(l.text("mail.not_you_password"))
	},
	"passkey_cloned": func(l *letter) {
		l.notice("mail.passkey_cloned_title", l.text("mail.passkey_cloned"))
		l.namePasskey()
		l.goOn("mail.account", l.URL)
		l.Small = append(l.Small, l.text("mail.passkey_cloned_then"))
	},
}

// text returns a text with the data in its placeholders.
func (l *letter) text(key string, pairs ...any) string {
	return l.T(key, append(pairs, "app", l.App, "email", l.Email, "provider", l.Provider, "names", l.Change, "product", l.Product)...)
}

// proof writes a mail with a link and a code.
func (l *letter) proof(title, button string) {
	l.Title = l.text(title)
	l.goOn(button, l.Link)
	l.Small = append(l.Small, l.text("mail.expires", "n", l.Minutes), l.when("mail.asked"), l.text("mail.ignore"))
}

// notice writes a mail that tells of something.
func (l *letter) notice(title, fact string) {
	l.Title = l.text(title)
	l.Facts = append(l.Facts, fact)
	l.Small = append(l.Small, l.when("mail.happened"))
}

// undo ends a notice of what the link undoes; without a link people have to help.
func (l *letter) undo() {
	then := l.text("mail.not_you_tell")
	if l.Link != "" {
		l.goOn("mail.undo", l.Link)
		then = l.text("mail.not_you_undo", "n", l.Minutes/int(time.Hour/time.Minute))
	}
	l.wasYou(then)
}

// wasYou ends a notice: what to do where it was not the recipient.
func (l *letter) wasYou(otherwise string) {
	l.goOn("mail.account", l.URL)
	l.Small = append(l.Small, l.text("mail.was_you")+" "+otherwise)
}

// goOn adds a way on, if there is a URL.
func (l *letter) goOn(label, url string) {
	if url != "" {
		l.Ways = append(l.Ways, way{l.text(label), url})
	}
}

// CodeLabel is the text before the code.
func (l *letter) CodeLabel() string {
	if l.Link == "" {
		return l.text("mail.code_alone")
	}
	return l.text("mail.code")
}

// when says when something was, and with which browser if that may be said.
func (l *letter) when(key string) string {
	if l.Asked.IsZero() {
		return ""
	}
	if l.Agent != "" {
		key += "_with"
	}
	return l.text(key, "time", l.Asked.UTC().Format("2006-01-02 15:04 UTC"), "browser", l.Agent)
}

// Sender says who sends the mail, because an app may have any name.
func (l *letter) Sender() string {
	switch l.Product {
	case "":
		return ""
	case l.App:
		return l.text("mail.sent_by")
	}
	return l.text("mail.sent_by_for")
}

// Preheader is the text that a list of mails shows beside the subject. It does not have the code,
// since a locked device shows it too.
func (l *letter) Preheader() string { return append(l.Facts, l.Small...)[0] }

// Color is that of the button.
func (l *letter) Color() string { return cmp.Or(l.Brand.Color, "#2456c7") }

// OnColor is that of the text on the button.
func (l *letter) OnColor() string { return cmp.Or(l.Brand.TextColor, "#ffffff") }
