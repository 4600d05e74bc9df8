package authkit

import (
	"bytes"
	commandline "flag"
	"os"
	"testing"
)

var writeBrowserClient = commandline.Bool("write-browser-client", false, "compress clients/js/authkit.js anew, which go generate does")

// This test is the generator too.
func TestTheBrowserClientIsCurrent(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("clients/js/authkit.js")
	if err != nil {
		t.Fatal(err)
	}
	if *writeBrowserClient {
		if err := os.WriteFile("clients/js/authkit.js.gz", zipped(t, text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(unzipped(t, clientGz), text) {
		t.Error("clients/js/authkit.js.gz is not authkit.js, compressed: run go generate .")
	}
}
