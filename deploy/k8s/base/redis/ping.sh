#!/usr/bin/env bash
# Healthy is a node that answers and, once it belongs to a cluster, sees its shards served.
set -euo pipefail
# shellcheck source=/dev/null
. "$(dirname "$0")/password.sh"
info=$(redis-cli -p "${REDIS_PORT:-6379}" cluster info)
grep -q '^cluster_state:ok' <<<"$info" || grep -q '^cluster_known_nodes:1\b' <<<"$info"
