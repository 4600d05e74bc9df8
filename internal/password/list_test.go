package password

import (
	"bytes"
	"compress/gzip"
	commandline "flag"
	"os"
	"testing"
)

var writeList = commandline.Bool("write-list", false, "write common.txt.gz anew, which go generate does")

// This test is the generator too.
func TestTheListIsCurrent(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("common.txt")
	if err != nil {
		t.Fatal(err)
	}
	if *writeList {
		writeZipped(t, list)
		return
	}
	if common() != string(list) {
		t.Error("common.txt.gz is not common.txt, compressed: run go generate ./internal/password")
	}
}

func writeZipped(t *testing.T, list []byte) {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(list); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("common.txt.gz", out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
