# Shared by ./dev and its scripts: where things lie, and how a long step shows its progress.
# Progress goes to standard error, so that the output of `./dev ara … --json` can be piped.

ARA_CACHE=${ARA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ara}
export ARA_CACHE ARA_SHARED=${ARA_SHARED:-$(dirname "$ARA_DIR")/shared}
export ARA_HOME=${ARA_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/ara}

die() { printf 'dev: %s\n' "$*" >&2; exit 1; }
note() { printf '  %s\n' "$*" >&2; }

# since START: the time passed since START (a value of EPOCHREALTIME), as "12.3 s".
since() {
  local tenths=$(((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}) / 100000))
  printf '%d.%d s' $((tenths / 10)) $((tenths % 10))
}

# step TITLE COMMAND…: runs the command with its output in a log, shows the seconds as they pass
# on a terminal, and the end of the log if it fails. The command has a process group of its own,
# so that whatever ends ./dev ends all that the step has started.
step() {
  local title=$1 log start=$EPOCHREALTIME rc=0 pid
  shift
  mkdir -p "$ARA_CACHE/log"
  log=$ARA_CACHE/log/$(tr -cs 'a-zA-Z0-9' '-' <<<"$title" | sed 's/-*$//').log
  set -m
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  set +m
  trap 'end_step "$pid" 130' INT
  trap 'end_step "$pid" 143' TERM HUP
  if [ -t 2 ]; then
    while kill -0 "$pid" 2>/dev/null; do
      printf '\r\033[K  %s … %s  \033[2m%s\033[0m' "$title" "$(since "$start")" \
        "$(tail -n 1 "$log" 2>/dev/null | tr -d '\r' | cut -c1-60)" >&2
      sleep 0.3
    done
    printf '\r\033[K' >&2
  else
    note "$title …"
  fi
  wait "$pid" || rc=$?
  trap - INT TERM HUP
  if [ "$rc" != 0 ]; then
    tail -n 25 "$log" >&2
    die "$title failed (exit $rc); the whole log: $log"
  fi
  note "$title: $(since "$start")"
}

end_step() { # GROUP STATUS
  local tries=20
  kill -TERM -- "-$1" 2>/dev/null || true
  while kill -0 -- "-$1" 2>/dev/null && ((tries-- > 0)); do sleep 0.1; done
  kill -KILL -- "-$1" 2>/dev/null || true
  exit "$2"
}

# lock FD WHAT: takes the lock on an open file, saying so if another ./dev has it.
lock() {
  flock -n "$1" && return 0
  note "Waiting for another ./dev that is $2"
  flock "$1"
}

# packages [STAGE…]: the package names of those stages, all stages if none is named.
packages() {
  awk -v want=" $* " '!/^#/ && NF == 2 && (want == "  " || index(want, " " $2 " ")) {print $1}' \
    "$ARA_DIR/scripts/packages.txt"
}

# What a development machine has: the libraries of stage `run` come with their headers.
development_packages() { packages build test bench; }

# True where ARA builds directly, without a Debian 13 root.
native_platform() {
  [ -n "${ARA_IN_ROOT:-}" ] && return 0
  local ID='' VERSION_ID=''
  # shellcheck disable=SC1091
  . /etc/os-release 2>/dev/null || return 1
  case "$ID-$VERSION_ID" in debian-13 | ubuntu-26.04) return 0 ;; esac
  return 1
}
