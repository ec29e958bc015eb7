#pragma once

#include <span>
#include <string>
#include <vector>

#include "domain/series.h"
#include "portfolio/matrix.h"

namespace ara::portfolio {

/// Simple returns of some assets over the sessions that all of them have.
struct History {
  static constexpr std::size_t kLeast = 60;  ///< returns, fewer are refused

  std::vector<std::string> assets;
  std::vector<domain::AssetType> asset_types;
  std::vector<domain::Date> dates;  ///< at whose close a return ends, oldest first
  Matrix returns;                   ///< a row for each date, a column for each asset
  double sessions_a_year = 252;     ///< of the asset type that has the fewest

  /// Of the portfolio whose weights are restored before each session.
  std::vector<double> of_portfolio(const Vector& weights) const;
};

/// The returns that end on or after `from`, of (adjusted) closes at times that every series has;
/// what happened to one between such times is within its next return. Code::invalid on field
/// "assets" where a symbol is given twice or its price is not positive, or does not move; on
/// "period" where there are fewer than History::kLeast.
Result<History> align(std::span<const domain::Series> series, domain::Date from);

/// Annual means, simple: the sample's times the sessions a year.
Vector annual_means(const History& history);

/// A covariance matrix of annual returns and how it was made.
struct Covariance {
  Matrix matrix;
  double shrinkage = 0;  ///< weight of the target, 0 to 1
};

/// Shrunk towards constant correlation, the weight by the formula of Ledoit and Wolf 2004 (Honey, I
/// shrunk the sample covariance matrix, appendix B); times the sessions a year. Code::invalid on
/// field "assets" where two of them move as one, so that no minimum is unique.
Result<Covariance> shrunk_covariance(const History& history);

/// Pearson's correlations.
Matrix correlations(const Matrix& returns);

}  // namespace ara::portfolio
