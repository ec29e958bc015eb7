# Shared by ./dev and its scripts: where things lie, and how a long step shows its progress.

ARA_CACHE=${ARA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ara}
export ARA_CACHE ARA_SHARED=${ARA_SHARED:-$(dirname "$ARA_DIR")/shared}
export ARA_HOME=${ARA_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/ara}

die() { printf 'dev: %s\n' "$*" >&2; exit 1; }

# step TITLE COMMAND…: runs the command with its output in a log, shows the seconds as they pass
# on a terminal, and the end of the log if it fails.
step() {
  local title=$1 log start=$SECONDS rc=0 pid
  shift
  mkdir -p "$ARA_CACHE/log"
  log=$ARA_CACHE/log/$(tr -cs 'a-zA-Z0-9' '-' <<<"$title").log
  if [ -t 1 ]; then
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    trap 'kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; exit 130' INT TERM
    while kill -0 "$pid" 2>/dev/null; do
      printf '\r\033[K  %s … %d s  \033[2m%s\033[0m' "$title" $((SECONDS - start)) \
        "$(tail -n 1 "$log" 2>/dev/null | tr -d '\r' | cut -c1-60)"
      sleep 0.3
    done
    trap - INT TERM
    wait "$pid" || rc=$?
    printf '\r\033[K'
  else
    printf '  %s …\n' "$title"
    "$@" >"$log" 2>&1 </dev/null || rc=$?
  fi
  if [ "$rc" != 0 ]; then
    tail -n 25 "$log" >&2
    die "$title failed (exit $rc); the whole log: $log"
  fi
  printf '  %s: %d s\n' "$title" $((SECONDS - start))
}

# packages [STAGE…]: the package names of those stages, all stages if none is named.
packages() {
  awk -v want=" $* " '!/^#/ && NF == 2 && (want == "  " || index(want, " " $2 " ")) {print $1}' \
    "$ARA_DIR/scripts/packages.txt"
}

# True where ARA builds directly, without a Debian 13 root.
native_platform() {
  [ -n "${ARA_IN_ROOT:-}" ] && return 0
  local ID='' VERSION_ID=''
  # shellcheck disable=SC1091
  . /etc/os-release 2>/dev/null || return 1
  case "$ID-$VERSION_ID" in debian-13 | ubuntu-26.04) return 0 ;; esac
  return 1
}
