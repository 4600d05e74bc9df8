#!/usr/bin/env bash
# Runs every fuzz target of every package for FUZZTIME, two targets at a time.
set -euo pipefail

for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "$target $package"
	done
done | xargs -P 2 -L 1 sh -c 'exec go test -run "^\$" -fuzz "^$0\$" -fuzztime "${FUZZTIME:-10s}" -parallel 1 "$1"'
