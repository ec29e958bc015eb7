#include "doctor/look.h"

#include <yyjson.h>

#include <algorithm>
#include <memory>

#include "base/format.h"
#include "doctor/fetch.h"
#include "storage/patience.h"

namespace ara::doctor {
namespace {

constexpr std::chrono::milliseconds kNodeTimeout{5000};
constexpr std::chrono::seconds kStoreTimeout{30};
constexpr std::chrono::milliseconds kLongestPause{10'000};
constexpr std::chrono::milliseconds kShortestPause{250};
constexpr int kPoints = 12;  ///< of memory, at least

double seconds_between(SteadyTime from, SteadyTime to) {
  return std::chrono::duration<double>(to - from).count();
}

Result<Scrape> scrape_node(const std::string& url) {
  const auto fetched = fetch(url + "/metrics", kNodeTimeout);
  if (!fetched) return std::unexpected(fetched.error());
  if (fetched->status != 200) {
    return fail(Code::unavailable, ara::format("{}/metrics answered {}", url, fetched->status));
  }
  return Scrape::parse(fetched->body);
}

/// /health/detailed is for accounts where there are some; where it is refused nothing is known.
void look_at_machine(NodeLook& node) {
  const auto fetched = fetch(node.url + "/health/detailed", kNodeTimeout);
  if (!fetched || fetched->status != 200) return;
  const std::unique_ptr<yyjson_doc, decltype(&yyjson_doc_free)> document(
      yyjson_read(fetched->body.data(), fetched->body.size(), YYJSON_READ_NOFLAG),
      &yyjson_doc_free);
  yyjson_val* system = yyjson_obj_get(yyjson_doc_get_root(document.get()), "system");
  const auto share = [&](const char* name) -> std::optional<double> {
    yyjson_val* value = yyjson_obj_get(system, name);
    if (!yyjson_is_num(value)) return std::nullopt;
    return yyjson_get_num(value) / 100;
  };
  node.machine_cpu = share("cpu_percent");
  node.machine_memory = share("memory_percent");
}

/// One node through the whole of a look.
class Watched {
 public:
  Watched(const std::string& url, const Clock& clock) : clock_(clock) {
    node_.url = url;
    node_.local = is_local(url);
    if (note(node_.window.before)) look_at_machine(node_);
    const auto started = node_.window.before.value("process_start_time_seconds");
    const std::chrono::duration<double> now = clock_.now().time_since_epoch();
    if (started) node_.age = now.count() - *started;
    began_ = clock_.steady();
    note_memory(node_.window.before);
  }

  /// What is between two looks is a matter of memory alone.
  void glance() {
    if (!node_.reachable()) return;
    if (const auto scraped = scrape_node(node_.url)) note_memory(*scraped);
  }

  NodeLook finish() {
    if (node_.reachable() && note(node_.window.after)) {
      node_.window.seconds = seconds_between(began_, clock_.steady());
      note_memory(node_.window.after);
    }
    return std::move(node_);
  }

 private:
  bool note(Scrape& into) {
    auto scraped = scrape_node(node_.url);
    if (!scraped) {
      node_.error = scraped.error().message;
      return false;
    }
    into = std::move(*scraped);
    return true;
  }

  void note_memory(const Scrape& scraped) {
    const auto resident = scraped.value("process_resident_memory_bytes");
    if (!resident) return;
    node_.memory.push_back({seconds_between(began_, clock_.steady()), *resident,
                            scraped.value("ara_cache_size_bytes").value_or(0)});
  }

  const Clock& clock_;
  SteadyTime began_{};
  NodeLook node_;
};

Result<storage::StoreLook> look_at_store(const LookOptions& options, bool schema,
                                         const Clock& clock) {
  const storage::InspectOptions asked{
      .fresh = clock.now() - std::chrono::seconds(options.sizes.cache_ttl_seconds),
      .schema = schema};
  return storage::inspect(options.store, asked, Call{Deadline{clock.steady() + kStoreTimeout}});
}

}  // namespace

Facts look(const LookOptions& options, const Clock& clock) {
  Facts facts;
  facts.machine = options.machine;
  facts.sizes = options.sizes;
  facts.goals = options.goals;
  if (auto store = look_at_store(options, true, clock)) {
    facts.store = std::move(*store);
  } else {
    facts.store_error = store.error().message;
  }
  const SteadyTime store_seen = clock.steady();
  std::vector<Watched> nodes;
  for (const std::string& url : options.urls) nodes.emplace_back(url, clock);
  const SteadyTime end = clock.steady() + options.span;
  const auto pause = std::clamp(options.span / kPoints, kShortestPause, kLongestPause);
  for (SteadyTime next = clock.steady() + pause; next < end; next += pause) {
    storage::pause_until(next);
    for (Watched& node : nodes) node.glance();
  }
  storage::pause_until(end);
  for (Watched& node : nodes) facts.nodes.push_back(node.finish());
  if (!facts.store) return facts;
  facts.store_seconds = seconds_between(store_seen, clock.steady());
  if (auto store = look_at_store(options, false, clock)) facts.store_after = std::move(*store);
  return facts;
}

}  // namespace ara::doctor
