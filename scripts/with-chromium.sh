#!/usr/bin/env bash
# Runs a command once there is a Chromium or a Chrome in PATH.
set -euo pipefail

found() {
	for name in chromium chromium-browser google-chrome google-chrome-stable; do
		if command -v "$name" >/dev/null; then
			return 0
		fi
	done
	return 1
}

if ! found && command -v apt-get >/dev/null; then
	AS=""
	[[ $EUID -eq 0 ]] || AS="sudo -n"
	$AS apt-get update -q >&2
	$AS env DEBIAN_FRONTEND=noninteractive apt-get install -q -y chromium >&2
fi
if ! found; then
	echo "with-chromium: no chromium found; install Chromium or Chrome" >&2
	exit 1
fi

exec "$@"
