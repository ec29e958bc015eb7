#!/usr/bin/env bash
# Starts the replica; on an empty volume it first copies the primary. `-R` makes it follow through
# its slot. A copy that broke off is thrown away whole.
set -euo pipefail
if [ ! -e "$PGDATA/copied" ]; then
  find "$PGDATA" -mindepth 1 -delete
  PGPASSWORD=$(<"${SECRETS:-/run/secrets}/postgres_replication_password") \
    pg_basebackup -h "$PRIMARY_HOST" -p "${PRIMARY_PORT:-5432}" -U ara_replication -D "$PGDATA" \
    -R -X stream -S replica --checkpoint=fast
  chmod 700 "$PGDATA"
  touch "$PGDATA/copied"
fi
exec "$@"
