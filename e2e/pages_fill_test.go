package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/authkit-dev/authkit/mail"
)

// knows fills in the fields of the page's form with a button by their autocomplete tokens alone, with
// "token=value" for each, as a password manager does, and presses the button. A field that the page
// filled in has to have the value already.
const knows = `((button, values) => {
	const form = document.querySelector('form button[value="' + button + '"]').form;
	for (const [token, value] of Object.entries(values)) {
		const fields = [...form.elements].filter((one) => one.autocomplete === token);
		if (fields.length !== 1) return token + ': ' + fields.length + ' fields';
		if (fields[0].readOnly && fields[0].value !== value) return token + ': ' + fields[0].value;
		fields[0].value = value;
	}
	form.requestSubmit(form.querySelector('button[value="' + button + '"]'));
	return '';
})(%q, %s)`

// manages has a password manager fill in a form, which leads to a page.
func (v *guest) manages(button, page string, values map[string]string) {
	v.t.Helper()
	v.loads(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		problem, err := chromedp.Evaluate[string](fmt.Sprintf(knows, button, mustJSON(v.t, values)))(ctx, t)
		if problem != "" {
			err = fmt.Errorf("form of %s: got %s, want a field for each token", button, problem)
		}
		return chromedp.Void{}, err
	})
	v.wantPage(page)
}

// TestPasswordManagersOnThePages fills in each form by the tokens that password managers know.
func TestPasswordManagersOnThePages(t *testing.T) {
	t.Parallel()
	v := visit(t, launch(t))
	v.opens("sign-up")
	v.manages("password", "account", map[string]string{"username": ann, "name": "Ann", "new-password": password})
	v.manages("change-password", "account", map[string]string{"username": ann, "current-password": password, "new-password": another})
	v.kit.Clock.Advance(11 * time.Minute)
	v.opens("account")
	v.manages("fresh-password", "account", map[string]string{"username": ann, "current-password": another})
	v.loses()
	v.opens("sign-in")
	v.manages("password", "account", map[string]string{"username": ann, "current-password": another})
	v.loses()
	v.opens("sign-in")
	v.fills("forgot", "email="+ann)
	v.manages("reset", "notice", map[string]string{"username": ann, "one-time-code": mail.Code(v.mailed(ann)), "new-password": password})
	v.loses()
	v.opens("sign-in")
	v.fills("link", "email="+ann)
	v.manages("code", "account", map[string]string{"one-time-code": mail.Code(v.mailed(ann))})
	v.loses()
	v.goesTo(v.linkOf("/auth/password/forgot", ann))
	v.manages("reset", "notice", map[string]string{"new-password": another})
	v.send("POST", v.at("/auth/credentials"), mustJSON(t, map[string]string{"email": ann, "password": another})).want(t, http.StatusOK, "")
}
