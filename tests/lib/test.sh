# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For tests written in bash. Source it first: `. tests/lib/test.sh` (tests start at the top of the tree).
#
#   skip REASON            end as skipped
#   fail MESSAGE           end as failed
#   expect NAME WANT GOT   fail unless the two strings are equal
#   at_exit COMMAND...     run COMMAND when the test ends, last registered first
#   wait_for SECONDS COMMAND...
#                          repeat COMMAND each 50 ms until it succeeds; fails (returns 1) after SECONDS
#   free_port              print a TCP port of 127.0.0.1 that nothing listens on
#   end_process PID        SIGTERM, then SIGKILL after 10 s; reaps PID if it is a child
set -euo pipefail

OSNC_LONG=${OSNC_LONG:-0}
if [[ -z ${TMPDIR:-} ]]; then
	TMPDIR=$(mktemp -d -t osnc-test.XXXXXX)
	export TMPDIR
	osnc_own_tmpdir=$TMPDIR
fi

skip() {
	printf '%s\n' "$*"
	exit 77
}

fail() {
	printf 'FAIL: %s\n' "$*" >&2
	exit 1
}

expect() {
	[[ $2 == "$3" ]] || fail "$1: expected '$2', got '$3'"
}

osnc_exits=()

at_exit() {
	local line
	printf -v line '%q ' "$@"
	osnc_exits+=("$line")
}

osnc_leave() {
	local status=$? i
	trap - EXIT
	set +e
	for ((i = ${#osnc_exits[@]} - 1; i >= 0; i--)); do
		eval "${osnc_exits[i]}"
	done
	[[ -z ${osnc_own_tmpdir:-} ]] || rm -rf -- "$osnc_own_tmpdir"
	exit "$status"
}
trap osnc_leave EXIT
trap 'printf "%s:%s: status %s of: %s\n" "$0" "$LINENO" "$?" "$BASH_COMMAND" >&2' ERR
trap 'exit 143' TERM
trap 'exit 130' INT

wait_for() {
	local until=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
	shift
	until "$@"; do
		((${EPOCHREALTIME/[.,]/} < until)) || return 1
		sleep 0.05
	done
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

end_process() {
	local tries
	kill -TERM "$1" 2>/dev/null || return 0
	for ((tries = 0; tries < 200; tries++)); do
		kill -0 "$1" 2>/dev/null || break
		[[ $(ps -o stat= -p "$1" 2>/dev/null) != Z* ]] || break
		sleep 0.05
	done
	kill -KILL "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}
