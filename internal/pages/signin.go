package pages

import (
	"slices"
	"strings"
)

// Provider is a provider by which people sign in.
type Provider struct {
	Name  string // as in the URL; it also chooses the mark
	Label string // as people write it
	URL   string // where the sign-in by it begins; on the account page, empty
}

// Problems are what is wrong with a form that was posted: texts by the name of the field. The text
// of "" is about the form as a whole.
type Problems map[string]string

// forms makes the parts of forms that carry a token of their own.
type forms struct {
	Action    string // the URL that the forms of the page post to
	Token     string // against forged posts (CSRF)
	Problems  Problems
	MinLength int // of a new password

	// Offer makes the forms carry a field, and the links to providers a parameter, by which the script says
	// that a passkey may be offered once they have signed in.
	Offer bool
}

// Forms says where the forms of a page post to, and what was wrong with the last post.
type Forms = forms

// form returns a form with its hidden fields. Of fields with a problem, the first has the focus.
func (f forms) form(fields []Field, buttons ...Button) Form {
	if wrong := slices.IndexFunc(fields, func(f Field) bool { return f.Problem != "" }); wrong >= 0 {
		for i := range fields {
			fields[i].Focus = i == wrong
		}
	}
	form := Form{Action: f.Action, Hidden: []Hidden{{"form_token", f.Token}}, Fields: fields, Buttons: buttons}
	if f.Offer {
		form.Hidden = append(form.Hidden, Hidden{"offer", ""})
	}
	return form
}

// do is a button that names the step of the flow.
func do(step, label, kind string) Button {
	return Button{Name: "do", Value: step, Label: label, Kind: kind}
}

// unchecked is a button for which the browser checks no field first.
func unchecked(step, label, kind string) Button {
	b := do(step, label, kind)
	b.Unchecked = true
	return b
}

func (f forms) email(p Page, value string) Field {
	return Field{
		ID: "email", Name: "email", Label: p.T("field.email"), Type: "email", Value: value, Autocomplete: "username", InputMode: "email",
		Required: true, MaxLength: 254, Focus: value == "", Problem: f.Problems["email"],
	}
}

// password is the password that the account has.
func (f forms) password(p Page, name, label string) Field {
	return Field{
		ID: name, Name: name, Label: label, Type: "password", Autocomplete: "current-password", Required: true,
		Problem: f.Problems[name], Shown: p.T("field.show"), Hide: p.T("field.hide"),
	}
}

// newPassword is a password that the account is to have.
func (f forms) newPassword(p Page, name, label string) Field {
	field := f.password(p, name, label)
	field.Autocomplete, field.MinLength = "new-password", f.MinLength
	field.Hint = p.T("field.password_hint", "n", f.MinLength)
	field.Judged = &Judged{
		Short: p.T("problem.too_short", "n", f.MinLength), Personal: p.T("problem.personal"), Common: p.T("problem.common"),
		Fine: p.T("field.password_fine"), Words: p.App,
	}
	return field
}

func (f forms) name(p Page, value string) Field {
	return Field{
		ID: "name", Name: "name", Label: p.T("field.name"), Type: "text", Value: value, Autocomplete: "name", MaxLength: 200,
		Hint: p.T("field.name_hint"), Problem: f.Problems["name"],
	}
}

// code is the code of a mail. It is one input, so that pasting works.
func (f forms) code(p Page) Field {
	return Field{
		ID: "code", Name: "code", Label: p.T("field.code"), Type: "text", Autocomplete: "one-time-code", InputMode: "numeric",
		Required: true, MaxLength: 16, Focus: true, Problem: f.Problems["code"],
	}
}

// account is the address of an account, for password managers: the person does not change it.
func account(p Page, email string) Field {
	return Field{ID: "account", Name: "email", Label: p.T("field.email"), Type: "email", Value: email, Autocomplete: "username", ReadOnly: true}
}

// SignIn is the page with the ways to sign in to an app.
type SignIn struct {
	Forms

	Email     string // as it was typed
	Providers []Provider
	SignUpURL string    // empty: new accounts are not taken
	Passkey   *Ceremony // nil: the app has no passkeys
}

// View returns the page.
func (s SignIn) View(p Page) View {
	fields := []Field{s.email(p, s.Email), s.password(p, "password", p.T("field.password"))}
	fields[1].Focus = s.Email != ""
	form := s.form(fields,
		do("password", p.T("sign_in.submit"), Primary), unchecked("link", p.T("sign_in.mail_me"), Secondary), unchecked("forgot", p.T("sign_in.forgot"), Plain))
	v := View{Page: p, Name: "sign-in", Title: p.T("sign_in.title", "app", p.App), Problem: s.Problems[""], Form: &form}
	v.Sections = providers(p, s.Providers, s.Offer)
	if s.Passkey != nil {
		form.Fields[0].Autocomplete = "username webauthn"
		v.Sections = append([]Section{{ID: "passkey", Forms: []Form{s.ceremony(p, "passkey", *s.Passkey, Button{Label: p.T("sign_in.passkey"), Kind: Secondary})}}}, v.Sections...)
	}
	if s.SignUpURL != "" {
		v.Links = []Link{{Label: p.T("sign_in.sign_up"), URL: s.SignUpURL}}
	}
	return v
}

// providers is the section with a button for each provider. They are links: browsers check every
// redirect after a form against the policy of the page. offer is that of the forms.
func providers(p Page, all []Provider, offer bool) []Section {
	if len(all) == 0 {
		return nil
	}
	s := Section{ID: "providers", Or: p.T("page.or")}
	for _, one := range all {
		s.Links = append(s.Links, Link{Label: p.T("sign_in.continue_with", "provider", one.Label), URL: one.URL, Kind: Secondary, Mark: one.Name, Offer: offer})
	}
	return []Section{s}
}

// Known is the page for a browser that is signed in already. It never goes on by itself.
type Known struct {
	Email    string
	GoOnURL  string
	OtherURL string
}

// View returns the page.
func (k Known) View(p Page) View {
	return View{
		Page: p, Name: "known", Title: p.T("sign_in.known_title"), Facts: []Fact{{p.T("sign_in.known"), k.Email}},
		Sections: []Section{{Links: []Link{
			{Label: p.T("sign_in.go_on"), URL: k.GoOnURL, Kind: Primary}, {Label: p.T("sign_in.other"), URL: k.OtherURL, Kind: Secondary},
		}}},
	}
}

// SignUp is the page for new people.
type SignUp struct {
	Forms

	Email, Name string // as they were typed
	Providers   []Provider
	SignInURL   string
}

// View returns the page.
func (s SignUp) View(p Page) View {
	form := s.form([]Field{s.email(p, s.Email), s.name(p, s.Name), s.newPassword(p, "password", p.T("field.password"))},
		do("password", p.T("sign_up.submit"), Primary), unchecked("link", p.T("sign_in.mail_me"), Secondary))
	if p.Brand.Terms != "" {
		form.Note = p.T("sign_up.agree")
	}
	return View{
		Page: p, Name: "sign-up", Title: p.T("sign_up.title", "app", p.App), Problem: s.Problems[""], Form: &form,
		Sections: providers(p, s.Providers, s.Offer), Links: []Link{{Label: p.T("sign_up.sign_in"), URL: s.SignInURL}},
	}
}

// Code is the page on which the code of a mail is typed.
type Code struct {
	Forms

	Email    string
	SignUp   bool   // the code finishes a sign-up
	Again    bool   // another mail was just asked for
	OtherURL string // where another address is typed
}

// View returns the page.
func (c Code) View(p Page) View {
	title, text := p.T("code.title"), p.T("code.text", "email", isolate(c.Email))
	if c.SignUp {
		title, text = p.T("sign_up.code_title"), p.T("sign_up.code_text", "email", isolate(c.Email))
	}
	form := c.form([]Field{c.code(p)}, do("code", p.T("code.submit"), Primary), unchecked("again", p.T("code.again"), Plain))
	v := View{Page: p, Name: "code", Title: title, Texts: []string{text}, Problem: c.Problems[""], Form: &form, Links: []Link{{Label: p.T("code.other"), URL: c.OtherURL}}, Small: []string{p.T("code.spam")}}
	if c.Again {
		v.Done = p.T("code.again_done")
	}
	return v
}

// Reset is the page on which a new password is chosen.
type Reset struct {
	Forms

	Email    string // whose; masked unless the person typed it
	Typed    bool   // the person types the code of the mail; false: the token of its link is hidden in the form
	Token    string // of the link
	Username string // the whole address, which the password manager of one who holds the link keeps
	Warning  string // what else the new password takes away; may be empty
	Invited  bool   // the page is that of an invitation
	Again    bool
	OtherURL string

	Passkey *Ceremony // of an invitation: a passkey may be made in the place of the password; nil: it may not
}

// View returns the page.
func (r Reset) View(p Page) View {
	v := View{Page: p, Name: "reset", Title: p.T("reset.title", "app", p.App), Problem: r.Problems[""]}
	fields := []Field{r.newPassword(p, "password", p.T("field.new_password"))}
	buttons := []Button{do("reset", p.T("reset.submit"), Primary)}
	if r.Typed {
		v.Texts = append(v.Texts, p.T("reset.code_text", "email", isolate(r.Email)))
		v.Links, v.Small = []Link{{Label: p.T("code.other"), URL: r.OtherURL}}, []string{p.T("code.spam")}
		fields = append([]Field{r.code(p), account(p, r.Email)}, fields...)
		buttons = append(buttons, unchecked("again", p.T("code.again"), Plain))
		if r.Again {
			v.Done = p.T("code.again_done")
		}
	} else {
		v.Facts = []Fact{{p.T("confirm.account"), r.Email}}
		fields[0].Focus = true
	}
	if r.Invited {
		v.Name, v.Title, v.Texts = "invitation", p.T("invitation.title", "app", p.App), []string{p.T("invitation.text")}
		buttons[0].Label = p.T("invitation.submit")
	} else {
		v.Texts = append(v.Texts, p.T("reset.text"))
	}
	if r.Warning != "" {
		v.Texts = append(v.Texts, r.Warning)
	}
	form := r.form(fields, buttons...)
	if !r.Typed {
		form.Hidden, form.Username = append(form.Hidden, Hidden{"token", r.Token}), r.Username
	}
	v.Form = &form
	if r.Passkey != nil {
		made := r.ceremony(p, "passkey", *r.Passkey, Button{Label: p.T("invitation.passkey"), Kind: Secondary})
		made.Hidden = append(made.Hidden, Hidden{"token", r.Token})
		v.Sections = []Section{{ID: "passkey", Forms: []Form{made}}}
	}
	return v
}

// isolate keeps the direction of a text that stands in another from changing that one's (Unicode
// Standard Annex 9, section 2.4).
func isolate(s string) string { return "\u2068" + strings.Trim(s, "\u2068\u2069") + "\u2069" }

// NewPassword is the form by which a person who has just lost the password of an account asks for
// another one: the sign-in page mails its code.
func NewPassword(p Page, f Forms, email string) Form {
	form := f.form(nil, do("forgot", p.T("account.password_set"), Primary))
	form.Hidden = append(form.Hidden, Hidden{"email", email})
	return form
}

// Again is the form that mails a new link in the place of one that is no longer valid. step is that
// of the sign-in page.
func Again(p Page, f Forms, step string) Form {
	field := f.email(p, "")
	field.Focus = false
	form := f.form([]Field{field}, do(step, p.T("confirm.mail_new"), Primary))
	form.Note = ""
	return form
}
