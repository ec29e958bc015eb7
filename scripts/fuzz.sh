#!/usr/bin/env bash
# fuzz.sh PRESET TARGET [SECONDS]: fuzzes a target built there on a copy of its seeds, for 5 s or, where ARA_LONG
# is set, 60 s unless told; prints what was done, and fails, saying where the input lies, on a
# finding.
set -euo pipefail
ARA_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
preset=$1 target=$2 seconds=${3:-$([ -n "${ARA_LONG:-}" ] && echo 60 || echo 5)}
work=$ARA_DIR/build/$preset/runs/$target
mkdir -p "$work/corpus" "$work/findings"
log=$work/log
options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
  -artifact_prefix="$work/findings/")
[ ! -e "$ARA_DIR/fuzz/$target.dict" ] || options+=(-dict="$ARA_DIR/fuzz/$target.dict")
seeds=$ARA_DIR/fuzz/corpus/$target
[ ! -d "$seeds" ] || cp -r "$seeds/." "$work/corpus/"

rc=0
"$ARA_DIR/build/$preset/bin/fuzz_$target" "$work/corpus" "${options[@]}" >"$log" 2>&1 || rc=$?
count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
if [ "$rc" != 0 ]; then
  grep -v -E '^(#[0-9]|INFO:|stat::)' "$log" | tail -n 60 >&2
  printf 'fuzz %s: a finding after %s executions; its input: %s\n' "$target" "${count:-some}" \
    "$(sed -n 's/^artifact_prefix=.*Test unit written to //p' "$log" | tail -n 1)" >&2
  exit 1
fi
printf 'fuzz %s: %s executions in %s s, %s inputs in the corpus, no finding\n' \
  "$target" "$count" "$seconds" "$(find "$work/corpus" -type f | wc -l)"
