package authkit_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"testing"

	"github.com/authkit-dev/authkit"
)

// picture is a PNG of one colour.
func picture(t testing.TB, shade uint8) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewPaletted(image.Rect(0, 0, 24, 16), color.Palette{color.NRGBA{shade, 127, 55, 255}})); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const pngType = "Content-Type: image/png"

// ref names the world's app for its developer.
func (w *world) ref() authkit.AppRef { return authkit.AppRef{Developer: w.devID, ID: w.app.ID} }

// logo gives the app a picture and returns the path of its logo.
func (w *world) logo(shade uint8) string {
	w.t.Helper()
	if err := w.engine.SetLogo(w.t.Context(), w.ref(), "image/png", picture(w.t, shade)); err != nil {
		w.t.Fatal(err)
	}
	app, err := w.engine.OwnApp(w.t.Context(), w.ref())
	if err != nil {
		w.t.Fatal(err)
	}
	return "/branding/" + app.Logo
}

func brandFlows() []flow {
	const one = "/apps/{app_id}/logo"
	return []flow{
		{name: "give an app a logo", route: "PUT " + one, status: 204, ready: func(s *stage) func() *http.Request {
			s.n++
			return s.again("PUT", one, string(picture(s.t, uint8(s.n))), bearer(s.token), pngType)
		}},
		{name: "give an app a page as a logo", route: "PUT " + one, status: 400, code: "invalid_request", ready: func(s *stage) func() *http.Request {
			return s.again("PUT", one, "<!doctype html>", bearer(s.token), pngType)
		}},
		{name: "remove a logo", route: "DELETE " + one, status: 204, ready: func(s *stage) func() *http.Request {
			s.logo(1)
			return s.again("DELETE", one, "", bearer(s.token))
		}},
		{name: "show a logo", route: "GET /branding/{hash}", status: 200, ready: func(s *stage) func() *http.Request {
			return s.again("GET", s.logo(1), "")
		}},
		{name: "show a logo that was replaced", route: "GET /branding/{hash}", status: 404, code: "not_found", ready: func(s *stage) func() *http.Request {
			was := s.logo(1)
			s.logo(2)
			return s.again("GET", was, "")
		}},
	}
}
