// Versions of models, champions and market factors of SqliteStore.
#include <optional>

#include "storage/models_check.h"
#include "storage/sqlite_store.h"

namespace ara::storage {
namespace {

// What version_of reads, but for the document.
#define ARA_VERSION_COLUMNS "id, model, asset_type, band, created, status, reason, changed"

Result<ModelVersionRow> version_of(const SqliteStatement& row, std::string_view document) {
  const auto asset_type = domain::parse_asset_type(row.text(2));
  const auto status = parse_model_status(row.text(5));
  if (!asset_type || !status) {
    return fail(Code::corrupt, "the stored model '" + printable(row.text(0)) +
                                   "' cannot be read: " +
                                   (asset_type ? status.error() : asset_type.error()).message);
  }
  return ModelVersionRow{.id = std::string(row.text(0)),
                         .model = std::string(row.text(1)),
                         .asset_type = *asset_type,
                         .band = std::string(row.text(3)),
                         .document = std::string(document),
                         .created = wall_time(row.integer(4)),
                         .status = *status,
                         .reason = std::string(row.text(6)),
                         .changed = wall_time(row.integer(7))};
}

/// All rows that `rows`, bound, gives; `documents` is the column of theirs, if they have one.
Result<std::vector<ModelVersionRow>> all_versions(SqliteStatement& rows,
                                                  std::optional<int> documents) {
  std::vector<ModelVersionRow> found;
  for (;;) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return found;
    auto version = version_of(rows, documents ? rows.text(*documents) : std::string_view());
    if (!version) return std::unexpected(std::move(version.error()));
    found.push_back(std::move(*version));
  }
}

Result<std::optional<ModelVersionRow>> read_version(SqliteConnection& connection,
                                                    const std::string& id) {
  SqliteStatement rows = connection.prepare("SELECT " ARA_VERSION_COLUMNS
                                            ", document FROM model_versions WHERE id = ?");
  auto found = all_versions(rows.bind(id), 8);
  if (!found) return std::unexpected(std::move(found.error()));
  if (found->empty()) return std::nullopt;
  return std::move(found->front());
}

Result<void> put_version(SqliteConnection& connection, const ModelVersionRow& row) {
  if (auto checked = check_new_version(row); !checked) return checked;
  auto inserted =
      connection
          .prepare("INSERT INTO model_versions (" ARA_VERSION_COLUMNS
                   ", document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING")
          .bind(row.id, row.model, domain::describe(row.asset_type).name, row.band,
                microseconds(row.created), to_string(row.status), row.reason,
                microseconds(row.changed), row.document)
          .run();
  if (!inserted || connection.changed() > 0) return inserted;
  const auto stored = read_version(connection, row.id);
  if (!stored) return std::unexpected(stored.error());
  if (*stored) return check_same_version(**stored, row);
  return fail(Code::internal, "the store has lost the model " + row.id);
}

Result<void> set_status(SqliteConnection& connection, const std::string& id, ModelStatus status,
                        std::string_view reason, WallTime when) {
  return connection
      .prepare("UPDATE model_versions SET status = ?, reason = ?, changed = ? WHERE id = ?")
      .bind(to_string(status), reason, microseconds(when), id)
      .run();
}

Result<void> dethrone(SqliteConnection& connection, const ModelVersionRow& heir, WallTime when) {
  return connection
      .prepare(
          "UPDATE model_versions SET status = 'candidate', changed = ? "
          "WHERE asset_type = ? AND band = ? AND status = 'champion'")
      .bind(microseconds(when), domain::describe(heir.asset_type).name, heir.band)
      .run();
}

}  // namespace

Result<void> write_versions(SqliteConnection& connection, std::span<const ModelVersionRow> rows) {
  for (const ModelVersionRow& row : rows) {
    if (auto put = put_version(connection, row); !put) return put;
  }
  return {};
}

Result<Changed> write_status(SqliteConnection& connection, const std::string& id, ModelStatus to,
                             const std::string& reason, WallTime when) {
  const auto row = read_version(connection, id);
  if (!row) return std::unexpected(row.error());
  if (!*row) return no_model(id);
  if ((*row)->status == to) return Changed::nothing;
  auto done = check_change(**row, to);
  if (done && to == ModelStatus::champion) done = dethrone(connection, **row, when);
  if (done) done = set_status(connection, id, to, reason, when);
  return done.transform([] { return Changed::registry; });
}

Result<void> SqliteStore::put_models(std::span<const ModelVersionRow> rows, const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::models);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  return write_versions(**connection, rows)
      .and_then([&] { return note_write(**connection, Changed::nothing); })
      .and_then([&] { return transaction->commit(); });
}

Result<std::optional<ModelVersionRow>> SqliteStore::find_model(const std::string& id,
                                                               const Call& call) {
  auto connection = readers_.take(call, DbOperation::models);
  if (!connection) return std::unexpected(connection.error());
  return read_version(**connection, id);
}

Result<std::vector<ModelVersionRow>> SqliteStore::models(const ModelFilter& filter,
                                                         const Call& call) {
  auto connection = readers_.take(call, DbOperation::models);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement rows = (*connection)
                             ->prepare("SELECT " ARA_VERSION_COLUMNS
                                       ", document FROM model_versions "
                                       "WHERE (?1 = '' OR asset_type = ?1) "
                                       "AND (?2 = '' OR band = ?2) AND (?3 = '' OR status = ?3) "
                                       "AND substr(id, 1, length(?4)) = ?4 "
                                       "ORDER BY created DESC, id LIMIT ?5");
  const std::string_view asset =
      filter.asset_type ? domain::describe(*filter.asset_type).name : std::string_view();
  const std::string_view status = filter.status ? to_string(*filter.status) : std::string_view();
  return all_versions(rows.bind(asset, filter.band, status, filter.id_prefix, filter.limit), 8);
}

Result<std::vector<ModelVersionRow>> SqliteStore::champions(const Call& call) {
  auto connection = readers_.take(call, DbOperation::models);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement rows =
      (*connection)
          ->prepare("SELECT " ARA_VERSION_COLUMNS
                    " FROM model_versions WHERE status = 'champion' ORDER BY asset_type, band");
  return all_versions(rows.bind(), std::nullopt);
}

Result<void> SqliteStore::promote_model(const std::string& id, WallTime when, const Call& call) {
  return change_status(id, ModelStatus::champion, {}, when, call);
}

Result<void> SqliteStore::retire_model(const std::string& id, const std::string& reason,
                                       WallTime when, const Call& call) {
  return change_status(id, ModelStatus::retired, reason, when, call);
}

Result<void> SqliteStore::change_status(const std::string& id, ModelStatus to,
                                        const std::string& reason, WallTime when,
                                        const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::models);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  return write_status(**connection, id, to, reason, when)
      .and_then([&](Changed changed) { return note_write(**connection, changed); })
      .and_then([&] { return transaction->commit(); });
}

Result<std::uint64_t> SqliteStore::put_market(const MarketRow& market, const Call& call) {
  auto connection = writer(call, Sync::full, DbOperation::models);
  if (!connection) return std::unexpected(connection.error());
  auto transaction = SqliteTransaction::begin(**connection, SqliteTransaction::Kind::write);
  if (!transaction) return std::unexpected(transaction.error());
  const std::string_view name = domain::describe(market.asset_type).name;
  auto put = (*connection)
                 ->prepare(
                     "INSERT INTO market_factors (asset_type, revision, payload) VALUES (?, 1, ?) "
                     "ON CONFLICT (asset_type) DO UPDATE "
                     "SET revision = revision + 1, payload = excluded.payload "
                     "WHERE payload <> excluded.payload")
                 .bind(name, SqliteBlob{market.payload})
                 .run();
  if (!put) return std::unexpected(put.error());
  const bool changed = (*connection)->changed() > 0;
  std::uint64_t revision = 0;
  {
    SqliteStatement row =
        (*connection)->prepare("SELECT revision FROM market_factors WHERE asset_type = ?");
    const auto found = row.bind(name).step();
    if (!found) return std::unexpected(found.error());
    revision = static_cast<std::uint64_t>(row.integer(0));
  }
  auto done =
      note_write(**connection, changed ? Changed::registry : Changed::nothing).and_then([&] {
        return transaction->commit();
      });
  if (!done) return std::unexpected(done.error());
  return revision;
}

Result<std::optional<MarketRow>> SqliteStore::find_market(domain::AssetType asset_type,
                                                          const Call& call) {
  auto connection = readers_.take(call, DbOperation::models);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement row =
      (*connection)->prepare("SELECT revision, payload FROM market_factors WHERE asset_type = ?");
  const auto found = row.bind(domain::describe(asset_type).name).step();
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::nullopt;
  return MarketRow{asset_type, static_cast<std::uint64_t>(row.integer(0)),
                   std::string(row.text(1))};
}

Result<std::vector<MarketRow>> SqliteStore::markets(const Call& call) {
  auto connection = readers_.take(call, DbOperation::models);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement rows =
      (*connection)->prepare("SELECT asset_type, revision FROM market_factors ORDER BY asset_type");
  std::vector<MarketRow> found;
  for (rows.bind();;) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return found;
    const auto asset_type = domain::parse_asset_type(rows.text(0));
    if (!asset_type) {
      return fail(Code::corrupt,
                  "a stored market factor cannot be read: " + asset_type.error().message);
    }
    found.push_back({*asset_type, static_cast<std::uint64_t>(rows.integer(1)), {}});
  }
}

Result<std::uint64_t> SqliteStore::registry_version(const Call& call) {
  return read_count("SELECT registry FROM heads", call, DbOperation::models);
}

Result<WallTime> SqliteStore::last_backup(const Call& call) {
  auto connection = readers_.take(call, DbOperation::fleet);
  if (!connection) return std::unexpected(connection.error());
  SqliteStatement newest = (*connection)->prepare("SELECT newest FROM backups");
  const auto row = newest.bind().step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(Code::corrupt, "the store has lost its row of backups");
  return wall_time(newest.integer(0));
}

}  // namespace ara::storage
