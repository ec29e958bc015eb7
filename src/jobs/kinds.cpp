#include "jobs/kinds.h"

#include <array>

namespace ara::jobs {
namespace {

constexpr std::array kKinds{
    Kind{.name = "train",
         .does = "Judges models on the bars of an asset type and promotes the best",
         .prepare = prepare_train,
         .run = run_train,
         .done = webhooks::EventType::model_trained},
    Kind{.name = "batch",
         .does = "Forecasts many symbols",
         .prepare = prepare_batch,
         .run = run_batch},
    Kind{.name = "backtest",
         .does = "Walks a strategy forward over a symbol's bars",
         .prepare = prepare_backtest,
         .run = run_backtest,
         .done = webhooks::EventType::backtest_complete},
    Kind{.name = "refresh",
         .does = "Makes the champions' forecasts of a symbol anew after new bars",
         .prepare = prepare_refresh,
         .run = run_refresh},
};

}  // namespace

std::span<const Kind> kinds() {
  return kKinds;
}

Result<const Kind*> find_kind(std::string_view name) {
  std::string allowed = "one of";
  for (const Kind& kind : kKinds) {
    if (kind.name == name) return &kind;
    allowed += (&kind == &kKinds.front() ? " " : ", ") + std::string(kind.name);
  }
  return invalid("kind", name, allowed);
}

}  // namespace ara::jobs
