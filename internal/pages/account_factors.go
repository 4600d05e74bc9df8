package pages

// Factors are the passkeys and the second factor of an account.
type Factors struct {
	TOTP  bool
	Left  int  // recovery codes that were not used
	SetUp bool // a factor may be added

	QR     *QR  // of a new TOTP, whose code is awaited; nil: it is not
	Secret Fact // its key
	Again  bool // it is in the place of one that has expired

	Passkeys []Passkey
	Add      *Ceremony // nil: no passkey may be added
}

// Passkey is a passkey of the account.
type Passkey struct{ ID, Name, Text string }

// The steps of the section, and of the proof by a second factor: the values of the field "do".
const (
	BeginTOTP     = "totp-begin"
	ConfirmTOTP   = "totp"
	RemoveTOTP    = "totp-remove"
	RenewCodes    = "recovery-codes"
	AddPasskey    = "passkey-add"
	RenamePasskey = "passkey-rename"
	RemovePasskey = "passkey-remove"
	FreshFactor   = "fresh-factor"
)

func (a Account) factors(p Page) Section {
	f, v := a.Factors, a.section("factors", p.T("account.factors"), BeginTOTP, ConfirmTOTP, RemoveTOTP, RenewCodes, AddPasskey, RenamePasskey, RemovePasskey)
	item := Item{Title: p.T("account.totp"), Text: p.T("account.totp_off")}
	if f.TOTP {
		item.Text = p.T("account.totp_left", "n", f.Left)
		if a.Fresh {
			item.Form = new(a.form(nil, do(RemoveTOTP, p.T("account.totp_remove"), Secondary)))
		}
	}
	v.Items = append(v.Items, item)
	for _, one := range f.Passkeys {
		v.Items = append(v.Items, a.passkey(p, one))
	}
	switch {
	case f.QR != nil:
		v.QR, v.Facts, v.Texts = f.QR, []Fact{f.Secret}, append(v.Texts, p.T("enrol.text"))
		if f.Again && v.Problem == "" {
			v.Problem = p.T("enrol.again")
		}
		at := a.at(ConfirmTOTP)
		form := numbered(ConfirmTOTP, at.form([]Field{at.totp(p)}, do(ConfirmTOTP, p.T("enrol.submit"), Primary)))
		form.Fields[0].Focus = true // the section is not at the top of the page
		v.Forms = append(v.Forms, form)
	case !a.Fresh:
		v.Texts = append(v.Texts, p.T("account.proof_first"))
	case f.SetUp:
		label := p.T("account.totp_set_up")
		if f.TOTP {
			label = p.T("account.totp_replace")
		}
		v.Forms = append(v.Forms, a.form(nil, do(BeginTOTP, label, Secondary)))
	}
	if !a.Fresh {
		return v
	}
	if f.TOTP {
		form := a.form(nil, do(RenewCodes, p.T("account.codes_new"), Secondary))
		form.Note = p.T("account.codes_new_text")
		v.Forms = append(v.Forms, form)
	}
	if f.Add != nil {
		v.Forms = append(v.Forms, a.ceremony(p, AddPasskey, *f.Add, Button{Label: p.T("account.passkey_add"), Kind: Secondary}))
	}
	return v
}

// passkey is a passkey with the form that renames and removes it.
func (a Account) passkey(p Page, one Passkey) Item {
	name := Field{ID: "passkey-" + one.ID, Name: "name", Label: p.T("account.passkey_name"), Type: "text", Value: one.Name, Autocomplete: "off", Required: true, MaxLength: 64}
	form := a.form([]Field{name}, do(RenamePasskey, p.T("account.passkey_rename"), Secondary))
	if a.Fresh {
		form.Buttons = append(form.Buttons, unchecked(RemovePasskey, p.T("account.passkey_remove"), Secondary))
	}
	form.Hidden = append(form.Hidden, Hidden{"passkey_id", one.ID})
	return Item{Title: one.Name, Text: one.Text, Form: &form}
}

// proofByFactor is the proof of a person who has a second factor.
func (a Account) proofByFactor(p Page) Section {
	s, at := a.section("proof", p.T("account.proof_title"), FreshFactor), a.at(FreshFactor)
	s.Texts = []string{p.T("account.proof_factor")}
	if a.Elsewhere != "" {
		s.Texts = append(s.Texts, elsewhere(p, a.Elsewhere))
	}
	if a.ByCode {
		s.Forms = append(s.Forms, numbered(FreshFactor, at.form([]Field{at.totp(p)}, do(FreshFactor, p.T("account.proof_password"), Primary))))
	}
	if a.ByPasskey != nil {
		c, kind := *a.ByPasskey, Secondary
		if !a.ByCode {
			c.Unsupported, kind = p.T("second.no_passkeys"), Primary
		}
		s.Forms = append(s.Forms, at.ceremony(p, FreshFactor, c, Button{Label: p.T("account.proof_passkey"), Kind: kind}))
	}
	if a.ByCode {
		field := recovery(p, at.Problems["recovery"])
		s.Forms = append(s.Forms, numbered(FreshFactor, at.form([]Field{field}, do(FreshFactor, p.T("second.recovery"), Plain))))
	}
	return s
}
