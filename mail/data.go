package mail

import "time"

// Data holds what a template may use. Mail to an unproven address holds no text from any
// request. [Data.Limited] says which message may have what.
type Data struct {
	Product    string // the service that sends the mail; may be empty
	App        string // the app's name
	Link, Code string
	Minutes    int // until Link and Code expire
	Email      string
	Provider   string // as people write it, such as GitHub; of a notice about a passkey, its name

	// Change is the change that a notice is about, in words of the Language; of factor_added and
	// factor_removed, it is "totp", "passkey" or, of factor_removed, "all".
	Change string

	Count int // recovery codes that are left

	// Language is the tag (BCP 47) of the language of the mail, such as de or pt-BR. Empty, or a
	// language without texts: English.
	Language string

	// Asked is when the mail was asked for, or when what a notice tells of happened. Zero: the mail
	// does not say.
	Asked time.Time

	// Agent is the browser with which that was, in words of the Language and of a fixed list,
	// such as "Firefox on Linux". It is empty unless the address is proven.
	Agent string

	// URL is the page on which the recipient of a notice finds the account. Empty: there is none.
	URL string

	Brand Brand
}

// Brand is how the app looks. A member that is empty is not shown.
type Brand struct {
	Color, TextColor string // of buttons and of the text on them, as #rrggbb
	Logo             string // the URL of an image
	Home, Support    string // URLs
}

// Names lists all messages.
func Names() []string {
	return []string{
		"magic_link", "email_verify", "email_change", "password_reset", // prove an address, by link or code
		"invitation",       // proves an address, by link alone
		"email_changed",    // to the old address, with a link that undoes the change, or without one
		"account_reset",    // what was set before the address was proven is removed; without a link
		"password_changed", // without a link; with the providers that were removed, if any
		"identity_linked",  // with the provider, and a link that undoes the change, or without one
		"app_changed",      // to the developer of an app, with the change
		"more_notices",     // in place of notices beyond ten an hour
		"sign_up_taken",    // a person signed up with the address of an account
		"factor_code",      // proves the address, by code alone, before a second factor is set up
		"factor_added",     // a passkey or TOTP, with a link that undoes the change, or without one
		"factor_removed",   // a passkey, the TOTP, or all factors
		"recovery_used",    // with the number of recovery codes that are left
		"recovery_renewed", // without the codes
		"passkey_cloned",   // its signature counter did not grow: the sign-in was refused
	}
}

// Limited returns the part of the data that the message of a name may use. All have Product, App,
// Language, Asked and Brand. A mail that proves an address has Link, Code and Minutes too; Agent is
// for those whose recipient may have an account with that address already. Notices have no Code,
// and each has the rest of what it tells of.
func (d Data) Limited(name string) Data {
	out := d.limited(name)
	out.Product, out.App, out.Language, out.Asked, out.Brand = d.Product, d.App, d.Language, d.Asked, d.Brand
	return out
}

func (d Data) limited(name string) Data {
	switch name {
	case "invitation":
		return Data{Link: d.Link, Minutes: d.Minutes}
	case "magic_link", "password_reset":
		return Data{Link: d.Link, Code: d.Code, Minutes: d.Minutes, Agent: d.Agent}
	case "identity_linked":
		return Data{Provider: d.Provider, Email: d.Email, Link: d.Link, Minutes: d.Minutes, Agent: d.Agent, URL: d.URL}
	case "app_changed":
		return Data{Change: d.Change, Agent: d.Agent, URL: d.URL}
	case "account_reset":
		return Data{Email: d.Email, Agent: d.Agent, URL: d.URL}
	case "password_changed":
		return Data{Email: d.Email, Change: d.Change, Agent: d.Agent, URL: d.URL}
	case "factor_code":
		return Data{Code: d.Code, Minutes: d.Minutes, Agent: d.Agent}
	case "factor_added":
		return Data{Provider: d.Provider, Change: d.Change, Email: d.Email, Link: d.Link, Minutes: d.Minutes, Agent: d.Agent, URL: d.URL}
	case "factor_removed":
		return Data{Provider: d.Provider, Change: d.Change, Email: d.Email, Agent: d.Agent, URL: d.URL}
	case "recovery_used":
		return Data{Count: d.Count, Email: d.Email, Agent: d.Agent, URL: d.URL}
	case "recovery_renewed":
		return Data{Email: d.Email, Agent: d.Agent, URL: d.URL}
	case "passkey_cloned":
		return Data{Provider: d.Provider, Email: d.Email, Agent: d.Agent, URL: d.URL}
	case "email_changed":
		return Data{Link: d.Link, Minutes: d.Minutes, Agent: d.Agent}
	case "sign_up_taken":
		return Data{Agent: d.Agent, URL: d.URL}
	case "more_notices":
		return Data{URL: d.URL}
	}
	return Data{Link: d.Link, Code: d.Code, Minutes: d.Minutes}
}
