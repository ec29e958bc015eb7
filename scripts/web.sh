#!/usr/bin/env bash
# web.sh FOLDER [FROM]: puts into FOLDER, unless it stands, the packages that the pages are made of, at
# the versions of FROM/package-lock.json (web). It is made beside its name and renamed when complete.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
to=$1 from=${2:-web} part=$1.part.$$
[ ! -d "$to" ] || exit 0
rm -rf "$to".part.*
mkdir -p "$part"
cp "$here/$from"/{package.json,package-lock.json,.npmrc} "$part"
(cd "$part" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier \
  --cache "$part/npm")
mv -T "$part/node_modules" "$to" 2>/dev/null || [ -d "$to" ]
rm -rf "$part"
