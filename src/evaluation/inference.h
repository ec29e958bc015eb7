#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// Whether a difference in scores is more than chance.
namespace ara::evaluation {

struct DieboldMariano {
  double statistic = 0;  ///< above 0: the first forecast has the lower loss
  double p_value = 1;    ///< two-sided
};

/// The Diebold-Mariano test (Diebold and Mariano 1995) of equal expected loss: the mean of the loss
/// differences (second minus first) over its standard error. Its variance is that of Newey and West
/// (1987) with Bartlett weights up to max(horizon - 1, floor(4 (n / 100)^(2/9))) lags; the
/// statistic is corrected for small samples and compared with Student's t with n - 1 degrees of
/// freedom as by Harvey, Leybourne and Newbold (1997), equation 9. No evidence (0, p = 1) where
/// there are fewer than 10 or all differences are alike.
DieboldMariano diebold_mariano(std::span<const double> differences, int horizon);

/// Two-sided p-value of Student's t: P(|T| > |t|).
double student_p_value(double t, double degrees);

/// Indices of `n` consecutive times, resampled in blocks by the stationary bootstrap (Politis and
/// Romano 1994): blocks of geometric length with the given mean, wrapped around at the end. How
/// often each time occurs, the counts summing to n; a draw depends on `seed` alone.
std::vector<std::uint32_t> bootstrap_counts(std::size_t n, double mean_block, std::uint64_t seed);

/// A percentile interval.
struct Interval {
  double low = 0;
  double high = 0;
};

/// From the draws of a statistic (not empty), the central interval that holds `level` of them.
Interval percentile_interval(std::vector<double> draws, double level);

}  // namespace ara::evaluation
