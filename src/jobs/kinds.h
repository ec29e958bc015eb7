#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "registry/shelf.h"
#include "storage/store.h"
#include "webhooks/event.h"

namespace ara::jobs {

/// What a running job may use, and must heed.
struct Context {
  storage::Store& store;
  std::shared_ptr<const registry::Shelf> shelf;
  const Clock& clock;
  /// Tells how far it is, 0 to 1, and what is being done. Cheap; from any thread.
  std::function<void(double fraction, std::string_view message)> progress;
  /// True once there is no use in going on: the job was cancelled, another holder has it, or the
  /// worker must end. To be asked at least every few seconds; what is returned then is dropped.
  std::function<bool()> cancelled;
  /// Written together with the result. A kind writes nothing to the store itself but what may as
  /// well be written twice or for nothing.
  storage::JobEffects effects;
};

/// A payload that was checked, with its defaults filled in, and the slot it takes, if any.
struct Prepared {
  std::string payload;
  std::string slot;
};

/// A kind of job. Its work is a function of payload and store that may be begun any number of
/// times.
struct Kind {
  std::string_view name;
  std::string_view does;  ///< for people
  int max_attempts = 3;
  /// Checks a payload. Code::invalid with the member as field.
  Result<Prepared> (*prepare)(std::string_view payload, const registry::Shelf& shelf);
  /// The result, a JSON object. An error that trying again cannot mend (Code::invalid, not_found,
  /// unsupported, too_large, corrupt) fails the job at once.
  Result<std::string> (*run)(std::string_view payload, Context& context);
  std::optional<webhooks::EventType> done = {};  ///< told to the owner's webhooks once it is done
};

/// All kinds; a new one is one file and one row.
std::span<const Kind> kinds();
/// By name; the error lists the names.
Result<const Kind*> find_kind(std::string_view name);

// What the rows name.
Result<Prepared> prepare_train(std::string_view payload,
                               const registry::Shelf& shelf);  // train.cpp
Result<std::string> run_train(std::string_view payload, Context& context);
Result<Prepared> prepare_batch(std::string_view payload,
                               const registry::Shelf& shelf);  // batch.cpp
Result<std::string> run_batch(std::string_view payload, Context& context);
Result<Prepared> prepare_backtest(std::string_view payload,
                                  const registry::Shelf& shelf);  // backtest.cpp
Result<std::string> run_backtest(std::string_view payload, Context& context);
Result<Prepared> prepare_refresh(std::string_view payload,
                                 const registry::Shelf& shelf);  // refresh.cpp
Result<std::string> run_refresh(std::string_view payload, Context& context);

}  // namespace ara::jobs
