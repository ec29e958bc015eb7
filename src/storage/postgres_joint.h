#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/postgres_store.h"

/// Transactions that span the databases of several shards: two-phase commit, the decision a row of
/// the catalog. docs/adr/0010 says why and shows that it is right.
namespace ara::storage {

/// What is written to one shard, in a transaction that is prepared before the decision.
struct JointPart {
  int shard = 0;
  PostgresStore* store = nullptr;
  std::function<Result<void>(PgConnection&)> write;
  std::optional<int> after;  ///< takes effect later than the part of that shard
};

struct JointWrite {
  PostgresStore* catalog = nullptr;
  /// What is written to the catalog in the transaction of the decision.
  std::function<Result<void>(PgConnection&)> write;
  /// Done one after another. Two writes of the same rows must come to them in the same order.
  std::vector<JointPart> parts;
  /// Tests stop it before a step, as if the process had ended there.
  std::function<bool(std::string_view step)> stop_before;
};

/// Commits all of it or nothing. The writes may run several times. An error after the decision says
/// that it stands (Code::unavailable); whoever settles makes it visible.
Result<void> commit_jointly(const JointWrite& joint, const Call& call);

/// Ends what other processes left prepared: as was decided, or, where nothing was within a while,
/// by deciding against it. Shards that cannot be reached keep theirs.
Result<void> settle_in_doubt(PostgresStore& catalog, const std::map<int, PostgresStore*>& shards,
                             const Call& call);

/// Deletes old decisions, once no shard has anything prepared that may still need one.
Result<void> forget_decisions(PostgresStore& catalog, const std::map<int, PostgresStore*>& shards,
                              const Call& call);

/// Within a transaction: keeps `slots` where they are until it ends; moved() unless all are here.
Result<void> hold_slots(PgConnection& connection, std::vector<int> slots);

}  // namespace ara::storage
