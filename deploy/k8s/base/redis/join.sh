#!/usr/bin/env bash
# Makes one cluster of REDIS_NODES (HOST:PORT, spaces between): three masters, the others replicas.
# Then it looks again every 10 s, and introduces a node that came back with another address.
# `join.sh once` ends when the cluster stands.
set -euo pipefail
# shellcheck source=/dev/null
. "$(dirname "$0")/password.sh"
read -ra nodes <<<"$REDIS_NODES"

at() { redis-cli -h "${1%:*}" -p "${1##*:}" "${@:2}"; }

# The cluster's commands want addresses, not names.
address() { printf '%s:%s\n' "$(getent ahostsv4 "${1%:*}" | awk 'NR == 1 {print $1}')" "${1##*:}"; }

all_answer() {
  local node
  for node in "${nodes[@]}"; do [ "$(at "$node" ping 2>/dev/null)" = PONG ] || return 1; done
}

# Says how many nodes the node sees in good order; 0 if it holds no part of any cluster.
seen_by() {
  if at "$1" cluster info | grep -q '^cluster_slots_assigned:16384'; then
    at "$1" cluster nodes | awk '$3 !~ /fail|handshake|noaddr/ && $8 == "connected"' | wc -l
  else
    echo 0
  fi
}

create() {
  local node addresses=()
  for node in "${nodes[@]}"; do addresses+=("$(address "$node")"); done
  redis-cli --cluster create "${addresses[@]}" --cluster-replicas 1 --cluster-yes
}

introduce() {
  local node place
  for node in "${nodes[@]}"; do
    place=$(address "$node")
    at "$1" cluster meet "${place%:*}" "${place##*:}" >/dev/null
  done
}

while :; do
  if all_answer; then
    best=0 knows=${nodes[0]}
    for node in "${nodes[@]}"; do
      count=$(seen_by "$node")
      if ((count > best)); then best=$count knows=$node; fi
    done
    if ((best == 0)); then
      create
    elif ((best < ${#nodes[@]})); then
      introduce "$knows"
    elif [ "${1:-}" = once ] && at "$knows" cluster info | grep -q '^cluster_state:ok'; then
      exit 0
    fi
  fi
  sleep "${REDIS_JOIN_SECONDS:-10}"
done
