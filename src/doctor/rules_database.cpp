// What is found in the databases and on the way to them.
#include <algorithm>
#include <set>

#include "doctor/finding.h"
#include "doctor/sizing.h"
#include "doctor/stages.h"
#include "doctor/words.h"

namespace ara::doctor {
namespace {

using storage::DatabaseLook;
using storage::ServerLook;
using storage::StatementUse;
using storage::TableUse;

constexpr double kSlowMean = 0.1;  ///< seconds
constexpr double kFewCalls = 5;
constexpr double kLongStatement = 30;    ///< seconds
constexpr double kLongTransaction = 10;  ///< seconds, idle
constexpr double kPoolWait = 0.025;      ///< seconds
constexpr double kPoolWaitShare = 0.01;
constexpr double kDbErrorShare = 0.01;
constexpr std::uint64_t kLargeTable = 10'000;  ///< rows
constexpr std::uint64_t kOftenScanned = 3;     ///< in the window

template <class Look>
void at_each_server(const std::optional<storage::StoreLook>& store, Look look) {
  if (!store) return;
  for (const DatabaseLook& database : store->databases) {
    for (const ServerLook& server : database.servers) look(database, server);
  }
}

/// The same server in an earlier look; null where it could not be asked then.
const ServerLook* same_server(const std::optional<storage::StoreLook>& store,
                              const ServerLook& wanted) {
  const ServerLook* found = nullptr;
  at_each_server(store, [&](const DatabaseLook&, const ServerLook& server) {
    if (server.server == wanted.server && server.error.empty()) found = &server;
  });
  return found;
}

Notes index_faults(const Facts& facts, bool invalid) {
  Notes notes;
  if (!facts.store) return notes;
  for (const DatabaseLook& database : facts.store->databases) {
    for (const storage::IndexFault& fault : database.indexes) {
      if (fault.invalid != invalid) continue;
      notes.push_back({Severity::error, ara::format("{} on {}", fault.index, fault.table),
                       ara::format("{}: {} {}", database.name, fault.index,
                                   invalid ? "is there, but was never finished"
                                           : "is in the schema and not in the database"),
                       ara::format("Run: {};", fault.repair)});
    }
  }
  return notes;
}

/// Positions of the primaries at the first look, by database.
std::uint64_t primary_position(const DatabaseLook& database) {
  std::uint64_t position = 0;
  for (const ServerLook& server : database.servers) {
    if (server.error.empty() && !server.standby) position = std::max(position, server.position);
  }
  return position;
}

/// Standbys that the nodes leave out, as they say twice.
void add_left_out(const Facts& facts, const std::set<std::string>& known, Notes& notes) {
  std::set<std::string> said = known;
  for (const NodeLook& node : facts.nodes) {
    if (!node.reachable()) continue;
    for (const std::string& replica :
         node.window.after.values("ara_db_replica_in_use", "replica")) {
      const auto used = [&](const Scrape& scrape) {
        return scrape.value("ara_db_replica_in_use", with("replica", replica)).value_or(1);
      };
      if (used(node.window.before) > 0 || used(node.window.after) > 0) continue;
      if (!said.insert(replica).second) continue;
      const auto lag = node.window.now("ara_db_replica_lag_seconds", with("replica", replica));
      notes.push_back({Severity::error, replica,
                       ara::format("{} does not read from it: it is behind by {} or more", node.url,
                                   duration(lag.value_or(0))),
                       "See to that standby: its log, its disk, its connection to the primary."});
    }
  }
}

struct PoolLook {
  double limit = 0;
  double busy = 0;
};

PoolLook tightest_pool(const NodeLook& node) {
  PoolLook found;
  for (const std::string& pool : node.window.after.values("ara_db_pool_limit", "pool")) {
    if (pool.starts_with("sqlite")) continue;  // the embedded store has one writer by its nature
    const double limit = node.window.now("ara_db_pool_limit", with("pool", pool)).value_or(0);
    if (found.limit > 0 && limit >= found.limit) continue;
    const double busy =
        node.window
            .now("ara_db_pool_connections",
                 [&](const Labels& labels) {
                   return label(labels, "pool") == pool && label(labels, "state") == "busy";
                 })
            .value_or(0);
    found = {limit, busy};
  }
  return found;
}

std::string quoted(const std::string& statement) {
  std::string text = statement;
  std::ranges::replace(text, '\n', ' ');
  return "\"" + printable(text, 100) + "\"";
}

/// Rows of all of a table's reads as a whole between two looks.
std::uint64_t since(std::uint64_t before, std::uint64_t after) {
  return after > before ? after - before : 0;
}

}  // namespace

Notes unreachable_database(const Facts& facts) {
  Notes notes;
  if (!facts.store) {
    if (!facts.store_error.empty()) {
      notes.push_back({Severity::error, "the store", facts.store_error,
                       "Run this with the settings of the servers: .env, ara.toml or the "
                       "environment."});
    }
    return notes;
  }
  for (const DatabaseLook& database : facts.store->databases) {
    if (!database.error.empty()) {
      notes.push_back({Severity::error, database.name, database.error,
                       "See to the servers that are named; a fleet promotes a standby by itself "
                       "within 20 s."});
    }
  }
  at_each_server(facts.store, [&](const DatabaseLook& database, const ServerLook& server) {
    if (server.error.empty()) return;
    notes.push_back({Severity::error, server.server,
                     ara::format("{}: {}", database.name, server.error),
                     "Start that server, or take it out of POSTGRES_HOST."});
  });
  return notes;
}

Notes missing_indexes(const Facts& facts) {
  return index_faults(facts, false);
}
Notes invalid_indexes(const Facts& facts) {
  return index_faults(facts, true);
}

Notes small_pools(const Facts& facts) {
  Notes notes;
  for (const NodeLook& node : facts.nodes) {
    if (!node.reachable()) continue;
    const PoolLook pool = tightest_pool(node);
    if (pool.limit <= 0) continue;
    const Counted waits = node.window.counted("ara_db_pool_wait_seconds");
    const double waited = waits.above(kPoolWait);
    const double refused = node.window.added("ara_db_pool_refusals_total");
    const bool felt = refused > 0 || waited > kPoolWaitShare * waits.count;
    if (pool.limit > 1 && !felt) continue;
    const std::uint32_t wanted =
        std::max(connections_for(facts), 2 * facts.sizes.postgres_connections);
    notes.push_back(
        {felt ? Severity::error : Severity::warning, node.url,
         ara::format("a pool has {:.0f} connection{}, {:.0f} of them busy; {:.0f} of {:.0f} calls "
                     "waited over {}, {:.0f} were refused",
                     pool.limit, pool.limit == 1 ? "" : "s", pool.busy, waited, waits.count,
                     duration(kPoolWait), refused),
         ara::format("Set POSTGRES_CONNECTIONS={} (it is {}).", wanted,
                     facts.sizes.postgres_connections)});
  }
  return notes;
}

Notes stalled_replicas(const Facts& facts) {
  Notes notes;
  std::set<std::string> known;
  at_each_server(facts.store, [&](const DatabaseLook& database, const ServerLook& before) {
    if (!before.error.empty() || !before.standby) return;
    const ServerLook* after = same_server(facts.store_after, before);
    if (after == nullptr || !after->standby) return;
    const std::uint64_t written = primary_position(database);
    const bool behind = after->position < written;
    if (!behind && !after->paused) return;
    known.insert(before.server);
    std::string evidence = database.name + ": ";
    if (behind) {
      evidence += ara::format(
          "it has not replayed what the primary had written {:.0f} s before, "
          "and is {} of log behind",
          facts.store_seconds, size(static_cast<double>(written - after->position)));
    } else {
      evidence += "its replay is paused, and nothing was written meanwhile";
    }
    if (after->replayed_ago) {
      evidence += ara::format("; its last commit is {} old", duration(*after->replayed_ago));
    }
    notes.push_back({behind ? Severity::error : Severity::warning, before.server, evidence,
                     after->paused ? "Run on it, as superuser: SELECT pg_wal_replay_resume();"
                                   : "See to that standby: its log, its disk, its connection to "
                                     "the primary."});
  });
  add_left_out(facts, known, notes);
  return notes;
}

Notes slow_statements(const Facts& facts) {
  Notes notes;
  at_each_server(facts.store_after, [&](const DatabaseLook&, const ServerLook& after) {
    const ServerLook* before = same_server(facts.store, after);
    if (before == nullptr) return;
    for (const StatementUse& statement : after.ended) {
      const auto same = std::ranges::find(before->ended, statement.text, &StatementUse::text);
      const bool was = same != before->ended.end() && same->calls <= statement.calls;
      const auto calls = static_cast<double>(statement.calls - (was ? same->calls : 0));
      const double seconds = statement.seconds - (was ? same->seconds : 0);
      if (calls < kFewCalls || seconds / calls <= kSlowMean) continue;
      notes.push_back({Severity::warning, after.server,
                       ara::format("{} took {} on average, {:.0f} times", quoted(statement.text),
                                   duration(seconds / calls), calls),
                       "Run EXPLAIN (ANALYZE, BUFFERS) on it, and add the index that it lacks."});
    }
  });
  for (const NodeLook& node : facts.nodes) {
    if (!node.reachable()) continue;
    for (const Stage& query : queries_of(node)) {
      if (query.count < kFewCalls || query.mean() <= kSlowMean) continue;
      notes.push_back({Severity::warning, node.url,
                       ara::format("{} took {} on average, {:.0f} times", query.name,
                                   duration(query.mean()), query.count),
                       "Load pg_stat_statements and look again: it names the statement."});
    }
  }
  return notes;
}

Notes open_statements(const Facts& facts) {
  Notes notes;
  at_each_server(facts.store_after, [&](const DatabaseLook&, const ServerLook& server) {
    for (const StatementUse& statement : server.running) {
      const bool idle = statement.state != "active";
      if (statement.seconds <= (idle ? kLongTransaction : kLongStatement)) continue;
      notes.push_back({Severity::warning, server.server,
                       ara::format("{} {} for {}", quoted(statement.text),
                                   idle ? "left a transaction open and idle" : "has been running",
                                   duration(statement.seconds)),
                       "Find its client in pg_stat_activity, and end it with "
                       "pg_terminate_backend(pid)."});
    }
  });
  return notes;
}

Notes scanned_tables(const Facts& facts) {
  Notes notes;
  at_each_server(facts.store_after, [&](const DatabaseLook&, const ServerLook& after) {
    const ServerLook* before = same_server(facts.store, after);
    if (before == nullptr) return;
    for (const TableUse& table : after.tables) {
      const auto same = std::ranges::find(before->tables, table.table, &TableUse::table);
      if (same == before->tables.end() || table.rows < kLargeTable) continue;
      const std::uint64_t scans = since(same->scans, table.scans);
      const std::uint64_t read = since(same->rows_read, table.rows_read);
      // A scan that ends at its first row is none.
      if (scans < kOftenScanned || read < scans * kLargeTable) continue;
      notes.push_back({Severity::warning, ara::format("{} at {}", table.table, after.server),
                       ara::format("it was read as a whole {} times in {:.0f} s, {} rows", scans,
                                   facts.store_seconds, read),
                       "Look at the missing indexes above; else find the statement by "
                       "pg_stat_statements."});
    }
  });
  return notes;
}

Notes failed_queries(const Facts& facts) {
  Notes notes;
  for (const NodeLook& node : facts.nodes) {
    if (!node.reachable()) continue;
    const double failed = node.window.added("ara_db_errors_total");
    // A server that could not be connected to was not asked either.
    const double all = std::max(failed, node.window.counted("ara_db_query_duration_seconds").count);
    if (failed < kFewCalls || failed <= kDbErrorShare * all) continue;
    notes.push_back({Severity::error, node.url,
                     ara::format("{:.0f} of {:.0f} calls failed", failed, all),
                     "Look at the servers found unreachable above, and at their logs."});
  }
  return notes;
}

}  // namespace ara::doctor
