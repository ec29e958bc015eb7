#!/usr/bin/env bash
# Secrets come as files where Compose and Swarm run the image: of each NAME_FILE the content becomes
# NAME, so that no secret stands in a container's settings, which anyone who may inspect it reads.
set -euo pipefail
for name in JWT_SECRET_KEY JWT_PREVIOUS_SECRET_KEYS POSTGRES_PASSWORD REDIS_PASSWORD; do
  file=${name}_FILE
  [ -n "${!file:-}" ] || continue
  if [ -n "${!name:-}" ]; then
    echo "ara: $name and $file are both set: which one holds?" >&2
    exit 2
  fi
  export "$name=$(<"${!file}")"
  unset "$file"
done
exec ara "$@"
