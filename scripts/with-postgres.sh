#!/usr/bin/env bash
# Runs a command with AUTHKIT_TEST_POSTGRES set to a throwaway Postgres cluster. A
# cluster that the variable already names is used as it is.
set -euo pipefail

if [[ -n "${AUTHKIT_TEST_POSTGRES:-}" ]]; then
	exec "$@"
fi

bindir() {
	if command -v initdb >/dev/null; then
		dirname "$(command -v initdb)"
		return
	fi
	# Debian keeps the server's programs out of PATH.
	find /usr/lib/postgresql /usr/local/pgsql /opt/homebrew/opt -name initdb 2>/dev/null | sort -V | tail -1 | xargs -r dirname
}

BIN=$(bindir)
# A test runs through pgbouncer, which Debian keeps in /usr/sbin.
MISSING=()
[[ -n "$BIN" ]] || MISSING+=(postgresql)
[[ -x /usr/sbin/pgbouncer ]] || command -v pgbouncer >/dev/null || MISSING+=(pgbouncer)
if [[ ${#MISSING[@]} -gt 0 ]] && command -v apt-get >/dev/null; then
	AS=""
	[[ $EUID -eq 0 ]] || AS="sudo -n"
	$AS apt-get update -q >&2
	$AS env DEBIAN_FRONTEND=noninteractive apt-get install -q -y "${MISSING[@]}" >&2
	BIN=$(bindir)
fi
if [[ -z "$BIN" ]]; then
	echo "with-postgres: no initdb found; install PostgreSQL, or set AUTHKIT_TEST_POSTGRES" >&2
	exit 1
fi

DIR=$(mktemp -d)
PORT=$(( 20000 + RANDOM % 20000 ))
as_postgres() { # initdb refuses root
	if [[ $EUID -eq 0 ]]; then
		su postgres -s /bin/bash -c "cd / && $*"
	else
		bash -c "$*"
	fi
}
[[ $EUID -ne 0 ]] || chown postgres "$DIR"
trap 'as_postgres "$BIN/pg_ctl -D $DIR/data -m immediate stop" >/dev/null 2>&1 || true; rm -rf "$DIR"' EXIT

as_postgres "$BIN/initdb -D $DIR/data -U postgres -A trust -E UTF8 --locale=C" >/dev/null
for _ in 1 2 3 4 5; do
	if as_postgres "$BIN/pg_ctl -D $DIR/data -w -l $DIR/log -o '-p $PORT -k $DIR -h 127.0.0.1 -c fsync=off -c max_connections=300 -c max_locks_per_transaction=256' start" >/dev/null; then
		break
	fi
	PORT=$(( 20000 + RANDOM % 20000 ))
done

AUTHKIT_TEST_POSTGRES="postgres://postgres@127.0.0.1:$PORT/postgres?sslmode=disable" "$@"
