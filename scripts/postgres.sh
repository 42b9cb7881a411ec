#!/usr/bin/env bash
# A PostgreSQL of the tests' own: temporary directory, free port on loopback, nothing kept.
#
#   scripts/postgres.sh run COMMAND…      runs the command with ORGBOX_TEST_POSTGRES set, then stops it
#   scripts/postgres.sh start DIRECTORY   prints the SQLAlchemy URL
#   scripts/postgres.sh follow DIRECTORY URL   starts a streaming replica, prints its URL
#   scripts/postgres.sh restart DIRECTORY MODE   immediate is as if it had crashed
#   scripts/postgres.sh stop DIRECTORY
#
# Uses the server binaries of the machine; as root on Debian it installs them when they are missing.
# Where there are none, `run` runs the command without PostgreSQL and says so; with CI set that is a failure.
set -euo pipefail

find_binaries() {
	local found
	for found in "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin; do
		if [ -x "$found/initdb" ]; then bin=$found; fi
	done
	[ -n "${bin:-}" ]
}

install_binaries() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
	. "$(dirname "$0")/apt.sh"
	{ apt update && apt install -y postgresql; } >/dev/null 2>&1
}

# PostgreSQL refuses to run as root
as_owner() {
	if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

free_port() {
	"${PYTHON:-python3}" - <<-'PYTHON'
		import contextlib, random, socket
		for port in random.sample(range(15_000, 32_000), 100):  # the system gives others to who wants any
		    with contextlib.suppress(OSError), socket.socket() as probe:
		        probe.bind(("127.0.0.1", port))
		        print(port)
		        break
	PYTHON
}

start() {
	local directory=$1
	mkdir -p "$directory"
	if [ "$(id -u)" = 0 ]; then chown postgres "$directory"; fi
	chmod 700 "$directory"
	as_owner "$bin/initdb" --pgdata="$directory/data" --username=postgres --auth=trust \
		--encoding=UTF8 --locale=C --no-sync >/dev/null
	serve "$directory"
}

follow() {
	local directory=$1
	mkdir -p "$directory"
	if [ "$(id -u)" = 0 ]; then chown postgres "$directory"; fi
	chmod 700 "$directory"
	as_owner "$bin/pg_basebackup" --pgdata="$directory/data" --dbname="${2/+psycopg/}" --write-recovery-conf \
		--checkpoint=fast --no-sync
	serve "$directory"
}

serve() {
	local directory=$1 port
	port=$(free_port)
	as_owner "$bin/pg_ctl" --pgdata="$directory/data" --log="$directory/log" --wait --silent start --options="\
		-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$directory -c max_connections=200 \
		-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off" >/dev/null
	echo "postgresql+psycopg://postgres@127.0.0.1:$port/postgres"
}

restart() {
	as_owner "$bin/pg_ctl" --pgdata="$1/data" --log="$1/log" --mode="$2" --wait --silent restart >/dev/null
}

stop() {
	as_owner "$bin/pg_ctl" --pgdata="$1/data" --mode=immediate --silent stop || true
	rm -rf "$1"
}

run() {
	if ! find_binaries && ! { install_binaries && find_binaries; }; then
		echo "scripts/postgres.sh: no PostgreSQL server found; its tests are not run" >&2
		if [ -n "${CI:-}" ]; then exit 1; fi
		exec "$@"
	fi
	directory=$(mktemp -d "${TMPDIR:-/tmp}/orgbox-postgres.XXXXXX")
	trap 'stop "$directory"' EXIT
	ORGBOX_TEST_POSTGRES=$(start "$directory")
	export ORGBOX_TEST_POSTGRES
	"$@"
}

case ${1:-} in
run) shift && run "$@" ;;
start | restart | stop | follow)
	find_binaries || { echo "scripts/postgres.sh: no PostgreSQL server found" >&2; exit 1; }
	"$@"
	;;
*) sed -n '2,11p' "$0" >&2; exit 2 ;;
esac
