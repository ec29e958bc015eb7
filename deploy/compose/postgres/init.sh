#!/usr/bin/env bash
# Run once by the postgres image when it has made its data: the database of ARA, its user, who may
# do no more than that, and what the replica needs.
set -euo pipefail
secrets=${SECRETS:-/run/secrets}
psql -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d postgres -q \
  -v password="$(<"$secrets/postgres_password")" \
  -v replication="$(<"$secrets/postgres_replication_password")" <<'SQL'
create role ara_user login password :'password';
create database ara_ai owner ara_user;
create role ara_replication login replication password :'replication';
select from pg_create_physical_replication_slot('replica');
\connect ara_ai
revoke all on schema public from public;
grant all on schema public to ara_user;
create extension pg_stat_statements;
grant pg_read_all_stats to ara_user;
SQL
# The image's own line for all databases does not count for replication.
echo 'host replication ara_replication all scram-sha-256' >>"$PGDATA/pg_hba.conf"
