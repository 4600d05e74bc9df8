package main

import (
	"runtime/debug"
	"strings"
)

// version returns the version that the go command recorded in this build.
func version(info *debug.BuildInfo, ok bool) string {
	if !ok || info.Main.Version == "" {
		return "authkit, built without a version"
	}
	words := []string{"authkit", info.Main.Version}
	noted := map[string]string{}
	for _, s := range info.Settings {
		noted[s.Key] = s.Value
	}
	if revision := noted["vcs.revision"]; revision != "" {
		words = append(words, "revision", revision)
	}
	if noted["vcs.modified"] == "true" {
		words = append(words, "with uncommitted changes")
	}
	return strings.Join(append(words, info.GoVersion), " ")
}
