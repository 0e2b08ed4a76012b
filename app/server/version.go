package server

import (
	"runtime/debug"
)

// release is set where a release is built: -ldflags "-X gatehouse/app/server.release=v1.2.3".
var release string

// Version names this build: the release it was built as, else what Go knows of the module or the commit.
func Version() string {
	build, known := debug.ReadBuildInfo()
	switch {
	case release != "":
		return release
	case known && build.Main.Version != "" && build.Main.Version != "(devel)":
		return build.Main.Version
	}
	commit, changed := "", ""
	if known {
		for _, setting := range build.Settings {
			switch {
			case setting.Key == "vcs.revision":
				commit = "-" + setting.Value[:min(12, len(setting.Value))]
			case setting.Key == "vcs.modified" && setting.Value == "true":
				changed = "+changed"
			}
		}
	}
	return "devel" + commit + changed
}
