#!/usr/bin/env bash
# on_role_change.sh ACTION ROLE SHARD: Patroni runs it when this member has started or has become
# primary or standby. pgbouncer tells its clients what PostgreSQL said when the pool's first
# connection was made, in_hot_standby among it: with new connections it hears, and says, the new
# truth to who looks for the primary (target_session_attrs).
set -euo pipefail
PGPASSWORD=$PGBOUNCER_PASSWORD psql -X -q -w -c RECONNECT \
  "host=$PGBOUNCER_HOST port=$PGBOUNCER_PORT user=pgbouncer dbname=pgbouncer connect_timeout=2"
