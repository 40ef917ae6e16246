# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For the rules in tests/check. Source it with the rule's own arguments: `. "$(dirname "$0")/../lib/rule.sh"`.
# It goes to the folder to judge: $1, or the tree. Rules print 'file:line: what is wrong' through `wrong` and close with
# `verdict`.
#
#   files PATTERN...    the files of the folder that match (git's patterns), bad samples left out
#   wrong PLACE TEXT    note a finding
#   verdict             exit 1 if anything was wrong, else 0
set -euo pipefail
rule=$(basename "$0")
home=$(cd "$(dirname "$0")/../.." && pwd)
cd "${1:-$home}"
found=0

files() {
	if [[ -e .git ]]; then
		git ls-files --cached --others --exclude-standard -- "$@" | while read -r path; do
			[[ ! -f $path || -L $path || $path == tests/check/bad/* ]] || echo "$path"
		done
	else
		local pattern
		for pattern in "$@"; do
			find . \( -path ./build -o -path ./tests/check/bad \) -prune -o -type f -path "./$pattern" -print | sed 's|^\./||'
		done | sort -u
	fi
}

wrong() {
	printf '%s: %s\n' "$1" "$2"
	found=$((found + 1))
}

verdict() {
	if ((found)); then
		printf '%s: %d wrong\n' "$rule" "$found"
		exit 1
	fi
	exit 0
}
