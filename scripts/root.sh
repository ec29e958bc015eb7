# The platform: on Debian 13 and Ubuntu 26.04 the host itself, elsewhere a Debian 13 root made
# once under the cache directory. Sourced by ./dev; until the root stands, only bash, coreutils,
# util-linux and apt may be used.

root_key() {
  { development_packages | sort; cat "$ARA_DIR/scripts/valkey.sh"; } | sha256sum | cut -c1-12
}
root_path() { printf '%s/root-%s\n' "$ARA_CACHE" "$(root_key)"; }

# Installs what is missing on a native platform; one line if that needs another user.
ensure_native() {
  [ -n "${ARA_IN_ROOT:-}" ] && return 0
  local stamp missing
  stamp=$ARA_CACHE/native-$(root_key)
  [ -e "$stamp" ] && return 0
  missing=$(development_packages | while read -r p; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q '^install ok' || printf '%s ' "$p"
  done)
  if [ -n "$missing" ]; then
    [ "$(id -u)" = 0 ] ||
      die "missing packages; run: sudo apt-get install --no-install-recommends $missing"
    step "Package lists" apt-get update
    # shellcheck disable=SC2086
    step "Packages" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-install-recommends $missing
  fi
  [ -e /usr/local/include/valkey/cluster.h ] ||
    note "Without libvalkey ARA is built without Redis; to have it: sudo bash scripts/valkey.sh"
  mkdir -p "$ARA_CACHE" && touch "$stamp"
}

# Installs what a fleet is made of, once for each list, on the build platform.
ensure_fleet() {
  local stamp missing
  stamp=/var/lib/ara-fleet-$(packages fleet | sort | sha256sum | cut -c1-12)
  [ -e "$stamp" ] && return 0
  if [ -z "${ARA_IN_ROOT:-}" ] && [ "$(id -u)" != 0 ]; then
    missing=$(packages fleet | while read -r p; do
      dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q '^install ok' || printf '%s ' "$p"
    done)
    [ -z "$missing" ] ||
      die "missing packages; run: sudo apt-get install --no-install-recommends $missing"
    return 0
  fi
  mkdir -p "$ARA_CACHE"
  exec 8>"$ARA_CACHE/root.lock"
  lock 8 "installing the servers of a fleet"
  if [ ! -e "$stamp" ]; then
    step "Package lists" apt-get update
    # shellcheck disable=SC2046
    step "Servers of a fleet" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-install-recommends $(packages fleet)
    apt-get clean
    touch "$stamp"
  fi
  exec 8>&-
}

# The mirror the host itself uses, if it is a Debian one; else debootstrap's default.
host_mirror() {
  # shellcheck disable=SC2016  # apt expands it
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    grep -m1 -E '^https?://.*/debian/?$' || true
}

host_certificates() { # lets a company's own certificate authority work inside the root too
  local from=/etc/ssl/certs/ca-certificates.crt
  [ -e "$from" ] && cp "$from" "$1$from"
  return 0
}

make_base() {
  local part=$1 mirror keyring=()
  mkdir -p "$ARA_CACHE/archives"
  mirror=$(host_mirror)
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] &&
    keyring=(--keyring /usr/share/keyrings/debian-archive-keyring.gpg)
  debootstrap --variant=minbase --include=ca-certificates --cache-dir="$ARA_CACHE/archives" \
    "${keyring[@]}" trixie "$part" ${mirror:+"$mirror"}
}

fill_root() {
  local part=$1
  host_certificates "$part"
  # A root that a power cut leaves half-written is thrown away whole, so no package needs to be
  # synced to disk by itself; services are started by the tests, never by their installation.
  echo 'force-unsafe-io' >"$part/etc/dpkg/dpkg.cfg.d/unsafe-io"
  printf 'path-exclude=/usr/share/%s/*\n' doc man locale >>"$part/etc/dpkg/dpkg.cfg.d/unsafe-io"
  printf '#!/bin/sh\nexit 101\n' >"$part/usr/sbin/policy-rc.d"
  chmod +x "$part/usr/sbin/policy-rc.d"
  # shellcheck disable=SC2046
  enter_root "$part" / env DEBIAN_FRONTEND=noninteractive sh -c \
    'apt-get update && apt-get install -y --no-install-recommends "$@" && apt-get clean' sh \
    $(development_packages)
}

# The client of Redis Cluster. Without it ARA is whole but for its second tier, which is said.
add_valkey() {
  (step "libvalkey" enter_root "$1" / bash "$ARA_DIR/scripts/valkey.sh") ||
    note "ARA will be built without Redis; ./dev clean all, to try again"
}

# Makes the root of this package list unless it stands. It is built beside its name and renamed
# when complete, so a half-made one is never used; what was downloaded is kept for the next try.
ensure_root() {
  local root
  root=$(root_path)
  [ -d "$root" ] && return 0
  [ "$(id -u)" = 0 ] || die "this system is not Debian 13 or Ubuntu 26.04, so ARA builds in a" \
    "Debian 13 root; making it needs root rights: sudo ./dev build"
  mkdir -p "$ARA_CACHE"
  exec 8>"$ARA_CACHE/root.lock"
  lock 8 "making the Debian 13 root"
  [ -d "$root" ] || make_root "$root"
  exec 8>&-
}

make_root() {
  local root=$1 part
  # A part of its own name: a process that outlived the last try may still write to the old one.
  rm -rf --one-file-system "$ARA_CACHE"/root-*.part.* || true
  part=$root.part.$$
  if ! command -v debootstrap >/dev/null; then
    command -v apt-get >/dev/null ||
      die "debootstrap is missing: install it with your package manager"
    step "Package lists" apt-get update
    step "debootstrap" env DEBIAN_FRONTEND=noninteractive apt-get install -y debootstrap
  fi
  step "Debian 13 root" make_base "$part"
  step "Compilers, libraries, test tools" fill_root "$part"
  add_valkey "$part"
  mv -T "$part" "$root"
  # Roots of other package lists that nothing has entered for a week.
  find "$ARA_CACHE" -maxdepth 1 -name 'root-*' -type d -mtime +7 \
    -exec rm -rf --one-file-system {} + || true
}

# enter_root ROOT DIR COMMAND…: runs the command in the root, in a mount namespace of its own, with
# every top-level folder of the host that is not a system folder seen at its own path, and so are
# the folders ARA works in, wherever they are.
enter_root() {
  local root=$1 dir=$2
  shift 2
  export ARA_IN_ROOT=1 LC_ALL=C.UTF-8
  touch "$root"
  # shellcheck disable=SC2016  # the inner shell expands it
  ${ENTER_EXEC:-} unshare --mount --propagation private bash -c '
    set -e
    root=$1 dir=$2
    shift 2
    show() { mkdir -p "$root$1" && mount --rbind "$1" "$root$1"; }
    system() {
      case $1/ in
        /bin/* | /sbin/* | /lib* | /usr/* | /etc/* | /var/* | /boot/* | /run/* | /lost+found/*) ;;
        *) return 1 ;;
      esac
    }
    for host in /*; do
      [ -d "$host" ] && [ ! -L "$host" ] && ! system "$host" && show "$host"
    done
    ! system "$ARA_HOME" || mkdir -p "$ARA_HOME"
    for used in "$HOME" "$ARA_DIR" "$ARA_SHARED" "$ARA_CACHE" "$ARA_HOME" "$dir" "${TMPDIR:-/tmp}"; do
      system "$used" && [ -d "$used" ] && show "$used"
    done
    [ -e /etc/resolv.conf ] && cat /etc/resolv.conf >"$root/etc/resolv.conf"
    [ -e /etc/hosts ] && cat /etc/hosts >"$root/etc/hosts"
    # Not the host search path: a program found there was built for the host.
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    exec chroot "$root" /bin/sh -c "cd \"\$1\" && shift && exec \"\$@\"" sh "$dir" "$@"
  ' bash "$root" "$dir" "$@"
}
