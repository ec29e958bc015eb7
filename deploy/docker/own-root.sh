#!/usr/bin/env bash
# own-root.sh COMMAND…: runs it where / is a mount point, as buildah's storage and runc want; that of
# a chroot, in which ./dev works, is none.
set -euo pipefail
# shellcheck disable=SC2016  # the inner shells expand it
exec unshare --mount --propagation unchanged bash -euc '
  mount --make-rprivate / 2>/dev/null || true
  mkdir -p "$0" && mount --rbind / "$0"
  exec chroot "$0" bash -euc "cd \"\$0\" && exec \"\$@\"" "$PWD" "$@"
' /run/ara-own-root "$@"
