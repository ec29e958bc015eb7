# Building. Sourced by ./dev, on the build platform.

export CCACHE_DIR=${CCACHE_DIR:-$ARA_CACHE/ccache} CCACHE_BASEDIR=$ARA_DIR CCACHE_NOHASHDIR=1
export CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-4G} CCACHE_SLOPPINESS=pch_defines,time_macros

# configure PRESET: makes its build folder, once.
configure() {
  open_build "$1"
  exec 9>&-
}

# Downloads what the pages under /docs are made of, once for each lock file.
web_packages() {
  ARA_WEB=$ARA_CACHE/web-$(sha256sum <"$ARA_DIR/web/package-lock.json" | cut -c1-12)
  export ARA_WEB
  [ -d "$ARA_WEB" ] || step "Download web packages" bash "$ARA_DIR/scripts/web.sh" "$ARA_WEB"
}

# The same, and holds the folder's lock (descriptor 9) on return.
open_build() {
  local preset=$1 dir=$ARA_DIR/build/$1
  case $preset in
    release | debug | asan | tsan | fuzz) ;;
    *) die "there is no preset '$preset' (release, debug, asan, tsan, fuzz)" ;;
  esac
  mkdir -p "$dir"
  exec 9>"$dir/.lock"
  lock 9 "building $preset"
  web_packages
  # The presets are read when a folder is configured, and only then; afresh, since a folder whose
  # compiler changes forgets what else the preset said.
  [ "$dir/build.ninja" -nt "$ARA_DIR/CMakePresets.json" ] ||
    step "Configure $preset" cmake --fresh -S "$ARA_DIR" --preset "$preset"
}

# build PRESET [TARGET…]: two builds of one preset wait for each other.
build() {
  local preset=$1 dir=$ARA_DIR/build/$1
  open_build "$preset"
  shift
  local start=$EPOCHREALTIME log=$dir/.build.log
  if [ -t 2 ]; then
    NINJA_STATUS="  Build $preset [%f/%t, %es] " ninja -C "$dir" "$@" >&2 9>&- ||
      die "the build of $preset failed"
  else
    NINJA_STATUS='[%f/%t] ' ninja -C "$dir" "$@" 2>&1 9>&- | tee "$log" |
      build_progress "$preset" || die "the build of $preset failed; the whole log: $log"
    grep -q 'no work to do' "$log" || note "Build $preset: $(since "$start")"
  fi
  exec 9>&-
}

# Of ninja's lines, passes on errors and, for each tenth of the work, one line of progress.
build_progress() {
  local preset=$1 line last=0 tenth
  while IFS= read -r line; do
    if [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\  ]]; then
      tenth=$((10 * BASH_REMATCH[1] / BASH_REMATCH[2]))
      if ((tenth > last)); then note "Build $preset: ${BASH_REMATCH[1]} of ${BASH_REMATCH[2]}"; fi
      last=$tenth
    elif [[ ! $line =~ ^(ninja: (Entering directory|no work to do)|-- ) ]]; then
      printf '%s\n' "$line" >&2
    fi
  done
}

ara_binary() { printf '%s/build/release/bin/ara\n' "$ARA_DIR"; }
