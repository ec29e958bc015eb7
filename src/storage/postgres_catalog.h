#pragma once

#include <optional>
#include <string>

#include "storage/postgres_store.h"

/// The shard map as the catalog holds it, and how one shard's database is found and known again.
namespace ara::storage {

Result<ShardMap> read_shard_map(PgConnection& connection);
/// Within a transaction: what `map` places, under the next epoch.
Result<void> write_placement(PgConnection& connection, const ShardMap& map);

/// The URI of a shard: that of the catalog with other servers and, if `hosts` names one, another
/// database. Code::invalid.
Result<std::string> uri_of_shard(const std::string& catalog, const std::string& hosts);

/// What a database knows of itself.
struct ShardSelf {
  std::string fleet;
  int number = 0;
};
/// Nothing for a database that was never joined to others.
Result<std::optional<ShardSelf>> read_shard_self(PgConnection& connection);

/// A shard that is connected to as needed.
Result<std::unique_ptr<PgShard>> make_shard(const std::string& uri, const StoreOptions& options);

/// Makes or migrates its tables.
Result<void> make_ready(PgShard& shard, const Call& call);

}  // namespace ara::storage
