package e2e_test

import (
	"net/url"
	"testing"

	"github.com/authkit-dev/authkit"
)

// proofOf waits for the next mail, checks its address, and returns the link and the code in it.
func (o *postOffice) proofOf(t *testing.T, to string) (token, code string) {
	t.Helper()
	posted := o.next(t)
	if posted.to != to {
		t.Fatalf("mail: got one to %s, want one to %s", posted.to, to)
	}
	link, code := proofs(t, posted.read(t).parts["text/plain"])
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("token"), code
}

// TestAccountsByMail goes through the life of an account whose mails pass a real server.
func TestAccountsByMail(t *testing.T) {
	t.Parallel()
	const ann, moved, second, third = "ann@example.com", "ann@new.example", "a second long passphrase", "a third long passphrase"
	onEachStore(t, func(t *testing.T, with func(*authkit.Config)) {
		w, o := withPostOffice(t, with)
		o.open(t)
		w.running(t)
		post := func(path, body string, status int, headers ...string) answer {
			t.Helper()
			return w.send("POST", w.at(path), body, headers...).want(t, status, "")
		}
		in := post("/auth/credentials", mustJSON(t, map[string]string{"email": ann, "password": password}), 201)
		o.proofOf(t, ann) // the sign-up's own
		asked := post("/auth/email/send", `{}`, 202, bearer(in.text("token")))
		_, code := o.proofOf(t, ann)
		post("/auth/email/verify", mustJSON(t, map[string]string{"email": ann, "code": code, "binding": asked.text("binding")}), 200)

		post("/auth/password/forgot", mustJSON(t, map[string]string{"email": ann}), 202)
		token, _ := o.proofOf(t, ann)
		in = post("/auth/password/reset", mustJSON(t, map[string]string{"token": token, "password": second}), 200)
		if notice := o.next(t).read(t); len(hrefs(t, notice.parts["text/html"])) != 0 {
			t.Errorf("notice: got %s, want no link", notice.parts["text/html"])
		}
		post("/auth/password/change", mustJSON(t, map[string]string{"current_password": second, "new_password": third}), 204, bearer(in.text("token")))
		o.next(t)

		post("/auth/email/change", mustJSON(t, map[string]string{"new_email": moved}), 202, bearer(in.text("token")))
		token, _ = o.proofOf(t, moved)
		post("/auth/email/confirm", mustJSON(t, map[string]string{"token": token}), 200, bearer(in.text("token")))
		back := hrefs(t, o.next(t).read(t).parts["text/html"])
		if len(back) != 1 {
			t.Fatalf("notice to the old address: got links %q, want one", back)
		}
		u, err := url.Parse(back[0])
		if err != nil {
			t.Fatal(err)
		}
		post("/auth/email/undo", mustJSON(t, map[string]string{"token": u.Query().Get("token")}), 204)
		token, _ = o.proofOf(t, ann)
		post("/auth/password/reset", mustJSON(t, map[string]string{"token": token, "password": password}), 200)
		o.next(t)
		post("/auth/credentials", mustJSON(t, map[string]string{"email": ann, "password": password, "intent": "sign_in"}), 200)
		w.send("POST", w.at("/auth/credentials"), mustJSON(t, map[string]string{"email": moved, "password": third, "intent": "sign_in"})).want(t, 401, "invalid_credentials")
		o.wantEmpty(t)
	})
}
