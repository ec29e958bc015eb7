// Versions of models, champions and market factors of PostgresStore.
#include <optional>

#include "storage/models_check.h"
#include "storage/postgres_store.h"

namespace ara::storage {
namespace {

// What pg_version_of reads, but for the document.
#define ARA_PG_VERSION "id, model, asset_type, band, created, status, reason, changed"

Result<ModelVersionRow> pg_version_of(const PgRows& rows, int row, std::string_view document) {
  const auto asset_type = domain::parse_asset_type(rows.text(row, 2));
  const auto status = parse_model_status(rows.text(row, 5));
  if (!asset_type || !status) {
    return fail(Code::corrupt, "the stored model '" + printable(rows.text(row, 0)) +
                                   "' cannot be read: " +
                                   (asset_type ? status.error() : asset_type.error()).message);
  }
  return ModelVersionRow{.id = std::string(rows.text(row, 0)),
                         .model = std::string(rows.text(row, 1)),
                         .asset_type = *asset_type,
                         .band = std::string(rows.text(row, 3)),
                         .document = std::string(document),
                         .created = wall_time(rows.integer(row, 4)),
                         .status = *status,
                         .reason = std::string(rows.text(row, 6)),
                         .changed = wall_time(rows.integer(row, 7))};
}

/// All of `rows`; `documents` is the column of theirs, if they have one.
Result<std::vector<ModelVersionRow>> pg_versions(const Result<PgRows>& rows,
                                                 std::optional<int> documents) {
  if (!rows) return std::unexpected(rows.error());
  std::vector<ModelVersionRow> found;
  for (int row = 0; row < rows->size(); ++row) {
    auto version =
        pg_version_of(*rows, row, documents ? rows->text(row, *documents) : std::string_view());
    if (!version) return std::unexpected(std::move(version.error()));
    found.push_back(std::move(*version));
  }
  return found;
}

Result<std::optional<ModelVersionRow>> pg_find_version(PgConnection& connection,
                                                       const std::string& id) {
  auto found = pg_versions(
      connection.ask("SELECT " ARA_PG_VERSION ", document FROM model_versions WHERE id = $1", id),
      8);
  if (!found) return std::unexpected(std::move(found.error()));
  if (found->empty()) return std::nullopt;
  return std::move(found->front());
}

Result<void> pg_put_version(PgConnection& connection, const ModelVersionRow& row) {
  if (auto checked = check_new_version(row); !checked) return checked;
  const auto inserted = connection.ask(
      "INSERT INTO model_versions (" ARA_PG_VERSION
      ", document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
      row.id, row.model, domain::describe(row.asset_type).name, row.band, microseconds(row.created),
      to_string(row.status), row.reason, microseconds(row.changed), row.document);
  if (!inserted || inserted->changed() > 0) return only_done(inserted);
  const auto stored = pg_find_version(connection, row.id);
  if (!stored) return std::unexpected(stored.error());
  if (*stored) return check_same_version(**stored, row);
  return fail(Code::unavailable, "the store changed under a write of the model " + row.id);
}

Result<void> pg_dethrone(PgConnection& connection, const ModelVersionRow& heir, WallTime when) {
  return only_done(
      connection.ask("UPDATE model_versions SET status = 'candidate', changed = $1 "
                     "WHERE asset_type = $2 AND band = $3 AND status = 'champion'",
                     microseconds(when), domain::describe(heir.asset_type).name, heir.band));
}

}  // namespace

Result<void> write_versions(PgConnection& connection, std::span<const ModelVersionRow> rows) {
  for (const ModelVersionRow& row : rows) {
    if (auto put = pg_put_version(connection, row); !put) return put;
  }
  return {};
}

Result<void> write_status(PgConnection& connection, const std::string& id, ModelStatus to,
                          const std::string& reason, WallTime when) {
  // One change of statuses at a time: two heirs of one champion must see each other.
  auto alone = connection.ask("SELECT pg_advisory_xact_lock(hashtextextended('model status', 0))");
  if (!alone) return std::unexpected(alone.error());
  const auto row = pg_find_version(connection, id);
  if (!row) return std::unexpected(row.error());
  if (!*row) return no_model(id);
  if ((*row)->status == to) return {};
  auto done = check_change(**row, to);
  if (done && to == ModelStatus::champion) done = pg_dethrone(connection, **row, when);
  if (!done) return done;
  return only_done(
             connection.ask("UPDATE model_versions SET status = $1, reason = $2, changed = $3 "
                            "WHERE id = $4",
                            to_string(to), reason, microseconds(when), id))
      .and_then([&] { return count_change(connection, "registry"); });
}

Result<void> PostgresStore::put_models(std::span<const ModelVersionRow> rows, const Call& call) {
  return write(DbOperation::models, call,
               [&](PgConnection& connection) { return write_versions(connection, rows); });
}

Result<std::optional<ModelVersionRow>> PostgresStore::find_model(const std::string& id,
                                                                 const Call& call) {
  return read(DbOperation::models, call,
              [&](PgConnection& connection) { return pg_find_version(connection, id); });
}

Result<std::vector<ModelVersionRow>> PostgresStore::models(const ModelFilter& filter,
                                                           const Call& call) {
  const std::string_view asset =
      filter.asset_type ? domain::describe(*filter.asset_type).name : std::string_view();
  const std::string_view status = filter.status ? to_string(*filter.status) : std::string_view();
  return read(DbOperation::models, call, [&](PgConnection& connection) {
    return pg_versions(
        connection.ask("SELECT " ARA_PG_VERSION ", document FROM model_versions "
                       "WHERE ($1 = '' OR asset_type = $1) AND ($2 = '' OR band = $2) "
                       "AND ($3 = '' OR status = $3) AND starts_with(id, $4) "
                       "ORDER BY created DESC, id LIMIT $5",
                       asset, filter.band, status, filter.id_prefix, filter.limit),
        8);
  });
}

Result<std::vector<ModelVersionRow>> PostgresStore::champions(const Call& call) {
  return read(DbOperation::models, call, [&](PgConnection& connection) {
    return pg_versions(
        connection.ask("SELECT " ARA_PG_VERSION
                       " FROM model_versions WHERE status = 'champion' ORDER BY asset_type, band"),
        std::nullopt);
  });
}

Result<void> PostgresStore::promote_model(const std::string& id, WallTime when, const Call& call) {
  return change_status(id, ModelStatus::champion, {}, when, call);
}

Result<void> PostgresStore::retire_model(const std::string& id, const std::string& reason,
                                         WallTime when, const Call& call) {
  return change_status(id, ModelStatus::retired, reason, when, call);
}

Result<void> PostgresStore::change_status(const std::string& id, ModelStatus to,
                                          const std::string& reason, WallTime when,
                                          const Call& call) {
  return write(DbOperation::models, call, [&](PgConnection& connection) {
    return write_status(connection, id, to, reason, when);
  });
}

Result<std::uint64_t> PostgresStore::put_market(const MarketRow& market, const Call& call) {
  const std::string_view name = domain::describe(market.asset_type).name;
  return write(DbOperation::models, call, [&](PgConnection& connection) -> Result<std::uint64_t> {
    auto put = connection.ask(
        "INSERT INTO market_factors AS old (asset_type, revision, payload) VALUES ($1, 1, $2) "
        "ON CONFLICT (asset_type) DO UPDATE "
        "SET revision = old.revision + 1, payload = excluded.payload "
        "WHERE old.payload <> excluded.payload",
        name, PgBytes{market.payload});
    if (!put) return std::unexpected(put.error());
    if (put->changed() > 0) {
      if (auto counted = count_change(connection, "registry"); !counted) {
        return std::unexpected(counted.error());
      }
    }
    const auto row =
        connection.ask("SELECT revision FROM market_factors WHERE asset_type = $1", name);
    if (!row) return std::unexpected(row.error());
    return static_cast<std::uint64_t>(row->integer(0, 0));
  });
}

Result<std::optional<MarketRow>> PostgresStore::find_market(domain::AssetType asset_type,
                                                            const Call& call) {
  return read(
      DbOperation::models, call, [&](PgConnection& connection) -> Result<std::optional<MarketRow>> {
        const auto row =
            connection.ask("SELECT revision, payload FROM market_factors WHERE asset_type = $1",
                           domain::describe(asset_type).name);
        if (!row) return std::unexpected(row.error());
        if (row->empty()) return std::nullopt;
        return MarketRow{asset_type, static_cast<std::uint64_t>(row->integer(0, 0)),
                         std::string(row->text(0, 1))};
      });
}

Result<std::vector<MarketRow>> PostgresStore::markets(const Call& call) {
  return read(
      DbOperation::models, call, [&](PgConnection& connection) -> Result<std::vector<MarketRow>> {
        const auto rows =
            connection.ask("SELECT asset_type, revision FROM market_factors ORDER BY asset_type");
        if (!rows) return std::unexpected(rows.error());
        std::vector<MarketRow> found;
        for (int row = 0; row < rows->size(); ++row) {
          const auto asset_type = domain::parse_asset_type(rows->text(row, 0));
          if (!asset_type) {
            return fail(Code::corrupt,
                        "a stored market factor cannot be read: " + asset_type.error().message);
          }
          found.push_back({*asset_type, static_cast<std::uint64_t>(rows->integer(row, 1)), {}});
        }
        return found;
      });
}

}  // namespace ara::storage
