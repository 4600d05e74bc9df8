#!/usr/bin/env bash
# Runs a command once nginx, Caddy and HAProxy are in PATH.
set -euo pipefail

export PATH=$PATH:/usr/sbin # Debian keeps servers there
MISSING=()
for name in nginx caddy haproxy; do
	command -v "$name" >/dev/null || MISSING+=("$name")
done
if [[ ${#MISSING[@]} -gt 0 ]] && command -v apt-get >/dev/null; then
	AS=""
	[[ $EUID -eq 0 ]] || AS="sudo -n"
	$AS apt-get update -q >&2
	# The packages would start servers at port 80.
	POLICY=/usr/sbin/policy-rc.d
	if [[ ! -e $POLICY ]]; then
		printf '#!/bin/sh\nexit 101\n' | $AS install -m 755 /dev/stdin $POLICY
		trap '$AS rm -f $POLICY' EXIT
	fi
	$AS env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${MISSING[@]/nginx/nginx-light}" >&2
fi
for name in nginx caddy haproxy; do
	if ! command -v "$name" >/dev/null; then
		echo "with-proxies: no $name found; install nginx, Caddy and HAProxy" >&2
		exit 1
	fi
done

"$@"
