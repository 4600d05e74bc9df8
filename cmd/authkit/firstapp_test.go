package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestTheFirstAppOfDocs has a shell run "The first app" of docs/serve.md as it stands, at another port.
func TestTheFirstAppOfDocs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/serve.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(page), "\n```sh\nA=http://127.0.0.1:8080 ")
	block, _, ended := strings.Cut(block, "\n```\n")
	if !found || !ended {
		t.Fatal("docs/serve.md: got no block that begins with A=, want one")
	}
	p := start(t, newLines(), "--store", "memory", "--developer", "dev@example.com:a-long-enough-passphrase")
	out, err := exec.CommandContext(t.Context(), "sh", "-ec", "A=http://"+p.addr+p.prefix+" "+block).CombinedOutput()
	for _, want := range []string{`"api_key":"ak_`, `"created":true`, `{"users":[{"user_id":"`, `"email":"ann@example.com"`} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("got %s, %v, want %s in it", out, err, want)
		}
	}
}
