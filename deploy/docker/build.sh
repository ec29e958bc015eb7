#!/usr/bin/env bash
# build.sh OUT: builds the image where no Docker runs, with buildah and a Debian 13 root made here,
# and leaves in OUT
#   image/      the image as a registry would hold it: a manifest and compressed layers
#   bundle/     its file system and its configuration, for runc
# Run it on the build platform, as root: `./dev shell deploy/docker/build.sh OUT`. ARA_CACHE keeps
# the root, and what was compiled before.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
out=$(realpath -m "$1")
cache=${ARA_CACHE:?names the folder that ./dev keeps things in}/image
mkdir -p "$out" "$cache"

if [ -z "${ARA_OWN_ROOT:-}" ]; then
  export ARA_OWN_ROOT=1
  exec "$here/deploy/docker/own-root.sh" "$here/deploy/docker/build.sh" "$out"
fi
cd "$here"

# The limits that containers get by default are above those of a machine that is one itself.
export CONTAINERS_CONF=$cache/containers.conf TMPDIR=$cache/tmp
mkdir -p "$TMPDIR"
cat >"$CONTAINERS_CONF" <<'TOML'
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
TOML
tool() { buildah --root "$out/store" --runroot "$out/run" --storage-driver overlay "$@"; }

mirror() {
  # shellcheck disable=SC2016  # apt expands it
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    grep -m1 -E '^https?://.*/debian/?$' || true
}

# As the official debian:trixie-slim is made: minbase without documentation and caches.
base() {
  local part=$cache/base.part.$$ from
  from=$(mirror)
  debootstrap --variant=minbase --include=ca-certificates trixie "$part" ${from:+"$from"} >&2
  printf 'path-exclude=/usr/share/%s/*\n' doc man locale info lintian >"$part/etc/dpkg/dpkg.cfg.d/slim"
  rm -rf "$part"/usr/share/{doc,man,locale,info,lintian}/* "$part"/var/cache/apt/*.bin \
    "$part"/var/cache/apt/archives/*.deb "$part"/var/lib/apt/lists/*
  # A company's own certificate authority must work in there too.
  cp /etc/ssl/certs/ca-certificates.crt "$part/etc/ssl/certs/"
  tar -C "$part" -cf "$cache/base.tar.part" .
  rm -rf --one-file-system "$part"
  mv "$cache/base.tar.part" "$cache/base.tar"
}

[ -s "$cache/base.tar" ] || base
if ! tool inspect --type image docker.io/library/debian:trixie-slim >/dev/null 2>&1; then
  container=$(tool from scratch)
  tool add -q "$container" "$cache/base.tar" /
  tool config --cmd bash "$container"
  tool commit -q "$container" docker.io/library/debian:trixie-slim
  tool rm "$container" >/dev/null
fi

tool build --isolation chroot --format docker --pull=never --layers \
  -f deploy/docker/Dockerfile -t ara . >&2
rm -rf "$out/image" "$out/bundle"
tool push -q ara "dir:$out/image"
tool inspect --type image ara >"$out/image.json"
container=$(tool from --pull=never ara)
mkdir -p "$out/bundle"
cp -a "$(tool mount "$container")" "$out/bundle/rootfs"
tool rm "$container" >/dev/null
