package pages

// Ceremony makes the script of a page run a ceremony with a passkey before it posts a form: it fills in
// the fields state and credential. Without script, and in a browser without passkeys, the form is not
// shown.
type Ceremony struct {
	Begin string // the URL that answers with the options of the ceremony
	Body  string // the JSON that is sent there

	Create      bool // a new passkey is made; false: one is shown
	Conditional bool // the browser also offers passkeys where the address is typed

	Failed      string // what is said where the ceremony fails
	Unsupported string // what is said in the place of the form; empty: nothing is
}

// Codes are recovery codes, with the labels of what the script does with them.
type Codes struct {
	List []string

	Copy, Copied string
	Download     string
	File         string // the name of the file
	Print        string
}

// QR is a QR code.
type QR struct {
	Path  string // of its dark modules, as the attribute d of an SVG path
	Size  int    // the width of the picture, in modules
	Label string // what it is, for people who do not see it
}

// ceremony is a form that the script fills in by a ceremony.
func (f forms) ceremony(p Page, step string, c Ceremony, button Button) Form {
	c.Failed = p.T("problem.passkey_failed")
	form := f.form(nil, button)
	form.Passkey = &c
	form.Hidden = append(form.Hidden, Hidden{"do", step}, Hidden{"state", ""}, Hidden{"credential", ""})
	return form
}

// elsewhere says that the passkeys of the person work on the pages of another domain alone.
func elsewhere(p Page, domain string) string {
	return p.T("second.elsewhere", "domain", isolate(domain), "app", p.App)
}

// totp is the code of an authenticator app.
func (f forms) totp(p Page) Field {
	field := f.code(p)
	field.Label = p.T("field.totp")
	return field
}

// recovery is a recovery code.
func recovery(p Page, problem string) Field {
	return Field{ID: "recovery", Name: "recovery", Label: p.T("field.recovery"), Type: "text", Autocomplete: "off", Required: true, MaxLength: 40, Problem: problem}
}

// Second is the step of the sign-in page on which a second factor is shown.
type Second struct {
	Forms

	Mailed   bool // the code of a mail is awaited, and no other
	TOTP     bool
	Recovery bool
	Passkey  *Ceremony // nil: no passkey is taken
	Remember int       // for how many days this browser may be remembered; 0: it may not
	OverURL  string    // where the sign-in starts over

	Elsewhere string // as in Account
}

// View returns the page.
func (s Second) View(p Page) View {
	v := View{Page: p, Name: "second", Title: p.T("second.title"), Problem: s.Problems[""], Links: []Link{{Label: p.T("second.over"), URL: s.OverURL}}}
	submit := do("second", p.T("code.submit"), Primary)
	switch {
	case s.Mailed:
		v.Texts, v.Small = []string{p.T("second.mailed")}, []string{p.T("code.spam")}
		form := s.form([]Field{s.code(p)}, submit)
		v.Form = &form
	case s.TOTP:
		v.Texts = []string{p.T("second.text")}
		form := s.form([]Field{s.totp(p)}, submit)
		if s.Remember > 0 {
			form.Fields = append(form.Fields, Field{ID: "remember", Name: "remember", Label: p.T("second.remember", "n", s.Remember), Type: "checkbox", Value: "true"})
		}
		v.Form = &form
	case s.Elsewhere != "":
		v.Texts = []string{elsewhere(p, s.Elsewhere)}
	case s.Passkey != nil: // without a TOTP, the app alone asks
		v.Texts = []string{p.T("enrol.required", "app", p.App)}
	}
	if s.Passkey != nil {
		c, section := *s.Passkey, Section{ID: "passkey"}
		kind := Primary
		if s.TOTP {
			section.Or, kind = p.T("page.or"), Secondary
		} else {
			c.Unsupported = p.T("second.no_passkeys")
		}
		form := s.ceremony(p, "second", c, Button{Label: p.T("second.passkey"), Kind: kind})
		form.Hidden = append(form.Hidden, Hidden{"remember", ""}) // as the box says, once the script has looked
		section.Forms = []Form{form}
		v.Sections = append(v.Sections, section)
	}
	if s.Recovery {
		v.Sections = append(v.Sections, s.recovery(p))
	}
	return v
}

// recovery takes a recovery code, which has letters.
func (s Second) recovery(p Page) Section {
	return Section{
		ID: "recovery-part", Folded: p.T("second.recovery"),
		Forms: []Form{s.form([]Field{recovery(p, s.Problems["recovery"])}, do("second", p.T("code.submit"), Secondary))},
	}
}

// Enrol is the step of the sign-in page on which a second factor is set up.
type Enrol struct {
	Forms

	QR      *QR
	Secret  Fact      // the key, for people who type it
	Again   bool      // the key is in the place of one that has expired
	Passkey *Ceremony // nil: no passkey is taken in the place of an authenticator app
	OverURL string    // where the sign-in starts over
}

// View returns the page.
func (e Enrol) View(p Page) View {
	v := View{
		Page: p, Name: "enrol", Title: p.T("enrol.title"), Texts: []string{p.T("enrol.required", "app", p.App), p.T("enrol.text")}, Problem: e.Problems[""],
		QR: e.QR, Facts: []Fact{e.Secret}, Links: []Link{{Label: p.T("second.over"), URL: e.OverURL}},
	}
	if e.Again {
		v.Problem = p.T("enrol.again")
	}
	form := e.form([]Field{e.totp(p)}, do("totp", p.T("enrol.submit"), Primary))
	v.Form = &form
	if e.Passkey != nil {
		v.Sections = []Section{{
			ID: "passkey", Or: p.T("page.or"), Forms: []Form{e.ceremony(p, "new-passkey", *e.Passkey, Button{Label: p.T("enrol.passkey"), Kind: Secondary})},
		}}
	}
	return v
}

// NewCodes returns recovery codes as a page shows them.
func NewCodes(p Page, list []string) *Codes {
	return &Codes{
		List: list, Copy: p.T("codes.copy"), Copied: p.T("codes.copied"), Download: p.T("codes.download"), Print: p.T("codes.print"),
		File: p.T("codes.file", "app", p.App) + ".txt",
	}
}

// Onwards is the form that goes on to where a flow leads, once the person has read a page.
func Onwards(p Page, f Forms, token string) Form {
	form := f.form(nil, do("onward", p.T("onward.button"), Primary))
	form.Hidden = append(form.Hidden, Hidden{"token", token})
	return form
}
