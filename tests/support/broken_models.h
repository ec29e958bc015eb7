#pragma once

#include <algorithm>
#include <memory>
#include <string_view>

#include "models/model.h"

/// Real models, broken on purpose: what a gate has to refuse.
namespace ara::support {

/// Forecasts what another model does, changed by Break::apply(distribution, sessions ahead).
template <class Break>
class Broken final : public models::Model {
 public:
  Broken(const models::ModelRow& row, domain::Scale scale, std::unique_ptr<models::Model> inner)
      : Model(row, scale), scale_(scale), inner_(std::move(inner)) {}

  void advance(const models::Observation& seen) override { inner_->advance(seen); }
  models::Path forecast(int horizon) const override {
    models::Path path = inner_->forecast(horizon);
    for (std::size_t i = 0; i < path.change.size(); ++i) {
      path.change[i] = Break::apply(path.change[i], static_cast<int>(i) + 1);
    }
    return path;
  }
  domain::QuantileFunction next() const override { return forecast(1).change[0]; }
  std::unique_ptr<Model> clone() const override { return with(inner_->clone()); }
  std::unique_ptr<Model> restarted() const override { return with(inner_->restarted()); }

 private:
  std::unique_ptr<Model> with(std::unique_ptr<Model> inner) const {
    return std::make_unique<Broken>(row(), scale_, std::move(inner));
  }

  domain::Scale scale_;
  std::unique_ptr<models::Model> inner_;
};

/// A row for a model of the catalog, Break::kInner, that is broken so.
template <class Break>
models::ModelRow broken_row(std::string_view name) {
  const models::ModelRow inner = **models::find_model(Break::kInner);
  return {.name = name,
          .title = name,
          .source = "none",
          .min_bars = inner.min_bars,
          .fit = [](const models::ModelRow& row, const models::Sample& sample,
                    const models::Setting& setting) -> Result<std::unique_ptr<models::Model>> {
            const models::ModelRow& real = **models::find_model(Break::kInner);
            auto made = real.fit(real, sample, setting);
            if (!made) return made;
            return std::make_unique<Broken<Break>>(row, setting.scale, std::move(*made));
          }};
}

inline domain::QuantileFunction scaled(const domain::QuantileFunction& forecast, double factor) {
  auto values = forecast.values();
  for (double& value : values) value *= factor;
  return domain::QuantileFunction(values);  // sorts, so a negative factor is fine
}

inline domain::QuantileFunction shifted(const domain::QuantileFunction& forecast, double by) {
  auto values = forecast.values();
  for (double& value : values) value += by;
  return domain::QuantileFunction(values);
}

}  // namespace ara::support
