#include "storage/sqlite_migrations.h"

#include <array>
#include <vector>

#include "base/format.h"
#include "base/hash.h"

namespace ara::storage {
namespace {

// Times of bars are seconds since the epoch, other times microseconds; a missing number is NULL.
// bars is clustered by symbol and time, so that a symbol's newest bars lie side by side. heads
// holds one row: version grows with every change of a symbol, registry with every change of a
// champion or market factor, accounts with every change of an account or key, writes with every
// acknowledged write.
constexpr std::array kMigrations{
    Migration{"bars", R"(
CREATE TABLE symbols (
  id INTEGER PRIMARY KEY,
  symbol TEXT NOT NULL UNIQUE CHECK (symbol <> ''),
  asset_type TEXT NOT NULL CHECK (asset_type <> ''),
  bar_interval TEXT NOT NULL CHECK (bar_interval = 'day'),
  revision INTEGER NOT NULL CHECK (revision > 0),
  content INTEGER NOT NULL,
  bars INTEGER NOT NULL CHECK (bars > 0),
  first INTEGER NOT NULL,
  last INTEGER NOT NULL CHECK (last >= first)
) STRICT;
CREATE TABLE bars (
  symbol_id INTEGER NOT NULL REFERENCES symbols (id),
  time INTEGER NOT NULL,
  open REAL,
  high REAL,
  low REAL,
  close REAL NOT NULL,
  adjusted_close REAL,
  volume REAL,
  PRIMARY KEY (symbol_id, time)
) STRICT, WITHOUT ROWID;
CREATE TABLE heads (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  version INTEGER NOT NULL,
  writes INTEGER NOT NULL
) STRICT;
INSERT INTO heads VALUES (1, 1, 0);
)"},
    Migration{"forecasts", R"(
CREATE TABLE forecasts (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  symbol TEXT NOT NULL CHECK (symbol <> ''),
  revision INTEGER NOT NULL,
  content INTEGER NOT NULL,
  as_of TEXT NOT NULL CHECK (as_of = date(as_of)),
  horizon INTEGER NOT NULL CHECK (horizon > 0),
  model_version TEXT NOT NULL,
  created INTEGER NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE INDEX forecasts_by_created ON forecasts (created);
)"},
    Migration{"models", R"(
CREATE TABLE models (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  name TEXT NOT NULL,
  scope TEXT NOT NULL,
  version TEXT NOT NULL,
  created INTEGER NOT NULL,
  payload BLOB NOT NULL
) STRICT;
CREATE INDEX models_by_created ON models (created);
)"},
    Migration{"jobs", R"(
CREATE TABLE jobs (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  kind TEXT NOT NULL CHECK (kind <> ''),
  payload TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
  result TEXT NOT NULL DEFAULT '',
  created INTEGER NOT NULL,
  leased_until INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0)
) STRICT;
CREATE INDEX jobs_open ON jobs (created, id) WHERE state IN ('queued', 'running');
)"},
    // Nothing ever wrote to the table of step 3.
    Migration{"registry", R"(
DROP TABLE models;
CREATE TABLE model_versions (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  model TEXT NOT NULL CHECK (model <> ''),
  asset_type TEXT NOT NULL CHECK (asset_type <> ''),
  band TEXT NOT NULL CHECK (band <> ''),
  document TEXT NOT NULL,
  created INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('candidate', 'champion', 'retired', 'refused')),
  reason TEXT NOT NULL,
  changed INTEGER NOT NULL
) STRICT;
CREATE INDEX model_versions_by_created ON model_versions (created DESC, id);
CREATE UNIQUE INDEX model_champions ON model_versions (asset_type, band)
  WHERE status = 'champion';
CREATE TABLE market_factors (
  asset_type TEXT PRIMARY KEY CHECK (asset_type <> ''),
  revision INTEGER NOT NULL CHECK (revision > 0),
  payload BLOB NOT NULL
) STRICT;
ALTER TABLE heads ADD COLUMN registry INTEGER NOT NULL DEFAULT 1;
)"},
    // Of a day only the count is kept; a key's moments that have not come are NULL.
    Migration{"accounts", R"(
CREATE TABLE accounts (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  email TEXT NOT NULL UNIQUE CHECK (email <> ''),
  username TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role <> ''),
  tier TEXT NOT NULL CHECK (tier <> ''),
  active INTEGER NOT NULL CHECK (active IN (0, 1)),
  generation INTEGER NOT NULL CHECK (generation > 0),
  created INTEGER NOT NULL
) STRICT;
CREATE TABLE api_keys (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  account_id TEXT NOT NULL REFERENCES accounts (id),
  name TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  prefix TEXT NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER,
  revoked INTEGER,
  last_used INTEGER
) STRICT;
CREATE INDEX api_keys_by_account ON api_keys (account_id, created);
CREATE TABLE audit_log (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  time INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE TABLE day_usage (
  day INTEGER NOT NULL,
  account_id TEXT NOT NULL,
  used INTEGER NOT NULL CHECK (used >= 0),
  PRIMARY KEY (day, account_id)
) STRICT, WITHOUT ROWID;
ALTER TABLE heads ADD COLUMN accounts INTEGER NOT NULL DEFAULT 1;
)"},
    // A missing time is 0. A delivery is leased while leased_until is in the future.
    Migration{"webhooks", R"(
CREATE TABLE webhooks (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  account TEXT NOT NULL CHECK (account <> ''),
  url TEXT NOT NULL,
  events TEXT NOT NULL,
  secret TEXT NOT NULL,
  description TEXT NOT NULL,
  active INTEGER NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  deliveries INTEGER NOT NULL DEFAULT 0,
  successes INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  last_delivery INTEGER NOT NULL DEFAULT 0,
  last_status TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX webhooks_by_account ON webhooks (account, created DESC);
CREATE TABLE deliveries (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  webhook TEXT NOT NULL REFERENCES webhooks (id),
  event TEXT NOT NULL,
  type TEXT NOT NULL,
  body TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'retrying', 'success', 'failed')),
  attempts INTEGER NOT NULL DEFAULT 0,
  response_code INTEGER NOT NULL DEFAULT 0,
  response_body TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT '',
  created INTEGER NOT NULL,
  delivered INTEGER NOT NULL DEFAULT 0,
  due INTEGER NOT NULL,
  leased_until INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX deliveries_by_webhook ON deliveries (webhook, created DESC);
CREATE INDEX deliveries_by_created ON deliveries (created);
CREATE INDEX deliveries_open ON deliveries (webhook, due) WHERE status IN ('pending', 'retrying');
CREATE TABLE alerts (
  account TEXT NOT NULL CHECK (account <> ''),
  number INTEGER NOT NULL,
  symbol TEXT NOT NULL,
  metric TEXT NOT NULL,
  condition TEXT NOT NULL,
  threshold REAL NOT NULL,
  holds INTEGER NOT NULL,
  PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX alerts_by_symbol ON alerts (symbol);
)"},
    // Nothing ever wrote to the table of step 4. expires is 0 until a job has ended.
    Migration{"queue", R"(
DROP TABLE jobs;
CREATE TABLE jobs (
  id TEXT PRIMARY KEY CHECK (id <> ''),
  owner TEXT NOT NULL CHECK (owner <> ''),
  kind TEXT NOT NULL CHECK (kind <> ''),
  payload TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  slot TEXT NOT NULL,
  max_attempts INTEGER NOT NULL CHECK (max_attempts > 0),
  created INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  progress REAL NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
  message TEXT NOT NULL DEFAULT '',
  attempts INTEGER NOT NULL DEFAULT 0,
  interruptions INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL,
  fence INTEGER NOT NULL DEFAULT 0,
  holder TEXT NOT NULL DEFAULT '',
  leased_until INTEGER NOT NULL DEFAULT 0,
  heartbeat INTEGER NOT NULL DEFAULT 0,
  result TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT '',
  updated INTEGER NOT NULL,
  expires INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX jobs_open ON jobs (created, id) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_open_by_owner ON jobs (owner) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_by_slot ON jobs (kind, slot) WHERE state = 'queued' AND slot <> '';
CREATE UNIQUE INDEX jobs_by_key ON jobs (owner, idempotency_key) WHERE idempotency_key <> '';
CREATE INDEX jobs_by_created ON jobs (created DESC, id DESC);
CREATE INDEX jobs_by_expiry ON jobs (expires) WHERE expires > 0;
)"},
    // changed is the version of heads that a symbol's newest change made; 0: before there was such.
    Migration{"changes", R"(
ALTER TABLE symbols ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX symbols_by_change ON symbols (changed);
)"},
    // settled is 0 until an outcome is known; change holds the knots of a quantile function.
    Migration{"settlements", R"(
CREATE TABLE settlements (
  symbol TEXT NOT NULL CHECK (symbol <> ''),
  as_of INTEGER NOT NULL,
  model_version TEXT NOT NULL,
  day INTEGER NOT NULL CHECK (day > 0),
  forecast BLOB NOT NULL CHECK (length(forecast) = 16),
  asset_type TEXT NOT NULL CHECK (asset_type <> ''),
  due INTEGER NOT NULL,
  scale TEXT NOT NULL CHECK (scale IN ('log', 'level')),
  price REAL NOT NULL,
  change BLOB NOT NULL,
  created INTEGER NOT NULL,
  leased_until INTEGER NOT NULL DEFAULT 0,
  settled INTEGER NOT NULL DEFAULT 0,
  outcome REAL,
  error REAL,
  inside INTEGER,
  crps REAL,
  walk_crps REAL,
  PRIMARY KEY (symbol, as_of, model_version, day),
  UNIQUE (forecast, day)
) STRICT;
CREATE INDEX settlements_open ON settlements (due) WHERE settled = 0;
CREATE INDEX settlements_settled ON settlements (asset_type, settled) WHERE settled > 0;
CREATE INDEX settlements_by_created ON settlements (created);
)"},
    Migration{"backups", R"(
CREATE TABLE backups (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  newest INTEGER NOT NULL
) STRICT;
INSERT INTO backups VALUES (1, CAST(unixepoch('subsec') * 1000000 AS INTEGER));
)"},
};

constexpr const char* kMakeRecord = R"(
CREATE TABLE migrations (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL,
  applied TEXT NOT NULL
) STRICT)";

std::string checksum_of(const Migration& step) {
  return to_hex(stable_hash128(step.sql));
}

Result<std::int64_t> ask(SqliteConnection& connection, std::string_view question) {
  SqliteStatement statement = connection.prepare(question);
  const auto row = statement.step();
  if (!row) return std::unexpected(row.error());
  return *row ? statement.integer(0) : 0;
}

/// What `recorded` gives, asked within a transaction.
Result<std::size_t> read_record(SqliteConnection& connection, const std::string& path,
                                std::span<const Migration> steps) {
  const auto application = ask(connection, "PRAGMA application_id");
  if (!application) return std::unexpected(application.error());
  const auto tables = ask(connection, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return std::unexpected(tables.error());
  if (*application == 0 && *tables == 0) return 0;
  if (*application != kApplicationId) {
    return fail(Code::corrupt, path + " is a SQLite file of another program, not a store of ARA");
  }
  SqliteStatement rows =
      connection.prepare("SELECT number, name, checksum FROM migrations ORDER BY number");
  for (std::size_t count = 0;; ++count) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return count;
    if (count == steps.size()) {
      return fail(Code::corrupt,
                  ara::format("the store {} was made by a newer ARA: it has schema step {} ({}), "
                              "this program knows {}; use that version or another store",
                              path, rows.integer(0), rows.text(1), steps.size()));
    }
    if (rows.integer(0) != static_cast<std::int64_t>(count) + 1 ||
        rows.text(2) != checksum_of(steps[count])) {
      return fail(Code::corrupt,
                  ara::format("the store {} was made by another line of ARA: its schema step {} "
                              "({}) is not this program's step {} ({})",
                              path, rows.integer(0), rows.text(1), count + 1, steps[count].name));
    }
  }
}

}  // namespace

Result<std::size_t> recorded(SqliteConnection& connection, const std::string& path,
                             std::span<const Migration> steps) {
  if (connection.in_transaction()) return read_record(connection, path, steps);
  // One snapshot for the three questions: another process may be making the store right now.
  auto snapshot = SqliteTransaction::begin(connection, SqliteTransaction::Kind::read);
  if (!snapshot) return std::unexpected(snapshot.error());
  return read_record(connection, path, steps);
}

namespace {

/// Applies the first step that is missing, if one is.
Result<void> apply(SqliteConnection& connection, const std::string& path,
                   std::span<const Migration> steps) {
  auto transaction = SqliteTransaction::begin(connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  // Asked again now that no one else can write: another process may have been faster.
  const auto done = recorded(connection, path, steps);
  if (!done) return std::unexpected(done.error());
  if (*done == steps.size()) return {};
  if (*done == 0) {
    const std::string mark = ara::format("PRAGMA application_id = {}", kApplicationId);
    if (auto marked = connection.run(mark.c_str()); !marked) return marked;
    if (auto made = connection.run(kMakeRecord); !made) return made;
  }
  const Migration& step = steps[*done];
  if (auto applied = connection.run(step.sql); !applied) return applied;
  auto noted = connection.prepare("INSERT INTO migrations VALUES (?, ?, ?, datetime())")
                   .bind(*done + 1, step.name, std::string_view(checksum_of(step)))
                   .run();
  if (!noted) return noted;
  return transaction->commit();
}

}  // namespace

std::span<const Migration> migrations() {
  return kMigrations;
}

Result<void> migrate(SqliteConnection& connection, const std::string& path,
                     std::span<const Migration> steps) {
  for (;;) {
    const auto done = recorded(connection, path, steps);
    if (!done) return std::unexpected(done.error());
    if (*done == steps.size()) return {};
    if (auto applied = apply(connection, path, steps); !applied) return applied;
  }
}

}  // namespace ara::storage
