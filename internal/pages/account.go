package pages

// Account is the page on which people see and change what an app knows about them.
type Account struct {
	Forms

	// At is the section that was posted, to which Problems and Done belong. It is the value of the
	// field "do" of its form.
	At   string
	Done string // what was done; empty: nothing was

	Email    string
	Verified bool
	Pending  string // the new address whose code is awaited; empty: there is no such
	Proving  bool   // the code that proves the address is awaited
	NameText string

	HasPassword bool
	Fresh       bool // the sign-in is recent enough for changes that matter
	Mailed      bool // a code for a fresh sign-in was mailed

	// HasFactor says that the person makes the sign-in fresh by a second factor alone: by a code or a
	// passkey.
	HasFactor bool
	ByCode    bool
	ByPasskey *Ceremony
	Elsewhere string   // the domain of the passkeys, if the person has no factor that works on this page
	Factors   *Factors // nil: the app has no second factors

	Identities []Identity
	Providers  []Provider // those that can be connected
	Sessions   []Item     // this one first, without a form
	Others     bool       // there are other sessions

	SignOutURL string
}

// Identity is a connected provider.
type Identity struct{ Name, Label string }

// The steps of the account page: the values of the field "do".
const (
	SaveName       = "name"
	SendProof      = "send-proof"
	Prove          = "prove"
	ChangeEmail    = "change-email"
	ConfirmEmail   = "confirm-email"
	ChangePassword = "change-password"
	SetPassword    = "set-password"
	Connect        = "connect"
	Disconnect     = "disconnect"
	EndSession     = "end-session"
	EndOthers      = "end-others"
	Leave          = "leave"
	FreshPassword  = "fresh-password"
	FreshMail      = "fresh-mail"
	FreshCode      = "fresh-code"
)

// View returns the page.
func (a Account) View(p Page) View {
	v := View{Page: p, Name: "account", Title: p.T("account.title", "app", p.App), Links: []Link{{Label: p.T("account.sign_out"), URL: a.SignOutURL}}}
	if a.At == "" {
		v.Problem = a.Problems[""]
	}
	proof := a.proof(p)
	if a.Fresh { // the section has gone, and the page says that it was done
		v.Done = proof.Done
	} else {
		v.Sections = append(v.Sections, proof)
	}
	v.Sections = append(v.Sections, a.name(p), a.email(p), a.password(p), a.identities(p))
	if a.Factors != nil {
		v.Sections = append(v.Sections, a.factors(p))
	}
	v.Sections = append(v.Sections, a.sessions(p), a.leave(p))
	return v
}

// section returns a section, with what is to be said of the last post if it posted to one of the
// steps.
func (a Account) section(id, heading string, steps ...string) Section {
	s := Section{ID: id, Heading: heading}
	for _, step := range steps {
		if a.At == step {
			s.Problem, s.Done = a.Problems[""], a.Done
		}
	}
	return s
}

// at is forms for one step: the problems of the last post belong to its step alone.
func (a Account) at(step string) Forms {
	f := a.Forms
	if a.At != step {
		f.Problems = nil
	}
	return f
}

// numbered gives the fields of a form ids of their own, since a page has several forms.
func numbered(step string, f Form) Form {
	for i := range f.Fields {
		f.Fields[i].ID, f.Fields[i].Focus = step+"-"+f.Fields[i].ID, f.Fields[i].Problem != ""
	}
	return f
}

func (a Account) proof(p Page) Section {
	if a.HasFactor {
		return a.proofByFactor(p)
	}
	s := a.section("proof", p.T("account.proof_title"), FreshPassword, FreshMail, FreshCode, FreshFactor)
	s.Texts = []string{p.T("account.proof_text")}
	if a.HasPassword {
		f := a.at(FreshPassword)
		s.Forms = append(s.Forms, numbered(FreshPassword, f.form([]Field{account(p, a.Email), f.password(p, "password", p.T("field.password"))}, do(FreshPassword, p.T("account.proof_password"), Primary))))
	}
	if a.Mailed {
		f := a.at(FreshCode)
		s.Forms = append(s.Forms, numbered(FreshCode, f.form([]Field{f.code(p)}, do(FreshCode, p.T("account.proof_password"), Primary))))
	}
	kind := Secondary
	if a.HasPassword || a.Mailed {
		kind = Plain
	}
	if a.Verified { // a link would reset an account whose address was never proven
		s.Forms = append(s.Forms, a.form(nil, do(FreshMail, p.T("account.proof_mail"), kind)))
	}
	return s
}

func (a Account) name(p Page) Section {
	s, f := a.section("name-part", p.T("account.name"), SaveName), a.at(SaveName)
	s.Forms = []Form{numbered(SaveName, f.form([]Field{f.name(p, a.NameText)}, do(SaveName, p.T("account.save"), Secondary)))}
	return s
}

func (a Account) email(p Page) Section {
	s := a.section("email-part", p.T("account.email"), SendProof, Prove, ChangeEmail, ConfirmEmail)
	state := p.T("account.email_unverified")
	if a.Verified {
		state = p.T("account.email_verified")
	}
	s.Items = []Item{{Title: a.Email, Text: state}}
	switch {
	case a.Proving:
		s.Forms = append(s.Forms, a.codeForm(p, Prove, a.Email))
		fallthrough
	case !a.Verified:
		kind := Secondary
		if a.Proving {
			kind = Plain
		}
		s.Forms = append(s.Forms, a.form(nil, do(SendProof, p.T("account.email_confirm"), kind)))
	}
	if a.Pending != "" {
		s.Forms = append(s.Forms, a.codeForm(p, ConfirmEmail, a.Pending))
	}
	if a.Fresh {
		f := a.at(ChangeEmail)
		field := f.email(p, "")
		field.ID, field.Name, field.Label, field.Autocomplete, field.Problem = "new_email", "new_email", p.T("field.new_email"), "email", f.Problems["new_email"]
		form := numbered(ChangeEmail, f.form([]Field{field}, do(ChangeEmail, p.T("account.email_change_submit"), Secondary)))
		form.Note = p.T("account.email_change_text")
		s.Forms = append(s.Forms, form)
	}
	return s
}

// codeForm takes the code of a mail.
func (a Account) codeForm(p Page, step, email string) Form {
	f := a.at(step)
	form := numbered(step, f.form([]Field{f.code(p)}, do(step, p.T("account.email_code_submit"), Primary)))
	form.Note = p.T("account.email_code_text", "email", isolate(email))
	return form
}

func (a Account) password(p Page) Section {
	s := a.section("password-part", p.T("account.password"), ChangePassword, SetPassword)
	switch {
	case a.HasPassword:
		f := a.at(ChangePassword)
		s.Forms = []Form{numbered(ChangePassword, f.form([]Field{
			account(p, a.Email), f.password(p, "current_password", p.T("field.current_password")), f.newPassword(p, "new_password", p.T("field.new_password")),
		}, do(ChangePassword, p.T("account.password_change"), Secondary)))}
		s.Forms[0].Note, s.Folded = p.T("account.password_change_text"), p.T("account.password_change")
	case a.Fresh && a.Verified:
		f := a.at(SetPassword)
		s.Texts = []string{p.T("account.password_set_text")}
		s.Forms = []Form{numbered(SetPassword, f.form([]Field{account(p, a.Email), f.newPassword(p, "new_password", p.T("field.new_password"))}, do(SetPassword, p.T("account.password_set"), Secondary)))}
	default:
		s.Texts = []string{p.T("account.password_set_text")}
	}
	return s
}

func (a Account) identities(p Page) Section {
	s := a.section("identities", p.T("account.identities"), Connect, Disconnect)
	if len(a.Identities) == 0 {
		s.Texts = []string{p.T("account.identities_none")}
	}
	for _, id := range a.Identities {
		item := Item{Title: id.Label}
		if a.Fresh {
			form := a.form(nil, do(Disconnect, p.T("account.identity_remove"), Secondary))
			form.Hidden = append(form.Hidden, Hidden{"provider", id.Name})
			item.Form = &form
		}
		s.Items = append(s.Items, item)
	}
	if !a.Fresh {
		return s
	}
	for _, one := range a.Providers {
		form := a.form(nil, do(Connect, p.T("account.identity_connect", "provider", one.Label), Secondary))
		form.Hidden = append(form.Hidden, Hidden{"provider", one.Name})
		s.Forms = append(s.Forms, form)
	}
	return s
}

func (a Account) sessions(p Page) Section {
	s := a.section("sessions", p.T("account.sessions"), EndSession, EndOthers)
	s.Items = a.Sessions
	if a.Others {
		s.Forms = []Form{a.form(nil, do(EndOthers, p.T("account.sessions_end"), Secondary))}
	}
	return s
}

// EndForm is the form that ends one session.
func (a Account) EndForm(p Page, id string) *Form {
	form := a.form(nil, do(EndSession, p.T("account.session_end"), Secondary))
	form.Hidden = append(form.Hidden, Hidden{"session_id", id})
	return &form
}

func (a Account) leave(p Page) Section {
	s := a.section("leave", p.T("account.leave"), Leave)
	s.Texts = []string{p.T("account.leave_text", "app", p.App)}
	if !a.Fresh {
		s.Texts = append(s.Texts, p.T("account.proof_first"))
		return s
	}
	f := a.at(Leave)
	field := f.email(p, "")
	field.ID, field.Label, field.Autocomplete = "leave-email", p.T("account.leave_check"), "off"
	s.Forms, s.Folded = []Form{numbered(Leave, f.form([]Field{field}, do(Leave, p.T("account.leave_submit"), Danger)))}, p.T("account.leave")
	return s
}

// SignOut is the page that asks before it signs out.
type SignOut struct {
	Forms

	Email   string
	StayURL string
}

// View returns the page.
func (s SignOut) View(p Page) View {
	form := s.form(nil, Button{Label: p.T("sign_out.button"), Kind: Primary})
	return View{
		Page: p, Name: "sign-out", Title: p.T("sign_out.title", "app", p.App), Texts: []string{p.T("sign_out.text", "email", isolate(s.Email))},
		Form: &form, Links: []Link{{Label: p.T("sign_out.stay"), URL: s.StayURL}},
	}
}
