#include "storage/postgres_joint.h"

#include <algorithm>
#include <charconv>
#include <random>
#include <set>

#include "base/format.h"
#include "base/hash.h"

namespace ara::storage {
namespace {

/// Prepared for so long without a decision: whoever prepared it is gone, or will be told so.
constexpr std::int64_t kAbandonedMilliseconds = 2000;

std::string joint_gid(const std::string& token, const JointPart& part) {
  return ara::format("ara:{}:{}{}", token, part.shard,
                     part.after ? ara::format(":{}", *part.after) : std::string());
}

/// The number of prepared transactions that servers allow is small; the time they stay is short.
Result<void> prepare_part(PgConnection& connection, const std::string& gid) {
  // As with COMMIT: a timeout would end the wait for the standby, not the transaction.
  const auto done =
      connection.run(ara::format("SET LOCAL statement_timeout = 0; PREPARE TRANSACTION '{}'", gid));
  if (!done) return std::unexpected(done.error());
  if (connection.warned()) {
    return fail(Code::unavailable, "PostgreSQL: prepared, but perhaps on one server only");
  }
  return {};
}

/// Ends a prepared transaction, unless it has ended already. Once this returns, standbys that must
/// have the end have it.
Result<void> end_prepared(PostgresStore& store, const std::string& gid, bool commit,
                          const Call& call) {
  PgAttempt attempt;
  const std::string sql = ara::format("{} PREPARED '{}'", commit ? "COMMIT" : "ROLLBACK", gid);
  for (;;) {
    auto lease = store.connection(call);
    auto done = lease ? only_done((*lease)->run(sql)) : std::unexpected(lease.error());
    const bool sure = done && !(*lease)->warned();
    if (sure || (!done && done.error().code == Code::not_found)) {
      if (sure || !commit) return {};
      // Another ended it. A commit of our own waits for the standbys, and so for that one's.
      return store.write(DbOperation::fleet, call,
                         [](PgConnection&) -> Result<void> { return {}; });
    }
    if (!attempt.again(done ? Error{Code::unavailable, "", "", "", ""} : done.error(), call)) {
      return done;
    }
  }
}

/// What was decided; decides against it where nothing was. The row is written again so that the
/// answer is on the catalog's standby before anyone acts on it.
Result<bool> settle_decision(PostgresStore& catalog, const std::string& token, const Call& call) {
  return catalog.write(DbOperation::fleet, call, [&](PgConnection& connection) -> Result<bool> {
    const auto row = connection.ask(
        "INSERT INTO decisions (token, committed) VALUES (decode($1, 'hex'), false) "
        "ON CONFLICT (token) DO UPDATE SET at = now() RETURNING committed",
        std::string_view(token));
    if (!row) return std::unexpected(row.error());
    return row->flag(0, 0);
  });
}

std::string new_token() {
  std::random_device random;
  std::string token;
  for (int i = 0; i < 4; ++i) token += ara::format("{:08x}", random());
  return token;
}

/// One try of a joint write.
class JointTry {
 public:
  JointTry(const JointWrite& joint, const Call& call)
      : joint_(joint), call_(call), token_(new_token()) {}

  Result<void> run() {
    auto done = work().and_then([this] { return prepare(); });
    if (!done) return give_up(std::move(done));
    auto committed = decide();
    if (stopped_) return stop_error();
    if (!committed) return give_up(std::unexpected(committed.error()));
    if (!*committed) {
      return give_up(fail(Code::unavailable, "another process has given this write up"));
    }
    decided_ = true;
    return finish();
  }
  /// Whether the outcome is sure to be "nothing", so that another try is in order.
  bool repeatable() const { return !decided_ && !unknown_ && !stopped_; }

 private:
  bool stop(std::string_view step) {
    stopped_ = stopped_ || (joint_.stop_before && joint_.stop_before(step));
    return stopped_;
  }
  static std::unexpected<Error> stop_error() { return fail(Code::unavailable, "stopped"); }

  Result<void> begin(PostgresStore& store, std::optional<PgPool::Lease>& lease) {
    auto taken = store.connection(call_);
    if (!taken) return std::unexpected(taken.error());
    lease.emplace(std::move(*taken));
    // Should this process vanish with its network, nothing is to stay locked for long.
    return only_done(
        (*lease)->run(ara::format("BEGIN; SET LOCAL statement_timeout = {}; "
                                  "SET LOCAL idle_in_transaction_session_timeout = '60s'",
                                  std::max<std::int64_t>(1, (*lease)->left().count()))));
  }

  Result<void> work() {
    if (auto begun = begin(*joint_.catalog, catalog_); !begun) return begun;
    if (joint_.write) {
      if (auto done = joint_.write(**catalog_); !done) return done;
    }
    leases_.resize(joint_.parts.size());
    for (std::size_t i = 0; i < joint_.parts.size(); ++i) {
      const JointPart& part = joint_.parts[i];
      if (stop("write")) return stop_error();
      if (auto begun = begin(*part.store, leases_[i]); !begun) return begun;
      if (auto done = part.write(**leases_[i]); !done) return done;
    }
    return {};
  }

  Result<void> prepare() {
    for (std::size_t i = 0; i < joint_.parts.size(); ++i) {
      if (stop("prepare")) return stop_error();
      prepared_ = i + 1;  // whatever comes of it: it may be, even if no answer comes
      auto done = prepare_part(**leases_[i], joint_gid(token_, joint_.parts[i]));
      if (!done) return done;
      leases_[i].reset();
    }
    return {};
  }

  Result<bool> decide() {
    if (stop("decide")) return stop_error();
    const auto row = (*catalog_)->ask(
        "INSERT INTO decisions (token, committed) VALUES (decode($1, 'hex'), true) "
        "ON CONFLICT (token) DO NOTHING",
        std::string_view(token_));
    if (!row) return std::unexpected(row.error());
    if (row->changed() == 0) return false;
    const auto position = PgAttempt::commit(**catalog_);
    if (position) {
      joint_.catalog->know(*position);
      return true;
    }
    catalog_.reset();
    auto settled = settle_decision(*joint_.catalog, token_, call_);
    unknown_ = !settled;
    return settled;
  }

  Result<void> finish() {
    for (const JointPart& part : joint_.parts) {
      if (stop("finish")) return stop_error();
      auto done = end_prepared(*part.store, joint_gid(token_, part), true, call_);
      if (!done) return done;
      if (const auto standing = part.store->standing(call_)) part.store->know(standing->position);
    }
    return {};
  }

  /// Undoes what there is, unless its fate is open: then whoever settles will do it.
  Result<void> give_up(Result<void> why) {
    if (stopped_ || unknown_) return why;
    if (catalog_) PgAttempt::roll_back(**catalog_);
    for (std::optional<PgPool::Lease>& lease : leases_) {
      if (lease) PgAttempt::roll_back(**lease);
    }
    leases_.clear();
    for (std::size_t i = 0; i < prepared_; ++i) {
      const JointPart& part = joint_.parts[i];
      (void)end_prepared(*part.store, joint_gid(token_, part), false, call_);
    }
    return why;
  }

  const JointWrite& joint_;
  const Call& call_;
  const std::string token_;
  std::optional<PgPool::Lease> catalog_;
  std::vector<std::optional<PgPool::Lease>> leases_;
  std::size_t prepared_ = 0;  ///< so many parts, at most
  bool decided_ = false;
  bool unknown_ = false;
  bool stopped_ = false;
};

/// A transaction that some process left prepared.
struct InDoubt {
  std::string gid;
  std::string token;
  int shard = 0;
  std::optional<int> after;
  std::int64_t age = 0;  ///< in milliseconds
};

std::optional<int> number_in(std::string_view& text) {
  int number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end.ptr - text.data()));
  if (text.starts_with(':')) text.remove_prefix(1);
  return number;
}

Result<std::vector<InDoubt>> list_in_doubt(PostgresStore& store, const Call& call) {
  return store.read(
      DbOperation::fleet, call, [](PgConnection& connection) -> Result<std::vector<InDoubt>> {
        const auto rows = connection.ask(
            "SELECT gid, (extract(epoch FROM clock_timestamp() - prepared) * 1000)::bigint "
            "FROM pg_prepared_xacts WHERE database = current_database() AND gid LIKE 'ara:%'");
        if (!rows) return std::unexpected(rows.error());
        std::vector<InDoubt> found;
        for (int row = 0; row < rows->size(); ++row) {
          std::string_view text = rows->text(row, 0);
          InDoubt one{.gid = std::string(text), .token = {}, .age = rows->integer(row, 1)};
          text.remove_prefix(std::string_view("ara:").size());
          one.token = text.substr(0, 32);
          if (!hash_from_hex(one.token) || text.size() < 34) continue;
          text.remove_prefix(33);
          const auto shard = number_in(text);
          if (!shard) continue;
          one.shard = *shard;
          one.after = number_in(text);
          found.push_back(std::move(one));
        }
        return found;
      });
}

Result<std::optional<bool>> read_decision(PostgresStore& catalog, const std::string& token,
                                          const Call& call) {
  return catalog.read(
      DbOperation::fleet, call, [&](PgConnection& connection) -> Result<std::optional<bool>> {
        const auto row =
            connection.ask("SELECT committed FROM decisions WHERE token = decode($1, 'hex')",
                           std::string_view(token));
        if (!row) return std::unexpected(row.error());
        if (row->empty()) return std::nullopt;
        return row->flag(0, 0);
      });
}

/// All of one token, those that wait for another last.
Result<void> settle_token(PostgresStore& catalog, const std::map<int, PostgresStore*>& shards,
                          const std::vector<InDoubt>& parts, const std::set<int>& silent,
                          const Call& call) {
  const std::string& token = parts.front().token;
  const auto decision = read_decision(catalog, token, call);
  if (!decision) return std::unexpected(decision.error());
  const bool abandoned = std::ranges::any_of(
      parts, [](const InDoubt& one) { return one.age >= kAbandonedMilliseconds; });
  if (!*decision && !abandoned) return {};
  const auto committed = settle_decision(catalog, token, call);
  if (!committed) return std::unexpected(committed.error());
  std::set<int> open = silent;
  Result<void> outcome;
  for (const bool later : {false, true}) {
    for (const InDoubt& one : parts) {
      if (one.after.has_value() != later) continue;
      if (*committed && later && open.contains(*one.after)) continue;
      if (auto ended = end_prepared(*shards.at(one.shard), one.gid, *committed, call); !ended) {
        open.insert(one.shard);
        outcome = std::unexpected(ended.error());
      }
    }
  }
  return outcome;
}

}  // namespace

Result<void> commit_jointly(const JointWrite& joint, const Call& call) {
  PgAttempt attempt;
  for (;;) {
    JointTry one(joint, call);
    auto done = one.run();
    if (done || !one.repeatable() || !attempt.again(done.error(), call)) return done;
  }
}

Result<void> settle_in_doubt(PostgresStore& catalog, const std::map<int, PostgresStore*>& shards,
                             const Call& call) {
  std::map<std::string, std::vector<InDoubt>> by_token;
  std::set<int> silent;
  Result<void> outcome;
  for (const auto& [number, store] : shards) {
    const auto found = list_in_doubt(*store, call);
    if (!found) {
      silent.insert(number);
      outcome = std::unexpected(found.error());
      continue;
    }
    for (InDoubt one : *found) {
      one.shard = number;
      by_token[one.token].push_back(std::move(one));
    }
  }
  for (const auto& [token, parts] : by_token) {
    if (auto done = settle_token(catalog, shards, parts, silent, call); !done) outcome = done;
  }
  return outcome;
}

Result<void> forget_decisions(PostgresStore& catalog, const std::map<int, PostgresStore*>& shards,
                              const Call& call) {
  for (const auto& [number, store] : shards) {
    const auto found = list_in_doubt(*store, call);
    if (!found) return std::unexpected(found.error());
    if (!found->empty()) return {};
  }
  // A day is far longer than any write goes on trying.
  return catalog.write(DbOperation::fleet, call, [](PgConnection& connection) {
    return only_done(connection.ask("DELETE FROM decisions WHERE at < now() - interval '1 day'"));
  });
}

Result<void> hold_slots(PgConnection& connection, std::vector<int> slots) {
  sort_slots(slots);
  return only_done(
      connection.ask("SELECT hold_slots($1::bigint[])", std::string_view(pg_array(slots))));
}

}  // namespace ara::storage
