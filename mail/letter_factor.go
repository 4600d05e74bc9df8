package mail

// The factors that a notice is about, as in [Data.Change].
const (
	changedPasskey = "passkey"
	changedTOTP    = "totp"
)

// factorCode writes the mail with the code that proves the address before a second factor is set up.
// It is sent since the right password was given, which may be known to another person.
func (l *letter) factorCode() {
	l.Title = l.text("mail.factor_code_title")
	l.Facts = append(l.Facts, l.text("mail.factor_code"))
	l.Small = append(l.Small, l.text("mail.code_expires", "n", l.Minutes), l.when("mail.asked"), l.text("mail.factor_code_not_you"))
}

// factorAdded writes the notice about a new passkey or TOTP.
func (l *letter) factorAdded() {
	if l.Change == changedPasskey {
		l.notice("mail.passkey_added_title", l.text("mail.passkey_added"))
		l.namePasskey()
	} else {
		l.notice("mail.totp_added_title", l.text("mail.totp_added"))
	}
	l.undo()
}

// factorRemoved writes the notice about a passkey or TOTP that is gone, or about all factors.
func (l *letter) factorRemoved() {
	switch l.Change {
	case changedPasskey:
		l.notice("mail.passkey_removed_title", l.text("mail.passkey_removed"))
		l.namePasskey()
	case changedTOTP:
		l.notice("mail.totp_removed_title", l.text("mail.totp_removed"))
	default:
		l.notice("mail.factors_removed_title", l.text("mail.factors_removed"))
	}
	l.wasYou(l.text("mail.not_you_password"))
}

// namePasskey says the name of the passkey, if it may be said.
func (l *letter) namePasskey() {
	if l.Provider != "" {
		l.Facts = append(l.Facts, l.text("mail.passkey_name"))
	}
}
