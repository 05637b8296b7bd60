#!/bin/sh
# Installs what this machine lacks, for make. Usage:
#
#   sh configs/setup.sh stores   PostgreSQL and Redis, for make demo
#   sh configs/setup.sh tests    the same and what the tests need besides
#
# Nothing missing: silent and instant. Debian and its kin: apt-get, by sudo where
# this is not root; no service is started. Elsewhere: says what to install.
# SETUP=skip leaves everything as it is. All output goes to standard error.
set -eu
exec >&2

what=${1:-tests}
[ "${SETUP:-}" = skip ] && exit 0

say() { printf 'setup: %s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }

# have_postgres looks where package configs/stores looks: the server's programs
# are off the PATH on Debian.
have_postgres() {
	have initdb && have pg_ctl && return
	for program in /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb /usr/libexec/postgresql*/initdb \
		/usr/local/pgsql/bin/initdb /opt/homebrew/opt/postgresql*/bin/initdb /usr/local/opt/postgresql*/bin/initdb \
		/Applications/Postgres.app/Contents/Versions/*/bin/initdb; do
		[ -x "$program" ] && return
	done
	have pg_config && [ -x "$(pg_config --bindir)/initdb" ]
}

have_browser() {
	have chromium || have chromium-browser || have google-chrome || have google-chrome-stable ||
		[ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ]
}

# lack says what is missing and notes its package in Debian, Fedora and Homebrew.
debian='' fedora='' brew=''
lack() {
	say "missing: $1"
	debian="$debian $2" fedora="$fedora $3" brew="$brew $4"
}

if [ -z "${RINGMASTER_DATABASE_URL:-}" ] && ! have_postgres; then
	lack 'PostgreSQL, which the demo and the tests run privately' postgresql postgresql-server postgresql@17
fi
if [ -z "${RINGMASTER_REDIS_URL:-}" ] && ! have redis-server && ! have valkey-server; then
	lack 'Redis, which the demo and the tests run privately' redis-server redis redis
fi
if [ "$what" = tests ]; then
	have sipp || lack 'SIPp, the carrier and the phone of the SIP tests' sip-tester sipp sipp
	have baresip || lack 'baresip, an agent'\''s phone in the tests' baresip-core baresip baresip
	have_browser || lack 'Chromium, for the tests of the pages' 'chromium fonts-liberation' chromium '--cask chromium'
	# On Linux the race detector is linked by a C compiler.
	have gcc || have clang || lack 'a C compiler, for go test -race' 'gcc libc6-dev' 'gcc glibc-devel' gcc
fi
[ -n "$debian" ] || exit 0

if ! have apt-get; then
	if have brew; then
		say "install them by: brew install$brew"
	elif have dnf; then
		say "install them by: sudo dnf install$fedora"
	else
		say "install what Debian calls:$debian"
	fi
	say 'then run make again; SETUP=skip make … goes on without'
	exit 1
fi

root=
if [ "$(id -u)" -ne 0 ]; then
	root=sudo
	[ -t 0 ] || root='sudo -n' # nobody is there to type a password
	if ! have sudo || ! $root true; then
		say "this needs root; as root run: apt-get update && apt-get install -y$debian"
		exit 1
	fi
fi

# Services of the installed packages are not started: the servers that are
# needed are private. Debian asks this file, 101 meaning no.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap '$root rm -f "$policy"' EXIT
	trap 'exit 130' INT TERM
	printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null
	$root chmod 755 "$policy"
fi

# apt runs apt-get without questions, waiting for another that is at work; its
# output is shown only where it fails.
apt() {
	log=$(mktemp)
	if $root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 "$@" >"$log" 2>&1 </dev/null; then
		rm -f "$log"
		return 0
	fi
	tail -n 20 "$log"
	rm -f "$log"
	return 1
}

say 'apt-get update'
apt update || say 'the package lists could not be renewed; going on with those that are there'
say "apt-get install$debian"
# The names are separate words on purpose.
# shellcheck disable=SC2086
if ! apt install --no-install-recommends $debian; then
	say "that failed; by hand: apt-get update && apt-get install$debian"
	exit 1
fi
say 'done'
