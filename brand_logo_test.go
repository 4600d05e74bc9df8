package authkit_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func TestALogoIsServedUnderItsHash(t *testing.T) {
	t.Parallel()
	w := setup(t)
	app := w.in("/apps/{app_id}")
	if got, has := w.send("GET", app, "", bearer(w.token)).body["logo_url"]; has {
		t.Errorf("without a logo: got logo_url %v, want none", got)
	}
	w.send("PUT", app+"/logo", string(picture(t, 1)), bearer(w.token), pngType).want(t, 204, "")
	address := w.send("GET", app, "", bearer(w.token)).text(t, "logo_url")
	path, below := strings.CutPrefix(address, base)
	if !below || !strings.HasPrefix(path, "/branding/") {
		t.Fatalf("logo_url: got %q, want it below %s/branding/", address, base)
	}
	got := w.send("GET", path, "")
	got.want(t, 200, "")
	for name, want := range map[string]string{
		"Content-Type": "image/png", "Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "ETag": `"` + strings.TrimPrefix(path, "/branding/") + `"`,
		"Access-Control-Allow-Origin": "", "Set-Cookie": "",
	} {
		if got := got.Header().Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if img, err := png.Decode(got.Body); err != nil || img.Bounds().Dx() != 24 || img.Bounds().Dy() != 16 {
		t.Errorf("got %v, %v, want the picture", img, err)
	}
	w.send("GET", path, "", "If-None-Match: "+got.Header().Get("ETag")).want(t, 304, "")
	if head := w.send("HEAD", path, ""); head.Code != 200 || head.Header().Get("Content-Length") != got.Header().Get("Content-Length") {
		t.Errorf("HEAD: got %d and the length %s, want 200 and that of GET", head.Code, head.Header().Get("Content-Length"))
	}

	w.send("PUT", app+"/logo", string(picture(t, 2)), bearer(w.token), pngType).want(t, 204, "")
	w.send("GET", path, "").want(t, 404, "not_found")
	w.send("GET", path, "", "If-None-Match: *").want(t, 404, "not_found")
	path = strings.TrimPrefix(w.send("GET", app, "", bearer(w.token)).text(t, "logo_url"), base)
	w.send("GET", path, "").want(t, 200, "")
	for range 2 {
		w.send("DELETE", app+"/logo", "", bearer(w.token)).want(t, 204, "")
		w.send("GET", path, "").want(t, 404, "not_found")
	}
	if got, has := w.send("GET", app, "", bearer(w.token)).body["logo_url"]; has {
		t.Errorf("after its removal: got logo_url %v, want none", got)
	}

	path = w.logo(3)
	w.send("GET", path, "").want(t, 200, "")
	w.send("DELETE", app, "", bearer(w.token)).want(t, 204, "")
	w.send("GET", path, "").want(t, 404, "not_found")
}

func TestAnAddressOfALogoIsExact(t *testing.T) {
	t.Parallel()
	w := setup(t)
	hash := strings.TrimPrefix(w.logo(1), "/branding/")
	raw, err := base64.RawURLEncoding.DecodeString(hash)
	if err != nil {
		t.Fatal(err)
	}
	stranger := uuid.New()
	foreign, other := bytes.Clone(raw), bytes.Clone(raw)
	copy(foreign, stranger[:])
	other[len(other)-1] ^= 1
	console := append(bytes.Clone(authkit.Console[:]), raw[16:]...)
	for name, hash := range map[string]string{
		"another app": base64.RawURLEncoding.EncodeToString(foreign), "the console app": base64.RawURLEncoding.EncodeToString(console),
		"another picture": base64.RawURLEncoding.EncodeToString(other), "the app alone": base64.RawURLEncoding.EncodeToString(raw[:16]), "the picture alone": base64.RawURLEncoding.EncodeToString(raw[16:]),
		"padding": hash + "=", "more": hash + "AAAA", "less": hash[:60], "a line break": hash[:10] + "%0A" + hash[10:], "a NUL": hash + "%00",
		"an ending": hash + ".png", "another case": strings.ToUpper(hash), "the app's id": w.app.ID.String(), "dots": "..%2f..%2fapps", "x": "x",
	} {
		if got := w.send("GET", "/branding/"+hash, ""); got.Code != 404 {
			t.Errorf("%s: got %d, want 404", name, got.Code)
		}
	}
	for _, path := range []string{"/branding", "/branding/", "/branding/" + hash + "/", "/branding/" + hash + "/x"} {
		w.send("GET", path, "").want(t, 404, "not_found")
	}
	w.send("GET", "/branding/"+hash, "").want(t, 200, "")
}

func TestWhatIsNoLogoIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	good, path := string(picture(t, 1)), w.in("/apps/{app_id}/logo")
	const svg = `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`
	for name, c := range map[string]struct {
		body, kind string
		status     int
		code       string
	}{
		"SVG":                         {svg, "image/svg+xml", 415, "unsupported_media_type"},
		"SVG as a PNG":                {svg, "image/png", 400, "invalid_request"},
		"SVG as a WebP":               {svg, "image/webp", 400, "invalid_request"},
		"a page as a JPEG":            {"<!doctype html><script>alert(1)</script>", "image/jpeg", 400, "invalid_request"},
		"a page":                      {"<!doctype html>", "text/html", 415, "unsupported_media_type"},
		"a GIF":                       {"GIF89a", "image/gif", 415, "unsupported_media_type"},
		"JSON":                        {`{"logo":"x"}`, "application/json", 415, "unsupported_media_type"},
		"an icon":                     {good, "image/x-icon", 415, "unsupported_media_type"},
		"a PNG without a type":        {good, "", 415, "unsupported_media_type"},
		"a PNG of any type":           {good, "image/*", 415, "unsupported_media_type"},
		"a PNG of two types":          {good, "image/png, image/jpeg", 415, "unsupported_media_type"},
		"a PNG as a JPEG":             {good, "image/jpeg", 400, "invalid_request"},
		"a form":                      {good, "multipart/form-data; boundary=x", 415, "unsupported_media_type"},
		"nothing":                     {"", "image/png", 400, "invalid_request"},
		"a PNG that ends early":       {good[:40], "image/png", 400, "invalid_request"},
		"a bomb":                      {good[:16] + "\x7f\xff\xff\xff\x7f\xff\xff\xff" + good[24:], "image/png", 400, "invalid_request"},
		"64 KiB and one byte":         {good + strings.Repeat("x", 64<<10+1-len(good)), "image/png", 413, "body_too_large"},
		"64 KiB and one byte of text": {strings.Repeat("x", 64<<10+1), "text/plain", 415, "unsupported_media_type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := w.request("PUT", path, c.body, bearer(w.token), "Content-Type: "+c.kind)
			if c.kind == "" {
				r.Header.Del("Content-Type")
			}
			w.do(r).want(t, c.status, c.code)
		})
	}
	t.Run("a PNG that is compressed", func(t *testing.T) {
		t.Parallel()
		w.send("PUT", path, good, bearer(w.token), pngType, "Content-Encoding: gzip").want(t, 415, "unsupported_media_type")
	})
	t.Run("64 KiB are taken", func(t *testing.T) {
		t.Parallel()
		w.send("PUT", path, good+strings.Repeat("x", 64<<10-len(good)), bearer(w.token), pngType).want(t, 204, "")
	})
}

func TestOnlyTheOwnerChangesALogo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	address, body := w.logo(1), string(picture(t, 2))
	w.developer("eve@example.com")
	eve := bearer(w.signIn("console", "eve@example.com"))
	host, err := w.engine.EnsureApp(t.Context(), "me", "Host's own")
	if err != nil {
		t.Fatal(err)
	}
	user := bearer(w.signUp("ann@example.com").field("token"))
	for name, c := range map[string]struct {
		path       string
		credential string
		status     int
		code       string
	}{
		"another developer":           {w.in("/apps/{app_id}/logo"), eve, 404, "app_not_found"},
		"an app of the host's own":    {"/apps/" + host.ID.String() + "/logo", bearer(w.token), 404, "app_not_found"},
		"the console app":             {"/apps/" + authkit.Console.String() + "/logo", bearer(w.token), 404, "app_not_found"},
		"the console app by its name": {"/apps/console/logo", bearer(w.token), 404, "app_not_found"},
		"an unknown app":              {"/apps/" + uuid.NewString() + "/logo", bearer(w.token), 404, "app_not_found"},
		"a user of the app":           {w.in("/apps/{app_id}/logo"), user, 401, ""},
		"the app's API key":           {w.in("/apps/{app_id}/logo"), bearer(w.key), 401, ""},
		"a stranger":                  {w.in("/apps/{app_id}/logo"), "X-Nothing: x", 401, "unauthenticated"},
	} {
		for _, method := range []string{"PUT", "DELETE"} {
			sent := body
			if method == "DELETE" {
				sent = ""
			}
			got := w.send(method, c.path, sent, c.credential, pngType)
			if got.Code != c.status || c.code != "" && got.body["code"] != c.code {
				t.Errorf("%s by %s: got %d %s, want %d %s", method, name, got.Code, got.Body, c.status, c.code)
			}
		}
	}
	w.send("PUT", w.in("/apps/{app_id}/logo"), body, bearer(w.token), pngType, "Origin: https://evil.example").want(t, 403, "forbidden")
	w.send("GET", address, "").want(t, 200, "")
	for _, ref := range []authkit.AppRef{{Developer: "eve", ID: w.app.ID}, {Developer: w.devID, ID: authkit.Console}, {Developer: w.devID, ID: host.ID}, {Developer: w.devID, ID: uuid.New()}} {
		if err := errors.Join(w.engine.SetLogo(t.Context(), ref, "image/png", picture(t, 2)), w.engine.DropLogo(t.Context(), ref)); !errors.Is(err, authkit.CodeAppNotFound) {
			t.Errorf("by Go, of %v: got %v, want app_not_found", ref, err)
		}
	}
}

// The same picture in two apps has two addresses, and either goes on its own.
func TestTwoAppsShareNoLogo(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		t := s.t
		one := s.logo(1)
		other := *s.world
		var err error
		if other.app, _, err = s.engine.CreateApp(t.Context(), s.devID, "Other"); err != nil {
			t.Fatal(err)
		}
		two := other.logo(1)
		if one == two {
			t.Errorf("got one address for both, %s", one)
		}
		if a, b := s.send("GET", one, ""), s.send("GET", two, ""); !bytes.Equal(a.Body.Bytes(), b.Body.Bytes()) || a.Code != 200 {
			t.Errorf("got %d and %d, want the same picture", a.Code, b.Code)
		}
		if err := s.engine.DropLogo(t.Context(), s.ref()); err != nil {
			t.Fatal(err)
		}
		s.send("GET", one, "").want(t, 404, "not_found")
		s.send("GET", two, "").want(t, 200, "")
	})
}

func TestALogoIsAuditedAndTold(t *testing.T) {
	t.Parallel()
	w := newStage(t)
	changes := func() (n int) {
		events, err := w.inner.Events(t.Context(), w.app.ID, authkit.EventQuery{Page: authkit.Page{Limit: 100}, Type: authkit.EventAppChange})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Reason == "logo" && e.Actor == "console:"+w.devID {
				n++
			}
		}
		return n
	}
	path, body := w.in("/apps/{app_id}/logo"), string(picture(t, 1))
	for i, step := range []struct{ method, body, want string }{
		{"PUT", body, "Its logo was changed"}, {"PUT", body, ""}, {"DELETE", "", "Its logo was removed"}, {"DELETE", "", ""},
	} {
		mails, was := len(w.outbox.Messages()), changes()
		w.send(step.method, path, step.body, bearer(w.token), pngType).want(t, http.StatusNoContent, "")
		w.runOnce()
		if step.want == "" {
			if len(w.outbox.Messages()) != mails || changes() != was {
				t.Errorf("step %d changes nothing: got a mail or an event", i)
			}
			continue
		}
		if m, _ := w.outbox.Last("dev@example.com"); !strings.Contains(m.Text, step.want) || changes() != was+1 {
			t.Errorf("step %d: got %q and %d events more, want %q and one", i, m.Text, changes()-was, step.want)
		}
	}
}

func TestNoBrandingShowsNoLogo(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) { c.NoBranding = true })
	address := w.logo(1)
	w.send("GET", address, "").want(t, 404, "not_found")
	if got, has := w.send("GET", w.in("/apps/{app_id}"), "", bearer(w.token)).body["logo_url"]; has {
		t.Errorf("logo_url: got %v, want none", got)
	}
}
