#!/usr/bin/env bash
# Builds libvalkey, the client of Redis Cluster, and installs it (a static library and headers) under
# /usr/local. Debian has it only inside the source package `valkey` of its coming releases, which
# apt finds, downloads and verifies. Run as root on the build platform; needs the stage `build`.
set -euo pipefail

PREFIX=${1:-/usr/local}
SUITES=(forky sid)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p lists/partial cache/archives/partial source

# shellcheck disable=SC2016  # apt expands it
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
  grep -m1 -E '/debian/?$') || {
  echo "valkey.sh: no Debian mirror among apt's sources" >&2
  exit 1
}

# With lists of its own, so that the platform's packages stay those of its release. A mirror that
# has not been refreshed for a while is as good for a source that is verified by its hash.
apt() {
  apt-get -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" \
    -o APT::Sandbox::User=root -o Acquire::Check-Valid-Until=false "$@"
}

for suite in "${SUITES[@]}"; do
  echo "deb-src $mirror $suite main" >sources.list
  apt update && apt source --download-only --only-source valkey && break
done

tar -xf valkey_*.orig.tar.* -C source --strip-components=1 --wildcards '*/deps/libvalkey'
cmake -S source/deps/libvalkey -B build -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_INSTALL_PREFIX="$PREFIX" -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF \
  -DDISABLE_TESTS=ON
ninja -C build install
