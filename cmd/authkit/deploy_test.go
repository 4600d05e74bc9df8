package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDeploymentsUseFlagsThatExist reads the files of a deployment: each variable and each flag in
// them is one of serve, and the example of a configuration is one that serve takes.
func TestDeploymentsUseFlagsThatExist(t *testing.T) {
	t.Parallel()
	parser, err := newParser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	flags := append(serveFlags(parser.Model), "config")
	for file, least := range map[string]int{"../../Dockerfile": 1, "../../deploy/compose.yaml": 3, "../../deploy/authkit.service": 1} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, name := range regexp.MustCompile(`AUTHKIT_([A-Z_]+)`).FindAllStringSubmatch(string(text), -1) {
			seen++
			if flag := strings.ToLower(strings.ReplaceAll(name[1], "_", "-")); !slices.Contains(flags, flag) {
				t.Errorf("%s: got %s, want the variable of a flag of serve", file, name[0])
			}
		}
		for _, name := range regexp.MustCompile(`authkit serve.* --([a-z-]+)`).FindAllStringSubmatch(string(text), -1) {
			seen++
			if !slices.Contains(flags, name[1]) {
				t.Errorf("%s: got --%s, want a flag of serve", file, name[1])
			}
		}
		if seen < least {
			t.Errorf("%s: got %d variables and flags, want at least %d", file, seen, least)
		}
	}
	text, err := os.ReadFile("../../deploy/authkit.toml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readConfig("deploy/authkit.toml", text, flags); err != nil {
		t.Error(err)
	}
}
