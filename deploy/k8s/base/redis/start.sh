#!/usr/bin/env bash
# Starts a node of the Redis Cluster: redis.conf, and what differs from node to node. The password
# goes to a file that nobody else reads, as arguments of a process are seen by all.
set -euo pipefail
here=$(dirname "$0")
# shellcheck source=/dev/null
. "$here/password.sh"
own=${REDIS_OWN_CONF:-/tmp/redis.conf}
umask 077
{
  cat "$here/redis.conf"
  printf 'requirepass "%s"\nmasterauth "%s"\n' "$REDIS_PASSWORD" "$REDIS_PASSWORD"
  printf 'dir %s\n' "${REDIS_DIR:-/data}"
  printf 'cluster-announce-hostname %s\n' "${REDIS_ANNOUNCE:-$HOSTNAME}"
} >"$own"
unset REDIS_PASSWORD REDISCLI_AUTH
exec redis-server "$own" "$@"
