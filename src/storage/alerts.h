#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/symbol.h"

namespace ara::storage {

/// What an account wants to be alerted of: when a value of a symbol passes a threshold.
struct AlertRow {
  std::string account;
  int number = 0;  ///< its place in the account's list, from 0
  domain::Symbol symbol;
  std::string metric;     ///< e.g. "price"
  std::string condition;  ///< "above" or "below"
  double threshold = 0;
  bool holds = false;  ///< as of the newest bar it was compared with
};

/// The alerts that accounts have set. As to blocking, threads and errors see Store.
class AlertStore {
 public:
  virtual ~AlertStore() = default;

  /// Puts `rows` (each of that account, numbered from 0) in the place of all that the account had.
  virtual Result<void> replace_alerts(const std::string& account, const std::vector<AlertRow>& rows,
                                      const Call& call) = 0;
  /// In their order.
  virtual Result<std::vector<AlertRow>> alerts_of(const std::string& account, const Call& call) = 0;
  /// Of all accounts.
  virtual Result<std::vector<AlertRow>> alerts_on(const domain::Symbol& symbol,
                                                  const Call& call) = 0;
  /// Notes whether it holds now. True for the one caller who changed it, of however many processes:
  /// who sees it come true is who tells of it. False too where the account has set other alerts
  /// meanwhile.
  virtual Result<bool> mark_alert(const AlertRow& row, bool holds, const Call& call) = 0;
};

}  // namespace ara::storage
