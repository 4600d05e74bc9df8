package authkit_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
)

// zipped returns the API document as a client gets it that takes gzip.
func (w *world) zipped() *httptest.ResponseRecorder {
	return w.serve(w.request("GET", "/openapi.json", "", "Accept-Encoding: br, gzip"))
}

// keptDocument returns the API document as the repository has it, without white space.
func keptDocument(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Compact(&out, b); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTheAPIDocumentIsServed(t *testing.T) {
	t.Parallel()
	w, want := setup(t), keptDocument(t)
	plain := w.send("GET", "/openapi.json", "")
	plain.want(t, 200, "")
	if plain.Body.String() != want {
		t.Errorf("got %d bytes, want openapi.json", plain.Body.Len())
	}
	zipped := w.zipped()
	for name, c := range map[string]struct{ got, want string }{
		"Content-Type":                {plain.Header().Get("Content-Type"), "application/json"},
		"Cache-Control":               {plain.Header().Get("Cache-Control"), "public, max-age=300"},
		"Access-Control-Allow-Origin": {plain.Header().Get("Access-Control-Allow-Origin"), "*"},
		"Vary":                        {plain.Header().Get("Vary"), "Accept-Encoding"},
		"Content-Encoding":            {plain.Header().Get("Content-Encoding"), ""},
		"that of the zipped":          {zipped.Header().Get("Content-Encoding"), "gzip"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", name, c.got, c.want)
		}
	}
	r, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != want {
		t.Errorf("zipped: got %d bytes, %v, want openapi.json", len(got), err)
	}
	if head := w.send("HEAD", "/openapi.json", ""); head.Code != 200 || head.Header().Get("ETag") != plain.Header().Get("ETag") {
		t.Errorf("HEAD: got %d and the ETag %q, want those of GET", head.Code, head.Header().Get("ETag"))
	}
}

func TestTheAPIDocumentHasAnETag(t *testing.T) {
	t.Parallel()
	w := setup(t)
	plain, zipped := w.send("GET", "/openapi.json", "").Header().Get("ETag"), w.zipped().Header().Get("ETag")
	if plain == "" || plain == zipped {
		t.Fatalf("ETags: got %q and %q, want two", plain, zipped)
	}
	for name, c := range map[string]struct {
		headers []string
		status  int
	}{
		"the same":                       {[]string{"If-None-Match: " + plain}, http.StatusNotModified},
		"one of several":                 {[]string{`If-None-Match: "x", W/` + plain}, http.StatusNotModified},
		"another":                        {[]string{`If-None-Match: "x"`}, http.StatusOK},
		"that of the zipped":             {[]string{"If-None-Match: " + zipped}, http.StatusOK},
		"that of the zipped, for zipped": {[]string{"If-None-Match: " + zipped, "Accept-Encoding: gzip"}, http.StatusNotModified},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := w.serve(w.request("GET", "/openapi.json", "", c.headers...))
			if got.Code != c.status || (got.Code == http.StatusNotModified) != (got.Body.Len() == 0) {
				t.Errorf("got %d with %d bytes, want %d", got.Code, got.Body.Len(), c.status)
			}
		})
	}
}
