# Building and running what was built. Sourced by ./dev, on the build platform.

export CCACHE_DIR=${CCACHE_DIR:-$ARA_CACHE/ccache} CCACHE_BASEDIR=$ARA_DIR CCACHE_NOHASHDIR=1
export CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-4G} CCACHE_SLOPPINESS=pch_defines,time_macros

# build PRESET [TARGET…]: configures once, then builds; two builds of one preset wait for each other.
build() {
  local preset=$1 dir=$ARA_DIR/build/$1
  shift
  case $preset in
    release | debug | asan | tsan | fuzz) ;;
    *) die "there is no preset '$preset' (release, debug, asan, tsan, fuzz)" ;;
  esac
  mkdir -p "$dir"
  exec 9>"$dir/.lock"
  flock 9
  if [ ! -e "$dir/build.ninja" ]; then
    (cd "$ARA_DIR" && step "Configure $preset" cmake --preset "$preset")
  fi
  if ninja -C "$dir" -n "${@:-all}" 2>/dev/null | grep -q 'no work to do'; then
    exec 9>&-
    return 0
  fi
  echo "  Build $preset:"
  local start=$SECONDS
  NINJA_STATUS='  [%f/%t %es] ' ninja -C "$dir" --quiet "${@:-all}" 9>&- || die "the build failed"
  echo "  Build $preset: $((SECONDS - start)) s"
  exec 9>&-
}

ara_binary() { printf '%s/build/release/bin/ara\n' "$ARA_DIR"; }
