#!/usr/bin/env bash
# post_bootstrap.sh URL: Patroni runs it once, on the first primary of a new shard: ARA's role and
# database, and the shard's place in the repository of backups. The names and the password come from
# the environment of Patroni.
set -euo pipefail
psql -X -q -v ON_ERROR_STOP=1 -d "$1" -v "user=$POSTGRES_USER" -v "database=$POSTGRES_DB" <<'SQL'
\getenv password POSTGRES_PASSWORD
CREATE ROLE :"user" LOGIN PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"user";
SQL
PGHOST=${HOST} PGPASSWORD=${SUPERUSER_PASSWORD} \
  pgbackrest --config="${FOLDER}/pgbackrest.conf" --stanza="shard-${SHARD}" stanza-create
