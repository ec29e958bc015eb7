#pragma once

#include <memory>
#include <span>
#include <vector>

#include "models/model.h"

namespace ara::models {

/// Shifted logarithm: values above -shift to the real line. The shift is 0 where all values are
/// positive, else it puts the least of them a twentieth of their range above 0.
struct Logarithm {
  double shift = 0;
  double least = 0;  ///< smaller values plus shift are taken for this, half of the least seen

  static Logarithm of(std::span<const double> values);
  double operator()(double value) const;
  double inverse(double logarithm) const;
};

/// What a member of the combination expects of a value.
struct Outlook {
  double middle;  ///< the median
  double spread;  ///< the distance from the 10 % to the 90 % quantile
};

/// A model of the values or of their logarithms, and what it says of the values.
class SeriesMember {
 public:
  SeriesMember(std::unique_ptr<Model> model, const Logarithm* logarithm);
  SeriesMember(const SeriesMember& other);
  SeriesMember(SeriesMember&&) = default;

  void advance(const Observation& seen);

  /// Of the next `horizon` values, `last` being the newest.
  std::vector<Outlook> outlook(int horizon, double last) const;
  Outlook next(double last) const;

  void restart() { model_ = model_->restarted(); }
  Model& model() { return *model_; }
  const Model& model() const { return *model_; }

  /// The fitted values, in units of the values.
  std::vector<double> fitted() const;

 private:
  Outlook outlook_of(const domain::QuantileFunction& change, double last) const;

  std::unique_ptr<Model> model_;
  bool logarithmic_;
  Logarithm logarithm_;
};

/// The members that suit the season and the number of bars, fitted.
Result<std::vector<SeriesMember>> fit_series_members(const Sample& sample, const Setting& setting);

}  // namespace ara::models
