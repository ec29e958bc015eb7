#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/store.h"

namespace ara::support {

/// The part of a Store in front of another that hands accounts on to it as they come.
class ForwardAccounts : public storage::Store {
 public:
  explicit ForwardAccounts(std::shared_ptr<storage::Store> inner) : accounts_(std::move(inner)) {}

  Result<std::uint64_t> accounts_version(const Call& call) override {
    return accounts_->accounts_version(call);
  }
  Result<void> put_account(const storage::AccountRow& row, const storage::AuditRow& audit,
                           const Call& call) override {
    return accounts_->put_account(row, audit, call);
  }
  Result<storage::AccountRow> change_account(const std::string& id,
                                             const storage::AccountChange& change,
                                             const storage::AuditRow& audit,
                                             const Call& call) override {
    return accounts_->change_account(id, change, audit, call);
  }
  Result<std::optional<storage::AccountRow>> find_account(const std::string& id,
                                                          const Call& call) override {
    return accounts_->find_account(id, call);
  }
  Result<std::optional<storage::AccountRow>> find_account_by_email(const std::string& email,
                                                                   const Call& call) override {
    return accounts_->find_account_by_email(email, call);
  }
  Result<std::vector<storage::AccountRow>> accounts(const Call& call) override {
    return accounts_->accounts(call);
  }
  Result<void> put_api_key(const storage::ApiKeyRow& row, std::size_t most,
                           const storage::AuditRow& audit, const Call& call) override {
    return accounts_->put_api_key(row, most, audit, call);
  }
  Result<storage::ApiKeyRow> revoke_api_key(const std::string& account_id, const std::string& id,
                                            const storage::AuditRow& audit,
                                            const Call& call) override {
    return accounts_->revoke_api_key(account_id, id, audit, call);
  }
  Result<storage::ApiKeyRow> rotate_api_key(const std::string& account_id, const std::string& id,
                                            const std::string& hash, const std::string& prefix,
                                            const storage::AuditRow& audit,
                                            const Call& call) override {
    return accounts_->rotate_api_key(account_id, id, hash, prefix, audit, call);
  }
  Result<void> remove_api_key(const std::string& account_id, const std::string& id,
                              const storage::AuditRow& audit, const Call& call) override {
    return accounts_->remove_api_key(account_id, id, audit, call);
  }
  Result<std::vector<storage::ApiKeyRow>> api_keys(const std::string& account_id,
                                                   const Call& call) override {
    return accounts_->api_keys(account_id, call);
  }
  Result<void> note_key_uses(std::span<const storage::KeyUse> uses, const Call& call) override {
    return accounts_->note_key_uses(uses, call);
  }
  Result<void> put_audit(const storage::AuditRow& audit, const Call& call) override {
    return accounts_->put_audit(audit, call);
  }
  Result<std::vector<storage::AuditRow>> audit_log(std::size_t limit, const Call& call) override {
    return accounts_->audit_log(limit, call);
  }
  Result<storage::DayLease> lease_requests(const std::string& account_id, std::int64_t day,
                                           std::int64_t owed, std::int64_t want, std::int64_t limit,
                                           const Call& call) override {
    return accounts_->lease_requests(account_id, day, owed, want, limit, call);
  }
  Result<std::vector<storage::DayUsageRow>> day_usage(std::int64_t day, const Call& call) override {
    return accounts_->day_usage(day, call);
  }

  Result<void> expect(std::span<const storage::ExpectationRow> rows, const Call& call) override {
    return accounts_->expect(rows, call);
  }
  Result<std::vector<storage::ExpectationRow>> lease_settlements(WallTime now, WallTime until,
                                                                 domain::Date today,
                                                                 std::size_t limit,
                                                                 const Call& call) override {
    return accounts_->lease_settlements(now, until, today, limit, call);
  }
  Result<std::uint64_t> settle(std::span<const storage::SettlementRow> rows,
                               const Call& call) override {
    return accounts_->settle(rows, call);
  }
  Result<std::vector<storage::SettlementRow>> settled(domain::AssetType asset_type,
                                                      std::size_t limit,
                                                      const Call& call) override {
    return accounts_->settled(asset_type, limit, call);
  }
  Result<std::uint64_t> prune_settlements(WallTime before, const Call& call) override {
    return accounts_->prune_settlements(before, call);
  }

 private:
  const std::shared_ptr<storage::Store> accounts_;
};

}  // namespace ara::support
