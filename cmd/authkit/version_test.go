package main

import (
	"runtime/debug"
	"testing"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	build := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: version}, Settings: settings}
	}
	revision, clean, dirty := debug.BuildSetting{Key: "vcs.revision", Value: "0a1b2c"}, debug.BuildSetting{Key: "vcs.modified", Value: "false"}, debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	for name, c := range map[string]struct {
		info *debug.BuildInfo
		ok   bool
		want string
	}{
		"of a module":                     {build("v1.2.3"), true, "authkit v1.2.3 go1.26.0"},
		"of a work tree":                  {build("v1.2.3", revision, clean), true, "authkit v1.2.3 revision 0a1b2c go1.26.0"},
		"of a work tree that was changed": {build("v1.2.3+dirty", revision, dirty), true, "authkit v1.2.3+dirty revision 0a1b2c with uncommitted changes go1.26.0"},
		"without version control":         {build("(devel)"), true, "authkit (devel) go1.26.0"},
		"without a version":               {build(""), true, "authkit, built without a version"},
		"without any note":                {nil, false, "authkit, built without a version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := version(c.info, c.ok); got != c.want {
				t.Errorf("version: got %q, want %q", got, c.want)
			}
		})
	}
}
