#!/usr/bin/env bash
# Compares the exported API with that of the last tag. An incompatible change fails from v1 on;
# before v1 it is only listed, for "To do on upgrade" in CHANGELOG.md.
set -euo pipefail

APIDIFF=golang.org/x/exp/cmd/apidiff@${APIDIFF_VERSION:-v0.0.0-20261113113407-e3970619a1a4}

cd "$(git rev-parse --show-toplevel)"
if ! TAG=$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null); then
	echo "apidiff: there is no tag yet, so there is no API to compare with"
	exit 0
fi

DIR=$(mktemp -d)
trap 'git worktree remove --force "$DIR/old" 2>/dev/null || true; rm -rf "$DIR"' EXIT
git worktree add --quiet --detach "$DIR/old" "$TAG"
MODULE=$(go list -m)
(cd "$DIR/old" && go run "$APIDIFF" -m -w "$DIR/old.api" "$MODULE")
go run "$APIDIFF" -m -w "$DIR/new.api" "$MODULE"
CHANGES=$(go run "$APIDIFF" -m -incompatible "$DIR/old.api" "$DIR/new.api" 2> >(grep -v "^Ignoring internal package" >&2))
if [[ -z "$CHANGES" ]]; then
	echo "apidiff: compatible with $TAG"
	exit 0
fi
echo "apidiff: not compatible with $TAG:"
echo "$CHANGES"
[[ "$TAG" == v0.* ]]
