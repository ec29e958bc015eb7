// Each rule over what a node and a store said: it finds what is wrong, and only then.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "doctor/finding.h"
#include "recorded.h"

namespace ara::doctor {
namespace {

/// A fault in what was seen, and a part of what is said of it.
struct Fault {
  std::string name;
  std::function<void(Facts&)> plant;
  std::string said;
};

/// Changes what the node said last.
std::function<void(Facts&)> says(std::vector<std::pair<std::string, double>> series) {
  return [series = std::move(series)](Facts& facts) {
    std::string text = after_text();
    for (const auto& [name, value] : series) text = changed(text, name, value);
    facts.nodes[0].window.after = Scrape::parse(text).value();
  };
}

storage::ServerLook& standby_after(Facts& facts) {
  return facts.store_after->databases[0].servers[1];
}

const std::string kRequests =
    R"(http_requests_total{method="GET",route="/api/v1/predict/{symbol}",status="503"})";

std::vector<Fault> node_faults() {
  return {
      {"node-unreachable", [](Facts& facts) { facts.nodes[0].error = "refused"; }, "refused"},
      {"latency-high",
       says(
           {{R"(http_request_duration_seconds_bucket{route="/api/v1/predict/{symbol}",le="2.5"})",
             1900},
            {R"(http_request_duration_seconds_bucket{route="/api/v1/predict/{symbol}",le="0.5"})",
             1900},
            {R"(http_request_duration_seconds_bucket{route="/api/v1/predict/{symbol}",le="0.001"})",
             1900},
            {"ara_slow_lane_delay_seconds_sum", 30},
            {"ara_slow_lane_delay_seconds_count", 200}}),
       "waiting for a worker"},
      {"errors", says({{kRequests, 50}}), "50 of 1050"},
      {"requests-refused", says({{R"(ara_admission_refusals_total{reason="deadline"})", 3}}),
       "3 requests"},
      {"queue-long",
       says({{R"(ara_slow_lane_delay_seconds_bucket{le="0.5"})", 130},
             {R"(ara_slow_lane_delay_seconds_bucket{le="+Inf"})", 130},
             {"ara_slow_lane_delay_seconds_count", 130}}),
       "30 of 30"},
      {"cache-too-small",
       says({{R"(ara_cache_evictions_total{tier="l1"})", 70},
             {R"(ara_cache_requests_total{tier="l3",result="hit"})", 60}}),
       "70 entries"},
      {"redis-ailing", says({{R"(ara_redis_operations_total{result="failed"})", 9}}), "9 of 9"},
      {"redis-ailing", says({{"ara_redis_breakers_open", 1}}), "1 breakers"},
      {"redis-slots-uncovered", says({{"ara_redis_slots_covered", 10923}}), "10923 of 16384"},
      {"jobs-late", says({{"ara_jobs_oldest_queued_seconds", 400}}), "400 s"},
      {"memory-leak",
       [](Facts& facts) {
         for (MemoryPoint& point : facts.nodes[0].memory) point.resident += 1e6 * point.at;
       },
       "9.6 MB in 10 s"},
      {"descriptors-high", says({{"process_open_fds", 900}}), "900 of 1024"},
      {"cpu-high", says({{"process_cpu_seconds_total", 26}}), "80 % of its 2.0 cores"},
      {"memory-high", says({{"ara_cgroup_memory_usage_bytes", 220e6}}), "86 %"},
      {"rate-high", [](Facts& facts) { facts.goals.requests_per_minute = 7000; }, "6000 requests"},
  };
}

std::vector<Fault> store_faults() {
  return {
      {"database-unreachable",
       [](Facts& facts) { facts.store->databases[0].servers[1].error = "no route"; }, "no route"},
      {"database-unreachable",
       [](Facts& facts) {
         facts.store.reset();
         facts.store_error = "no such place";
       },
       "no such place"},
      {"index-missing",
       [](Facts& facts) {
         facts.store->databases[0].indexes.push_back(
             {.table = "jobs", .index = "jobs_open", .repair = "CREATE INDEX jobs_open"});
       },
       "jobs_open is in the schema"},
      {"index-invalid",
       [](Facts& facts) {
         facts.store->databases[0].indexes.push_back({.table = "jobs",
                                                      .index = "jobs_open",
                                                      .invalid = true,
                                                      .repair = "REINDEX INDEX jobs_open"});
       },
       "never finished"},
      {"pool-too-small", says({{R"(ara_db_pool_limit{pool="db-1:5432"})", 1}}),
       "has 1 connection,"},
      {"pool-too-small",
       says({{"ara_db_pool_wait_seconds_count", 150},
             {R"(ara_db_pool_wait_seconds_bucket{le="+Inf"})", 150},
             {R"(ara_db_pool_wait_seconds_bucket{le="0.5"})", 150}}),
       "50 of 50 calls"},
      {"pool-too-small", says({{"ara_db_pool_refusals_total", 2}}), "2 were refused"},
      {"replica-stalled",
       [](Facts& facts) { facts.store->databases[0].servers[0].position = 5'000'000; },
       "4.8 MB of log behind"},
      {"replica-stalled", [](Facts& facts) { standby_after(facts).paused = true; }, "is paused"},
      {"replica-stalled",
       [](Facts& facts) {
         facts.store.reset();
         const auto left_out = [](const std::string& text) {
           return Scrape::parse(
                      changed(changed(text, R"(ara_db_replica_in_use{replica="db-2:5432"})", 0),
                              R"(ara_db_replica_lag_seconds{replica="db-2:5432"})", 12))
               .value();
         };
         facts.nodes[0].window.before = left_out(std::string(kBefore));
         facts.nodes[0].window.after = left_out(after_text());
       },
       "behind by 12 s"},
  };
}

std::vector<Fault> query_faults() {
  return {
      {"query-slow",
       says(
           {{R"(ara_db_query_duration_seconds_sum{operation="bars_read",role="replica"})", 9},
            {R"(ara_db_query_duration_seconds_count{operation="bars_read",role="replica"})", 120}}),
       "bars_read (replica) took 445 ms"},
      {"query-slow",
       [](Facts& facts) { standby_after(facts).ended[0] = {"SELECT 1", {}, 110, 6.1}; },
       "\"SELECT 1\" took 600 ms on average, 10 times"},
      {"statement-long",
       [](Facts& facts) {
         standby_after(facts).running = {{"SELECT pg_sleep(90)", "active", 0, 45}};
       },
       "for 45 s"},
      {"statement-long",
       [](Facts& facts) {
         standby_after(facts).running = {{"BEGIN", "idle in transaction", 0, 15}};
       },
       "open and idle for 15 s"},
      {"table-scanned",
       [](Facts& facts) { standby_after(facts).tables[0] = {"bars_0", 50'000, 10, 500'000}; },
       "7 times"},
      {"database-errors",
       says({{R"(ara_db_errors_total{operation="bars_read",role="replica"})", 10}}), "10 of 10"},
      {"connections-high",
       [](Facts& facts) { facts.store->databases[0].servers[0].connections = 50; }, "50 of 55"},
  };
}

std::vector<Fault> joined(std::vector<Fault> first, std::vector<Fault> second) {
  for (Fault& fault : second) first.push_back(std::move(fault));
  return first;
}

std::vector<Fault> database_faults() {
  return joined(store_faults(), query_faults());
}

std::vector<Fault> all_faults() {
  return joined(node_faults(), database_faults());
}

TEST(Rules, FindNothingWhereNothingIsWrong) {
  for (const Finding& finding : find_all(recorded_facts())) {
    ADD_FAILURE() << finding.name << ": " << finding.evidence;
  }
  for (const Finding& finding : find_all(Facts{})) {
    ADD_FAILURE() << finding.name << ": " << finding.evidence;
  }
}

TEST(Rules, FindEachFaultByNameWithEvidenceAndOneAction) {
  for (const Fault& fault : all_faults()) {
    Facts facts = recorded_facts();
    fault.plant(facts);
    const auto found = find_all(facts);
    const auto finding = std::ranges::find(found, fault.name, &Finding::name);
    ASSERT_NE(finding, found.end()) << fault.name;
    EXPECT_THAT(finding->evidence, testing::HasSubstr(fault.said)) << fault.name;
    EXPECT_FALSE(finding->action.empty()) << fault.name;
    EXPECT_FALSE(finding->subject.empty()) << fault.name;
  }
}

TEST(Rules, FaultsOfOneKindAreNotTakenForOthers) {
  for (const Fault& fault : database_faults()) {
    Facts facts = recorded_facts();
    fault.plant(facts);
    for (const Finding& finding : find_all(facts)) {
      // Without a store nothing is known of its standbys but what nodes say.
      EXPECT_EQ(finding.name, fault.name) << fault.said << ": " << finding.evidence;
    }
  }
}

TEST(Rules, EachIsTested) {
  std::set<std::string, std::less<>> tested;
  for (const Fault& fault : all_faults()) tested.insert(fault.name);
  for (const Rule& rule : rules()) {
    EXPECT_TRUE(tested.contains(rule.name)) << rule.name << " has no fault in this test";
  }
}

TEST(Rules, MemoryThatGrowsAtOnceOrWithTheCacheIsNoLeak) {
  Facts facts = recorded_facts();
  for (MemoryPoint& point : facts.nodes[0].memory) point.resident += point.at > 4 ? 20e6 : 0;
  EXPECT_TRUE(growing_memory(facts).empty()) << "a jump";
  facts = recorded_facts();
  for (MemoryPoint& point : facts.nodes[0].memory) {
    point.resident += 1.3e6 * point.at;
    point.caches += 1e6 * point.at;
  }
  EXPECT_TRUE(growing_memory(facts).empty()) << "the cache";
  facts = recorded_facts();
  for (MemoryPoint& point : facts.nodes[0].memory) point.resident += 0.2e6 * point.at;
  EXPECT_TRUE(growing_memory(facts).empty()) << "little";
  facts = recorded_facts();
  for (MemoryPoint& point : facts.nodes[0].memory) point.resident += 1e6 * point.at;
  EXPECT_FALSE(growing_memory(facts).empty());
  facts.nodes[0].age = 5;
  EXPECT_TRUE(growing_memory(facts).empty()) << "it has just been started";
}

TEST(Rules, WhatLeavesTheCacheAndIsNotMissedIsNoFault) {
  Facts facts = recorded_facts();
  says({{R"(ara_cache_evictions_total{tier="l1"})", 70}})(facts);
  EXPECT_TRUE(small_cache(facts).empty());
}

TEST(Rules, QuotasAreNoRefusals) {
  Facts facts = recorded_facts();
  says({{R"(ara_admission_refusals_total{reason="quota"})", 70}})(facts);
  EXPECT_TRUE(refused_requests(facts).empty());
}

TEST(Rules, AStandbyThatCatchesUpIsNotStalled) {
  Facts facts = recorded_facts();
  facts.store->databases[0].servers[0].position = 5'000'000;
  standby_after(facts).position = 5'000'000;
  facts.store_after->databases[0].servers[0].position = 9'000'000;
  EXPECT_TRUE(stalled_replicas(facts).empty());
}

TEST(Rules, AScanThatEndsAtItsFirstRowsIsNone) {
  Facts facts = recorded_facts();
  standby_after(facts).tables[0] = {"bars_0", 50'000, 1000, 151'000};
  EXPECT_TRUE(scanned_tables(facts).empty());
}

TEST(Rules, ErrorsComeFirst) {
  Facts facts = recorded_facts();
  says({{"ara_jobs_oldest_queued_seconds", 400}, {"process_open_fds", 900}})(facts);
  const auto found = find_all(facts);
  ASSERT_EQ(found.size(), 2);
  EXPECT_EQ(found[0].name, "descriptors-high");
  EXPECT_EQ(found[1].name, "jobs-late");
}

}  // namespace
}  // namespace ara::doctor
