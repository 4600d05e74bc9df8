package authkit

import (
	"net/http"
	"strconv"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/pages"
)

// wantsPage reports whether a refusal is shown as a page. A route of pages shows it to every
// client but those that accept only JSON.
func (c *call) wantsPage() bool {
	if httpio.Navigates(c.r) {
		return true
	}
	safe := c.r.Method == http.MethodGet || c.r.Method == http.MethodHead
	return c.pageRoute && safe && !httpio.AcceptsJSONOnly(c.r)
}

// writeRefusalPage answers with the page of a refusal. It fails only before anything is written.
func (c *call) writeRefusalPage(refusal *Error) error {
	nonce := newNonce()
	text := refusal.page
	if text == (pageText{}) {
		text = pageTextFor(refusal)
	}
	detail := refusal.Detail
	if refusal.ProviderCode != "" {
		detail += " (" + refusal.ProviderCode + ")"
	}
	data := pages.RefusalData{
		Page: pages.Page{AppName: c.app.Name, Nonce: nonce}, Title: text.title, Text: text.text,
		Code: string(refusal.Code), Detail: detail, RequestID: c.request.id,
	}
	refusal.headers(c.w.Header())
	return c.html(pages.CSP(nonce), func(w http.ResponseWriter) error {
		w.WriteHeader(refusal.Code.Status())
		_ = pages.Refusal(w, data) // the peer may be gone
		return nil
	})
}

// pageTextFor is the text for a person about a code. Codes that only programs cause have the text
// of their status.
func pageTextFor(refusal *Error) pageText {
	const again = "Go back to where you came from and begin again."
	switch refusal.Code {
	case CodeInvalidToken:
		return pageText{"This no longer works", "It was used already, its time is over, or it was begun in another browser. " + again}
	case CodeProviderRefused:
		return pageText{"You are not signed in", "The service that you chose did not confirm who you are, or you said no to it. " + again}
	case CodeProviderError, CodeProviderTimeout:
		return pageText{"You are not signed in", "The service that you chose does not answer as it should. Try again later, or sign in in another way."}
	case CodeProviderNotConfigured:
		return pageText{"This way to sign in is not offered", "Go back to where you came from and choose another one."}
	case CodeLinkRequired:
		return pageText{"Sign in as you did before", "There is an account already that this belongs to. Sign in to it in the way that you did before; there you can add this one."}
	case CodeEmailRequired:
		return pageText{"An address is missing", "The service that you chose gave no address of yours. Allow it to share one, or sign in in another way."}
	case CodeEmailTaken:
		return pageText{"The address has an account", "Another account has this address. Sign in to that one."}
	case CodeLastCredential:
		return pageText{"This is your last way to sign in", "Confirm your address, choose a password or add another way to sign in first."}
	case CodePasswordSet:
		return pageText{"You have a password already", "Change it, or ask for a mail with which you choose a new one."}
	case CodeEmailNotVerified:
		return pageText{"Confirm your address first", "Open the mail that was sent to your address, or ask for a new one where you wanted to sign in."}
	case CodeSignupDisabled:
		return pageText{"No new accounts", "This application takes no new people. Ask those who run it for an account."}
	case CodeUserDisabled:
		return pageText{"The account is disabled", "Ask the people who run the application."}
	case CodeWeakPassword:
		return pageText{"Choose another password", "Go back and choose one that is longer or harder to guess."}
	case CodeReauthenticationRequired:
		return pageText{"Sign in again", "For this, you have to have signed in a short while ago."}
	case CodeUnauthenticated, CodeInvalidCredentials, CodeInvalidAPIKey:
		return pageText{"You are not signed in", "What is here is for those who are signed in."}
	case CodeForbidden:
		return pageText{"This is not allowed", again}
	case CodeRateLimited:
		return pageText{"Too many tries", "Wait for " + waitFor(refusal) + ", then try again."}
	case CodeUnavailable:
		return pageText{"Try again in a moment", "The service is busy or a part of it is out of reach. Nothing was done. Wait for " + waitFor(refusal) + ", then try again."}
	case CodeAppNotFound, CodeNotFound, CodeMethodNotAllowed:
		return pageText{"There is nothing here", "The address is misspelled, or what was here is gone."}
	}
	return statusPageText(refusal.Code.Status())
}

// statusPageText is the text for a person about a status.
func statusPageText(status int) pageText {
	switch {
	case status >= http.StatusInternalServerError:
		return pageText{"Something went wrong", "The fault is not yours. Tell the people who run the application the number of the request, which is below."}
	case status == http.StatusNotFound:
		return pageText{"There is nothing here", "The address is misspelled, or what was here is gone."}
	case status == http.StatusConflict:
		return pageText{"This cannot be done now", "It conflicts with how things are now. Go back to where you came from."}
	}
	return pageText{"This did not work", "The address or the form is not complete. Go back to where you came from and begin again."}
}

// waitFor is how long a person has to wait before the next try.
func waitFor(refusal *Error) string {
	seconds := max(wholeSeconds(refusal.RetryAfter), 1)
	switch {
	case seconds == 1:
		return "a second"
	case seconds < 120:
		return strconv.Itoa(seconds) + " seconds"
	case seconds < 7200:
		return strconv.Itoa((seconds+59)/60) + " minutes"
	}
	return strconv.Itoa((seconds+3599)/3600) + " hours"
}
