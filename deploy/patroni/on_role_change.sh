#!/usr/bin/env bash
# on_role_change.sh ACTION ROLE SHARD: Patroni runs it when this member has started or changes its
# role. pgbouncer tells its clients what PostgreSQL said when the pool's first connection was made,
# in_hot_standby among it, by which they look for the primary (target_session_attrs). Told to
# reconnect it hears the new truth; but Patroni runs this before a promotion is complete, so it is
# told again until its clients see the role.
set -euo pipefail
role=standby
[ "$2" != primary ] || role=primary

sees_role() {
  PGPASSWORD=$POSTGRES_PASSWORD psql -X -q -w -c '' "$POOL user=$POSTGRES_USER \
    dbname=$POSTGRES_DB connect_timeout=2 target_session_attrs=$role" 2>/dev/null
}

for _ in {1..150}; do
  ! sees_role || exit 0
  PGPASSWORD=$PGBOUNCER_PASSWORD psql -X -q -w -c RECONNECT \
    "$POOL user=pgbouncer dbname=pgbouncer connect_timeout=2" || true
  sleep 0.2
done
printf 'the pool does not become that of a %s\n' "$role" >&2
exit 1
