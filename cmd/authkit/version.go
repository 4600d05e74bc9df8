package main

import (
	"runtime/debug"
	"strings"
)

// version returns the version that the go command recorded in this build.
func version(info *debug.BuildInfo, ok bool) string {
	if !ok || info.Main.Version == "" {
		return "authkit, of a build that notes no version"
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
		words = append(words, "with changes that are not committed")
	}
	return strings.Join(append(words, info.GoVersion), " ")
}
