#!/usr/bin/env bash
# Runs a command once there is a Chromium or a Chrome in PATH that takes the commands which the tests send.
set -euo pipefail

least=150

# major prints the major version of the browser in PATH; 0: there is no browser.
major() {
	for name in chromium chromium-browser google-chrome google-chrome-stable; do
		if command -v "$name" >/dev/null; then
			"$name" --version 2>/dev/null | sed -n 's/^[^0-9]*\([0-9]\{1,\}\)\..*/\1/p' | grep . || echo 0
			return
		fi
	done
	echo 0
}

if (($(major) < least)) && command -v apt-get >/dev/null; then
	AS=""
	[[ $EUID -eq 0 ]] || AS="sudo -n"
	$AS apt-get update -q >&2
	$AS env DEBIAN_FRONTEND=noninteractive apt-get install -q -y chromium >&2
fi
if (($(major) < least)); then
	found=$(major)
	((found > 0)) && found="version $found of a browser" || found="no browser"
	echo "with-chromium: found $found, want Chromium or Chrome $least or newer: install it" >&2
	exit 1
fi

exec "$@"
