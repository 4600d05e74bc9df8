package authkit_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"strings"
	"testing"
)

func TestTheBrowserClient(t *testing.T) {
	t.Parallel()
	w := setup(t)
	got := w.send("GET", "/authkit.js", "", "Origin: https://anywhere.example", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors")
	got.want(t, 200, "")
	if got.Body.String() != read(t, "clients/js/authkit.js") {
		t.Error("body: got another text than the file of the npm package")
	}
	for name, want := range map[string]string{
		"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*",
		"Access-Control-Allow-Credentials": "", "Set-Cookie": "",
	} {
		if got.Header().Get(name) != want {
			t.Errorf("%s: got %q, want %q", name, got.Header().Get(name), want)
		}
	}
	tag := got.Header().Get("ETag")
	again := w.send("GET", "/authkit.js", "", "If-None-Match: "+tag)
	if again.Code != 304 || again.Body.Len() != 0 || again.Header().Get("ETag") != tag || again.Header().Get("Cache-Control") != "public, max-age=300" {
		t.Errorf("with the ETag: got %d, %d bytes and %v, want 304 without a body, with ETag and Cache-Control", again.Code, again.Body.Len(), again.Header())
	}
	if other := w.send("GET", "/authkit.js", "", `If-None-Match: "another"`); other.Code != 200 || other.Body.Len() == 0 {
		t.Errorf("with another ETag: got %d, want 200 with the module", other.Code)
	}
	small := w.serve(w.request("GET", "/authkit.js", "", "Accept-Encoding: gzip"))
	if n := small.Body.Len(); small.Header().Get("Content-Encoding") != "gzip" || small.Header().Get("ETag") == tag || n == 0 || n > 8<<10 {
		t.Errorf("for a client that accepts gzip: got %d bytes and %v, want at most %d, compressed, with an ETag of its own", n, small.Header(), 8<<10)
	}
	if head := w.send("HEAD", "/authkit.js", ""); head.Code != 200 || head.Header().Get("ETag") != tag {
		t.Errorf("HEAD: got %d and %v, want 200 with the ETag", head.Code, head.Header())
	}
}

// The module is loaded before a page can sign a person in, so that its size is part of the contract.
func TestTheBrowserClientIsSmall(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.DefaultCompression)
	if err == nil {
		_, err = z.Write([]byte(read(t, "clients/js/authkit.js")))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if packed.Len() > 8<<10 {
		t.Errorf("authkit.js: got %d bytes compressed, want at most %d", packed.Len(), 8<<10)
	}
}

// A clock of a person's device may be wrong by hours; the monotonic clock only counts.
func TestTheBrowserClientReadsNoClock(t *testing.T) {
	t.Parallel()
	for _, clock := range []string{"Date", "timeStamp", "timeOrigin", "document.cookie", "eval", "import "} {
		if strings.Contains(read(t, "clients/js/authkit.js"), clock) {
			t.Errorf("authkit.js: got %q, want no clock, no cookie, and nothing that is loaded", clock)
		}
	}
}

func TestTheNPMPackage(t *testing.T) {
	t.Parallel()
	if read(t, "clients/js/LICENSE") != read(t, "LICENSE") {
		t.Error("clients/js/LICENSE: got another text than LICENSE")
	}
	var p struct {
		Type         string            `json:"type"`
		License      string            `json:"license"`
		Types        string            `json:"types"`
		Files        []string          `json:"files"`
		Dependencies map[string]string `json:"dependencies"`
	}
	if err := json.Unmarshal([]byte(read(t, "clients/js/package.json")), &p); err != nil {
		t.Fatal(err)
	}
	if p.Type != "module" || p.License == "" || p.Types != "./authkit.d.ts" || len(p.Dependencies) != 0 {
		t.Errorf("package.json: got %+v, want an ES module with types, a license and no dependency", p)
	}
	for _, file := range p.Files {
		read(t, "clients/js/"+file)
	}
}
