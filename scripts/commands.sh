# The commands of ./dev. Sourced by it, on the build platform.

cmd_shell() { if [ $# -gt 0 ]; then exec "$@"; else exec bash -i; fi; }

cmd_build() { build "${1:-release}" "${@:2}"; }

cmd_ara() {
  build release ara
  exec "$(ara_binary)" "$@"
}

# ---- run ------------------------------------------------------------------------------------

samples_path() {
  printf '%s/samples-%s\n' "$ARA_CACHE" \
    "$(cat "$ARA_DIR"/samples/{package-lock.json,import.list} | sha256sum | cut -c1-12)"
}

sample_rows() { grep -v '^#' "$ARA_DIR/samples/import.list"; }

# Downloads the packages that the lock file names and keeps of them only the bars.
download_samples() {
  local part=$1.part.$$ symbol type file
  rm -rf "$1".part.*
  mkdir -p "$part/bars"
  cp "$ARA_DIR"/samples/{package.json,package-lock.json,.npmrc} "$part"
  (cd "$part" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier \
    --cache "$ARA_CACHE/npm") || return
  while read -r symbol type file; do
    cp "$part/node_modules/$file" "$part/bars/$symbol.csv" || return
  done < <(sample_rows)
  mv -T "$part/bars" "$1" && rm -rf "$part" "$ARA_CACHE/npm"
}

# Imports the sample bars into ARA_HOME, once: the stamp is written after the last of them.
import_samples() {
  local from stamp symbol type file
  from=$(samples_path)
  stamp=$ARA_HOME/samples-${from##*-}.imported
  [ -e "$stamp" ] && [ -e "$ARA_HOME/ara.db" ] && return 0
  [ -d "$from" ] || step "Download sample bars" download_samples "$from"
  while read -r symbol type file; do
    step "Import $symbol" "$(ara_binary)" import "$from/$symbol.csv" --symbol "$symbol" \
      --asset-type "$type"
  done < <(sample_rows)
  touch "$stamp"
}

cmd_run() {
  local start
  build release ara
  mkdir -p "$ARA_HOME"
  import_samples
  start=$EPOCHREALTIME
  "$(ara_binary)" predict AAPL -d 7 --plot || die "the forecast failed"
  note "Forecast: $(since "$start"); $(since "$ARA_START") since ./dev run was typed"
  note "Serving until Ctrl-C:"
  exec "$(ara_binary)" serve "$@"
}

# ---- test -----------------------------------------------------------------------------------

fuzz_targets() { (cd "$ARA_DIR/fuzz" && for f in *.cpp; do [ -e "$f" ] && echo "${f%.cpp}"; done); }

# cmd_test                everything
# cmd_test list           the names
# cmd_test long [PATTERN] the long form of the suites that have one (faults, fuzz)
# cmd_test PATTERN        tests whose name matches the regular expression
cmd_test() {
  local args=(--output-on-failure --no-label-summary -j "$(nproc)")
  export ARA_LONG=${ARA_LONG:-}
  if [ "${1:-}" = long ]; then
    export ARA_LONG=1
    shift
  fi
  [ -d "$ARA_SHARED/data" ] ||
    note "No shared data at $ARA_SHARED (ARA_SHARED names it): tests that need it are skipped"
  case ${1:-} in
    list) build release && exec ctest --test-dir "$ARA_DIR/build/release" -N ;;
    tidy) ;;
    *) ensure_fleet ;;
  esac
  case ${1:-} in
    '')
      build release
      build asan tests
      build tsan tests
      ;;
    *)
      build_for_pattern "$1"
      case $1 in # the name of a suite is that suite, not every name with the word in it
        contract | golden | tidy | integration | faults | asan | tsan | fuzz)
          args+=(-R "^$1\\." "${@:2}") ;;
        *) args+=(-R "$1" "${@:2}") ;;
      esac
      case $1 in *asan* | *tsan* | *fuzz*) ;; *) args+=(-E '^(asan|tsan|fuzz)\.') ;; esac
      ;;
  esac
  exec ctest --test-dir "$ARA_DIR/build/release" "${args[@]}"
}

# Builds what the tests of that name need and no more.
build_for_pattern() {
  local pattern=${1#^} target
  case $pattern in
    tidy*) configure release ;;
    integration* | faults* | docs* | soak*) build release ara open_loop ;;
    asan* | tsan*) build release ara && build "${pattern%%.*}" tests ;;
    fuzz*) build release ara && build asan tests ;;
    *)
      target=test_${pattern%%[!a-z_]*}
      if ninja -C "$ARA_DIR/build/release" -t query "$target" >/dev/null 2>&1; then
        build release "$target"
      else
        build release
      fi
      ;;
  esac
}

# ---- cluster ----------------------------------------------------------------------------------

cmd_cluster() {
  ensure_fleet
  case "${1:-} ${2:-}" in
    "up --only" | status* | down* | kill* | env* | backup* | restore* | discard*) ;;
    *) build release ara ;;
  esac
  ARA_BIN=$(ara_binary) PYTHONPATH=$ARA_DIR/deploy PYTHONDONTWRITEBYTECODE=1 \
    exec python3 -m local "$@"
}

# ---- bench, fuzz ----------------------------------------------------------------------------

cmd_bench() {
  local name found=() source
  if [ "${1:-}" = load ]; then # the generator itself, against whatever --target names
    build release open_loop
    exec "$ARA_DIR/build/release/bin/open_loop" "${@:2}"
  fi
  for source in "$ARA_DIR"/bench/*.cpp "$ARA_DIR"/bench/*.py; do
    name=$(basename "${source%.*}")
    case $source in *.cpp) [ ! -e "${source%.cpp}.py" ] || continue ;; esac # the .py runs it
    [ -e "$source" ] && [ "${1:-$name}" = "$name" ] && found+=("$source")
  done
  [ ${#found[@]} -gt 0 ] || die "there is no benchmark '${1:-}' ($(bench_names))"
  ensure_fleet
  for source in "${found[@]}"; do
    name=$(basename "${source%.*}")
    case $source in
      *.cpp) build release "bench_$name" ara ;;
      *.py)
        build release ara open_loop register_models
        [ ! -e "${source%.py}.cpp" ] || build release "bench_$name"
        ;;
    esac
    [ $# -gt 0 ] || printf '\n== %s ==\n' "$name"
    case $source in
      *.cpp) ARA_BIN=$(ara_binary) "$ARA_DIR/build/release/bin/bench_$name" "${@:2}" ;;
      *.py) ARA_BIN=$(ara_binary) python3 "$source" "${@:2}" ;;
    esac
  done
}

bench_names() {
  (cd "$ARA_DIR/bench" && for f in *.cpp *.py; do [ -e "$f" ] && echo "${f%.*}"; done) |
    sort -u | paste -sd ' '
}

cmd_fuzz() {
  local targets=("$@") seconds=60 target failed=0
  if [[ ${*: -1} =~ ^[0-9]+$ ]]; then
    seconds=${*: -1}
    targets=("${@:1:$#-1}")
  fi
  [ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(fuzz_targets)
  for target in "${targets[@]}"; do
    [ -e "$ARA_DIR/fuzz/$target.cpp" ] ||
      die "there is no fuzz target '$target' ($(fuzz_targets | paste -sd ' '))"
    build fuzz "fuzz_$target"
    bash "$ARA_DIR/scripts/fuzz.sh" fuzz "$target" "$seconds" || failed=1
  done
  return $failed
}

# ---- style ----------------------------------------------------------------------------------

# Files of these endings that git tracks or would track, a line each.
sources() {
  local ending patterns=()
  for ending in "$@"; do patterns+=("*.$ending"); done
  (cd "$ARA_DIR" && git ls-files --cached --others --exclude-standard -- "${patterns[@]}")
}

cmd_format() {
  (cd "$ARA_DIR" && sources cpp h | xargs -r clang-format-19 -i)
}

# cmd_lint [FILE…]: the style tests, then clang-tidy over the files, all of src/ unless named.
cmd_lint() {
  local files=("$@")
  configure release
  configure debug # whose files are compiled each by itself
  ctest --test-dir "$ARA_DIR/build/release" --output-on-failure --no-label-summary -R '^tidy\.' ||
    die "the style tests failed (\`./dev format\` repairs the layout)"
  [ ${#files[@]} -gt 0 ] || mapfile -t files < <(sources cpp | grep '^src/')
  note "clang-tidy over ${#files[@]} files …"
  (cd "$ARA_DIR" && printf '%s\n' "${files[@]}" |
    xargs -P "$(nproc)" -n 1 clang-tidy-19 -p build/debug --quiet) || die "clang-tidy has findings"
}
