package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// peerVersions names the peers as they are pinned.
func peerVersions() string {
	var versions []string
	var lock struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	if b, err := os.ReadFile("peers/better-auth/package.json"); err == nil && json.Unmarshal(b, &lock) == nil {
		versions = append(versions, "better-auth "+lock.Dependencies["better-auth"])
	}
	if b, err := os.ReadFile("peers/pocketbase/go.mod"); err == nil {
		if _, after, ok := bytes.Cut(b, []byte("github.com/pocketbase/pocketbase v")); ok {
			version, _, _ := strings.Cut(string(after), "\n")
			versions = append(versions, "PocketBase "+strings.TrimSuffix(version, " // indirect"))
		}
	}
	return strings.Join(append(versions, gotrueVersion), ", ")
}

// gotrueVersion is the version that reference and README.md are about.
const gotrueVersion = "GoTrue 2.99"

// reference is what GoTrue did on another day. It is no part of any run.
var reference = []struct{ operation, perSecond string }{
	{"password sign-in", "35"},
	{"sign-up", "34"},
	{"access token + user row", "2,557"},
	{"refresh", "569"},
	{"magic-link request", "765"},
	{"magic-link mails delivered", "553"},
	{"magic-link redemption", "585"},
	{"users page of 50, first", "29"},
	{"users page of 50, deep", "17"},
}

func referenceText() string {
	t := table{head: []string{"operation", "a second"}}
	for _, line := range reference {
		t.rows = append(t.rows, []string{line.operation, line.perSecond})
	}
	return fmt.Sprintf("**Not measured in this run.** It needs a source tree, for its migrations: `make bench GOTRUE=path`. For\norientation, what it did in November 2026 with another driver on a machine of 2 cores, with 100,000\nusers, Postgres with fsync and 16 connections:\n\n%s", t)
}
