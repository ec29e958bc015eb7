cmd_shell() { if [ $# -gt 0 ]; then exec "$@"; else exec bash -i; fi; }
cmd_build() { build "${1:-release}" "${@:2}"; }
