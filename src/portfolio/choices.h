#pragma once

#include "portfolio/method.h"

/// What the rows of method.cpp name, one file a method.
namespace ara::portfolio {

/// Mean-variance (Markowitz 1952, Portfolio selection): maximises m'w - lambda / 2 w'Sw with the
/// tolerance's lambda; m are the sample's means, or views.
Result<Choice> choose_mpt(const Task& task);

/// Equilibrium returns of the reference portfolio, pi = delta S w, delta = 2.5, moved by the views
/// (He and Litterman 1999, The intuition behind Black-Litterman model portfolios, equations 8 to
/// 11, tau = 0.05, each view as uncertain as its prior); then as mean-variance with the posterior
/// covariance.
Result<Choice> choose_black_litterman(const Task& task);

/// Every asset bears the same part of the variance: the minimum of x'Sx / 2 - sum log(x) / n,
/// scaled (Spinu 2013, An algorithm for computing risk parity weights), by cyclical coordinate
/// descent (Griveau-Billion, Richard and Roncalli 2013, A fast algorithm for computing
/// high-dimensional risk parity portfolios, section 2.2). Where constraints forbid it, of the
/// allowed portfolios the one with the least tracking error to it.
Result<Choice> choose_risk_parity(const Task& task);

/// Maximises the mean logarithm of growth over the sessions of the sample (Kelly 1956, A new
/// interpretation of information rate; Thorp 2006, The Kelly criterion in blackjack, sports betting
/// and the stock market). All capital is invested, so a fraction f of Kelly is the utility of
/// constant relative risk aversion 1 / f (MacLean, Ziemba and Blazenko 1992, Growth versus security
/// in dynamic investment analysis); f = 1 is the logarithm. A view shifts an asset's returns so
/// that their mean is the view. By Newton's method, each step a quadratic program.
Result<Choice> choose_kelly(const Task& task);

}  // namespace ara::portfolio
