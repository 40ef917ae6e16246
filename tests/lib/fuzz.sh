#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fuzz.sh FUZZER SECONDS: replays the committed corpus, then fuzzes; new inputs go to build/, never into the tree.
set -euo pipefail
fuzzer=$1
seconds=$2
name=$(basename "$fuzzer")
corpus=tests/fuzz/corpus/$name
found=build/fuzz/corpus/$name
crashes=build/fuzz/crash

if ! compgen -G "$corpus/*" >/dev/null; then
	echo "$corpus is empty: commit seeds"
	exit 1
fi
mkdir -p "$found" "$crashes"
options=(-artifact_prefix="$crashes/$name-" -print_final_stats=1 -timeout=20 -rss_limit_mb=2048)
[[ ! -e tests/fuzz/$name.dict ]] || options+=(-dict="tests/fuzz/$name.dict")
[[ -z ${OSNC_SEED:-} ]] || options+=(-seed="$OSNC_SEED")
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1}

# as single files: every one is executed, also those that libFuzzer would find redundant
"$fuzzer" "${options[@]}" "$corpus"/*
"$fuzzer" "${options[@]}" -max_total_time="$seconds" "$found" "$corpus"
