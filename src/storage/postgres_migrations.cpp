#include "storage/postgres_migrations.h"

#include <array>

#include "base/format.h"
#include "base/hash.h"
#include "storage/postgres_shard_tables.h"

namespace ara::storage {
namespace {

struct PgMigration {
  std::string_view name;
  std::string_view sql;
};

// Times of bars are seconds since the epoch, other times microseconds; what is missing is NULL.
// Integers are bigint and text is collated by bytes throughout, as in the embedded store.
//
// heads counts changes of symbols in kHeadParts rows, by slot, so that writers of different symbols
// seldom wait for one another; versions counts those of champions and of accounts. commits holds
// the tokens of recent writes.
constexpr std::array kPgMigrations{
    PgMigration{"writes", R"(
CREATE TABLE commits (
  token bytea PRIMARY KEY CHECK (length(token) = 16),
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX commits_by_time ON commits (at);
CREATE TABLE versions (
  name text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL
);
INSERT INTO versions VALUES ('registry', 1), ('accounts', 1);
)"},
    PgMigration{"bars", R"(
CREATE TABLE heads (
  part bigint PRIMARY KEY,
  version bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO heads SELECT part, 1 FROM generate_series(0, 63) part;
CREATE TABLE symbols (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  symbol text COLLATE "C" NOT NULL UNIQUE CHECK (symbol <> ''),
  slot bigint NOT NULL CHECK (slot BETWEEN 0 AND 16383),
  asset_type text COLLATE "C" NOT NULL CHECK (asset_type <> ''),
  bar_interval text COLLATE "C" NOT NULL CHECK (bar_interval = 'day'),
  revision bigint NOT NULL CHECK (revision > 0),
  content bigint NOT NULL,
  bars bigint NOT NULL CHECK (bars > 0),
  first bigint NOT NULL,
  last bigint NOT NULL CHECK (last >= first)
) WITH (fillfactor = 80);
CREATE INDEX symbols_by_slot ON symbols (slot);
CREATE TABLE bars (
  slot bigint NOT NULL,
  symbol_id bigint NOT NULL,
  time bigint NOT NULL,
  open double precision,
  high double precision,
  low double precision,
  close double precision NOT NULL,
  adjusted_close double precision,
  volume double precision,
  PRIMARY KEY (slot, symbol_id, time)
) PARTITION BY RANGE (slot);
DO $$
BEGIN
  FOR part IN 0..15 LOOP
    EXECUTE format('CREATE TABLE bars_%s PARTITION OF bars FOR VALUES FROM (%s) TO (%s)',
                   part, part * 1024, (part + 1) * 1024);
  END LOOP;
END $$;
)"},
    PgMigration{"forecasts", R"(
CREATE TABLE forecasts (
  id bytea PRIMARY KEY CHECK (length(id) = 16),
  symbol text COLLATE "C" NOT NULL CHECK (symbol <> ''),
  revision bigint NOT NULL,
  content bigint NOT NULL,
  as_of text COLLATE "C" NOT NULL,
  horizon bigint NOT NULL CHECK (horizon > 0),
  model_version text COLLATE "C" NOT NULL,
  created bigint NOT NULL,
  bytes bytea NOT NULL
);
CREATE INDEX forecasts_by_created ON forecasts (created);
)"},
    PgMigration{"registry", R"(
CREATE TABLE model_versions (
  id text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
  model text COLLATE "C" NOT NULL CHECK (model <> ''),
  asset_type text COLLATE "C" NOT NULL CHECK (asset_type <> ''),
  band text COLLATE "C" NOT NULL CHECK (band <> ''),
  document text COLLATE "C" NOT NULL,
  created bigint NOT NULL,
  status text COLLATE "C" NOT NULL CHECK (status IN ('candidate', 'champion', 'retired', 'refused')),
  reason text COLLATE "C" NOT NULL,
  changed bigint NOT NULL
);
CREATE INDEX model_versions_by_created ON model_versions (created DESC, id);
CREATE UNIQUE INDEX model_champions ON model_versions (asset_type, band)
  WHERE status = 'champion';
CREATE TABLE market_factors (
  asset_type text COLLATE "C" PRIMARY KEY CHECK (asset_type <> ''),
  revision bigint NOT NULL CHECK (revision > 0),
  payload bytea NOT NULL
);
)"},
    PgMigration{"accounts", R"(
CREATE TABLE accounts (
  id text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
  email text COLLATE "C" NOT NULL UNIQUE CHECK (email <> ''),
  username text COLLATE "C" NOT NULL,
  password_hash text COLLATE "C" NOT NULL,
  role text COLLATE "C" NOT NULL CHECK (role <> ''),
  tier text COLLATE "C" NOT NULL CHECK (tier <> ''),
  active bigint NOT NULL CHECK (active IN (0, 1)),
  generation bigint NOT NULL CHECK (generation > 0),
  created bigint NOT NULL
);
CREATE TABLE api_keys (
  id text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
  account_id text COLLATE "C" NOT NULL REFERENCES accounts (id),
  name text COLLATE "C" NOT NULL,
  hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
  prefix text COLLATE "C" NOT NULL,
  created bigint NOT NULL,
  expires bigint,
  revoked bigint,
  last_used bigint
);
CREATE INDEX api_keys_by_account ON api_keys (account_id, created);
CREATE TABLE audit_log (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  time bigint NOT NULL,
  actor text COLLATE "C" NOT NULL,
  action text COLLATE "C" NOT NULL,
  target text COLLATE "C" NOT NULL,
  detail text COLLATE "C" NOT NULL
);
CREATE TABLE day_usage (
  day bigint NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  used bigint NOT NULL CHECK (used >= 0),
  PRIMARY KEY (day, account_id)
);
)"},
    PgMigration{"webhooks", R"(
CREATE TABLE webhooks (
  id text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
  account text COLLATE "C" NOT NULL CHECK (account <> ''),
  url text COLLATE "C" NOT NULL,
  events text COLLATE "C" NOT NULL,
  secret text COLLATE "C" NOT NULL,
  description text COLLATE "C" NOT NULL,
  active bigint NOT NULL,
  created bigint NOT NULL,
  updated bigint NOT NULL,
  deliveries bigint NOT NULL DEFAULT 0,
  successes bigint NOT NULL DEFAULT 0,
  failures bigint NOT NULL DEFAULT 0,
  last_delivery bigint NOT NULL DEFAULT 0,
  last_status text COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX webhooks_by_account ON webhooks (account, created DESC);
CREATE TABLE deliveries (
  id text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
  webhook text COLLATE "C" NOT NULL REFERENCES webhooks (id),
  event text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  body text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL CHECK (status IN ('pending', 'retrying', 'success', 'failed')),
  attempts bigint NOT NULL DEFAULT 0,
  response_code bigint NOT NULL DEFAULT 0,
  response_body text COLLATE "C" NOT NULL DEFAULT '',
  error text COLLATE "C" NOT NULL DEFAULT '',
  created bigint NOT NULL,
  delivered bigint NOT NULL DEFAULT 0,
  due bigint NOT NULL,
  leased_until bigint NOT NULL DEFAULT 0
);
CREATE INDEX deliveries_by_webhook ON deliveries (webhook, created DESC);
CREATE INDEX deliveries_by_created ON deliveries (created);
CREATE INDEX deliveries_open ON deliveries (webhook, due) WHERE status IN ('pending', 'retrying');
CREATE TABLE alerts (
  account text COLLATE "C" NOT NULL CHECK (account <> ''),
  number bigint NOT NULL,
  symbol text COLLATE "C" NOT NULL,
  metric text COLLATE "C" NOT NULL,
  condition text COLLATE "C" NOT NULL,
  threshold double precision NOT NULL,
  holds bigint NOT NULL,
  PRIMARY KEY (account, number)
);
CREATE INDEX alerts_by_symbol ON alerts (symbol);
)"},
    PgMigration{"queue", R"(
CREATE TABLE jobs (
  id text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
  owner text COLLATE "C" NOT NULL CHECK (owner <> ''),
  kind text COLLATE "C" NOT NULL CHECK (kind <> ''),
  payload text COLLATE "C" NOT NULL,
  idempotency_key text COLLATE "C" NOT NULL,
  slot text COLLATE "C" NOT NULL,
  max_attempts bigint NOT NULL CHECK (max_attempts > 0),
  created bigint NOT NULL,
  state text COLLATE "C" NOT NULL
    CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  progress double precision NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
  message text COLLATE "C" NOT NULL DEFAULT '',
  attempts bigint NOT NULL DEFAULT 0,
  interruptions bigint NOT NULL DEFAULT 0,
  not_before bigint NOT NULL,
  fence bigint NOT NULL DEFAULT 0,
  holder text COLLATE "C" NOT NULL DEFAULT '',
  leased_until bigint NOT NULL DEFAULT 0,
  heartbeat bigint NOT NULL DEFAULT 0,
  result text COLLATE "C" NOT NULL DEFAULT '',
  error text COLLATE "C" NOT NULL DEFAULT '',
  updated bigint NOT NULL,
  expires bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
CREATE INDEX jobs_open ON jobs (created, id) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_open_by_owner ON jobs (owner) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_by_slot ON jobs (kind, slot) WHERE state = 'queued' AND slot <> '';
CREATE UNIQUE INDEX jobs_by_key ON jobs (owner, idempotency_key) WHERE idempotency_key <> '';
CREATE INDEX jobs_by_created ON jobs (created DESC, id DESC);
CREATE INDEX jobs_by_expiry ON jobs (expires) WHERE expires > 0;
)"},
    PgMigration{"shards", kPgShardTables},
    // changed is the version of its part of heads that a symbol's newest change made: writers of
    // one part wait for one another's commits, so who sees a version sees all changes up to it. A
    // program of before this step knows nothing of it: what that writes counts as changed ever
    // anew.
    PgMigration{"changes", R"(
ALTER TABLE symbols ADD COLUMN changed bigint NOT NULL DEFAULT 0;
ALTER TABLE symbols ALTER COLUMN changed SET DEFAULT 9223372036854775807;
CREATE INDEX symbols_by_change ON symbols ((slot % 64), changed);
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed := 9223372036854775807;
  RETURN NEW;
END $$;
CREATE TRIGGER note_change BEFORE UPDATE ON symbols FOR EACH ROW
  WHEN (NEW.revision <> OLD.revision) EXECUTE FUNCTION note_change();
)"},
    // They lie in the slots of their symbols. settled is 0 until an outcome is known; change holds
    // the knots of a quantile function.
    PgMigration{"settlements", R"(
CREATE TABLE settlements (
  symbol text COLLATE "C" NOT NULL CHECK (symbol <> ''),
  as_of bigint NOT NULL,
  model_version text COLLATE "C" NOT NULL,
  day bigint NOT NULL CHECK (day > 0),
  forecast bytea NOT NULL CHECK (length(forecast) = 16),
  asset_type text COLLATE "C" NOT NULL CHECK (asset_type <> ''),
  due bigint NOT NULL,
  scale text COLLATE "C" NOT NULL CHECK (scale IN ('log', 'level')),
  price double precision NOT NULL,
  change bytea NOT NULL,
  created bigint NOT NULL,
  slot bigint NOT NULL CHECK (slot BETWEEN 0 AND 16383),
  leased_until bigint NOT NULL DEFAULT 0,
  settled bigint NOT NULL DEFAULT 0,
  outcome double precision,
  error double precision,
  inside bigint,
  crps double precision,
  walk_crps double precision,
  PRIMARY KEY (symbol, as_of, model_version, day),
  UNIQUE (forecast, day)
) WITH (fillfactor = 80);
CREATE INDEX settlements_open ON settlements (due) WHERE settled = 0;
CREATE INDEX settlements_settled ON settlements (asset_type, settled DESC) WHERE settled > 0;
CREATE INDEX settlements_by_created ON settlements (created);
CREATE INDEX settlements_by_slot ON settlements (slot);
)"},
    PgMigration{"backups", R"(
CREATE TABLE backups (
  id bigint PRIMARY KEY CHECK (id = 1),
  newest bigint NOT NULL
);
INSERT INTO backups VALUES (1, (extract(epoch FROM now()) * 1000000)::bigint);
)"},
};

// Any number will do that no other program locks in the same database.
constexpr std::string_view kBeginAlone = R"(
BEGIN;
SELECT pg_advisory_xact_lock(4154525);
CREATE TABLE IF NOT EXISTS migrations (
  number bigint PRIMARY KEY,
  name text COLLATE "C" NOT NULL,
  checksum text COLLATE "C" NOT NULL,
  applied timestamptz NOT NULL DEFAULT now()
);
)";
constexpr std::string_view kReadRecord = "SELECT number, name, checksum FROM migrations ORDER BY 1";

std::string checksum_of(const PgMigration& step) {
  return to_hex(stable_hash128(step.sql));
}

/// How many steps the database has.
Result<std::size_t> check_record(const PgRows& rows, const PgPlace& place) {
  for (int row = 0; row < rows.size(); ++row) {
    const auto number = static_cast<std::size_t>(row);
    if (number == kPgMigrations.size()) {
      return fail(Code::corrupt,
                  ara::format("the database {} of {} was made by a newer ARA: it has schema step "
                              "{} ({}), this program knows {}",
                              place.database, place.shown, rows.integer(row, 0), rows.text(row, 1),
                              kPgMigrations.size()));
    }
    const PgMigration& step = kPgMigrations[number];
    if (rows.integer(row, 0) != row + 1 || rows.text(row, 2) != checksum_of(step)) {
      return fail(Code::corrupt,
                  ara::format("the database {} of {} was made by another line of ARA: its schema "
                              "step {} ({}) is not this program's step {} ({})",
                              place.database, place.shown, rows.integer(row, 0), rows.text(row, 1),
                              row + 1, step.name));
    }
  }
  return static_cast<std::size_t>(rows.size());
}

Result<void> apply_steps(PgConnection& connection, std::size_t first) {
  for (std::size_t i = first; i < kPgMigrations.size(); ++i) {
    const PgMigration& step = kPgMigrations[i];
    if (auto done = connection.run(std::string(step.sql)); !done) {
      return std::unexpected(done.error());
    }
    auto noted =
        connection.ask("INSERT INTO migrations (number, name, checksum) VALUES ($1, $2, $3)", i + 1,
                       step.name, std::string_view(checksum_of(step)));
    if (!noted) return std::unexpected(noted.error());
  }
  return connection.run("COMMIT").transform([](const PgRows&) {});
}

}  // namespace

Result<void> make_tables(PgConnection& connection) {
  for (const PgMigration& step : kPgMigrations) {
    if (auto done = connection.run(std::string(step.sql)); !done) {
      return std::unexpected(done.error());
    }
  }
  return {};
}

Result<void> migrate(PgConnection& connection, const PgPlace& place) {
  // Asked without the lock first: all but the first process of a version find everything done.
  const auto exists = connection.ask("SELECT to_regclass('migrations') IS NOT NULL");
  if (!exists) return std::unexpected(exists.error());
  if (exists->flag(0, 0)) {
    const auto rows = connection.ask(kReadRecord);
    if (!rows) return std::unexpected(rows.error());
    const auto done = check_record(*rows, place);
    if (!done) return std::unexpected(done.error());
    if (*done == kPgMigrations.size()) return {};
  }
  if (auto begun = connection.run(std::string(kBeginAlone)); !begun) {
    return std::unexpected(begun.error());
  }
  const auto rows = connection.ask(kReadRecord);
  if (!rows) return std::unexpected(rows.error());
  const auto done = check_record(*rows, place);
  if (!done) return std::unexpected(done.error());
  return apply_steps(connection, *done);
}

}  // namespace ara::storage
