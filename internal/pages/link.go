package pages

// Confirm is the page of a link. It has one button, so that a mail scanner that follows the link
// has no effect.
type Confirm struct {
	Forms

	Title, Button string
	Texts         []string
	Token         string // of the link
	Email         string // masked by the caller
	Asked         string // when, and with which browser; empty: it is this one
	Destination   string // the host to which the button leads; may be empty
	Keep          string // the label of the choice to keep the password; empty: there is no such choice

	// Press lets the script press the button, and take the token out of the address bar.
	Press bool
}

// View returns the page.
func (c Confirm) View(p Page) View {
	form := c.form(nil, Button{Label: c.Button, Kind: Primary})
	form.Hidden = append(form.Hidden, Hidden{"token", c.Token})
	if c.Keep != "" {
		form.Fields = []Field{{ID: "keep", Name: "keep_password", Label: c.Keep, Type: "checkbox", Value: "true"}}
	}
	v := View{Page: p, Name: "confirm", Title: c.Title, Texts: c.Texts, Problem: c.Problems[""], Form: &form, Press: c.Press}
	for _, f := range []Fact{{p.T("confirm.account"), c.Email}, {p.T("confirm.asked"), c.Asked}, {p.T("confirm.goes_on"), c.Destination}} {
		if f.Value != "" {
			v.Facts = append(v.Facts, f)
		}
	}
	if c.Asked != "" {
		v.Texts = append(v.Texts, p.T("confirm.not_you"))
	}
	return v
}

// Notice is a page that says what was done. Links are the ways on.
type Notice struct {
	Offer       bool // it offers a passkey, which the script notes
	Title, Text string
	Form        *Form  // what the person may do next; may be nil
	Codes       *Codes // new recovery codes; may be nil
	Links       []Link
}

// View returns the page.
func (n Notice) View(p Page) View {
	v := View{Page: p, Name: "notice", Title: n.Title, Form: n.Form, Links: n.Links, Codes: n.Codes}
	switch {
	case n.Codes != nil:
		v.Name = "codes"
	case n.Offer:
		v.Name = "offer"
	}
	if n.Text != "" {
		v.Texts = []string{n.Text}
	}
	return v
}

// Refusal is the page that says what did not work.
type Refusal struct {
	Title string // empty: that of every refusal
	Text  string // what did not work, and what to do
	Links []Link
	Form  *Form // the way on; may be nil

	// Code, Detail and RequestID are for the people whom the person asks.
	Code, Detail, RequestID string
}

// View returns the page.
func (r Refusal) View(p Page) View {
	title := r.Title
	if title == "" {
		title = p.T("page.error_title")
	}
	small := []string{r.Code}
	if r.Detail != "" {
		small = []string{r.Code + ": " + r.Detail}
	}
	return View{
		Page: p, Name: "refusal", Title: title, Problem: r.Text, Form: r.Form, Links: r.Links,
		Small: append(small, p.T("page.request", "id", r.RequestID)),
	}
}

// Onward is a page that goes on to a URL by itself. A form cannot be answered by a redirect to
// another origin, since browsers check that against the policy of the form's page.
type Onward struct {
	Host string
	URL  string
}

// View returns the page.
func (o Onward) View(p Page) View {
	return View{
		Page: p, Name: "onward", Title: p.T("onward.title"), Texts: []string{p.T("onward.text", "host", isolate(o.Host))}, GoTo: o.URL,
		Sections: []Section{{Links: []Link{{Label: p.T("onward.button"), URL: o.URL, Kind: Primary}}}},
	}
}

// Continue is a page with a link that the person has to follow, such as one to a program on the
// device.
type Continue struct {
	Title, Text string
	Button      string
	URL         string
}

// View returns the page.
func (c Continue) View(p Page) View {
	return View{
		Page: p, Name: "continue", Title: c.Title, Texts: []string{c.Text},
		Sections: []Section{{Links: []Link{{Label: c.Button, URL: c.URL, Kind: Primary}}}},
	}
}

// ErrorDoc explains one error code, in English, to the people who build with authkit.
type ErrorDoc struct {
	Code    string
	Status  string
	Meaning string
	Causes  []string
	Fix     string
}

// View returns the page.
func (e ErrorDoc) View(p Page) View {
	causes := Section{ID: "causes", Heading: "Causes"}
	causes.Texts = append(causes.Texts, e.Causes...)
	return View{
		Page: p, Name: "error", Title: e.Code, Texts: []string{"HTTP status " + e.Status, e.Meaning},
		Sections: []Section{causes, {ID: "fix", Heading: "Fix", Texts: []string{e.Fix}}},
	}
}
