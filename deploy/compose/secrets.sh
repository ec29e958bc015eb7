#!/usr/bin/env bash
# secrets.sh [FOLDER [HOST]]: makes the passwords of deploy/compose.yaml and a certificate for HOST
# (localhost), which only those trust who are told to. What is there already is left alone.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-$here/secrets} host=${2:-localhost}
# The folder keeps others out. The files themselves are read by users of containers.
install -d -m 700 "$folder"
cd "$folder"
for name in jwt_secret_key postgres_admin_password postgres_password postgres_replication_password \
  redis_password grafana_admin_password; do
  [ -s "$name" ] || openssl rand -hex 32 | tr -d '\n' >"$name"
done
if [ ! -s tls.crt ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 \
    -subj "/CN=$host" -addext "subjectAltName=DNS:$host" -keyout tls.key -out tls.crt 2>/dev/null
fi
chmod 444 ./*
