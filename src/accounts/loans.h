#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/meter.h"
#include "base/clock.h"

namespace ara::accounts {

/// How the servers of a fleet lend one another what they have left of an account's minute.
///
/// Each server has an equal part of the limit and lets it pass by itself. Who runs short asks; the
/// others lend of what they have not used in the last minute. What was lent can be used once,
/// within kTerm; its owner has it again a minute after it was used, or at once where it comes back
/// unused. So in no 60 seconds do more pass than the limit, whatever is lost: a lender who hears
/// nothing takes it that all was used at the last moment. No clock is compared with another's: the
/// borrower counts from when it asked, the lender from when it lent, which is later.
///
/// Messages, of words between spaces, to all servers:
///
///     want ACCOUNT BORROWER ASKING COUNT
///     lend ACCOUNT BORROWER ASKING LENDER LOAN COUNT
///     used ACCOUNT LENDER LOAN NUMBER COUNT AGE_MS     used, the last AGE_MS ago
///     back ACCOUNT LENDER LOAN NUMBER COUNT            unused
///
/// NUMBER counts what is told of a loan, so that what is heard twice counts once. Not thread-safe:
/// lending.h gives it a thread.
class Loans {
 public:
  static constexpr std::chrono::milliseconds kTerm{5000};

  using Send = std::function<void(const std::string& message)>;

  /// `node` is unlike that of any other server.
  Loans(std::string node, Send send, const Clock& clock)
      : node_(std::move(node)), send_(std::move(send)), clock_(clock) {}

  void know(std::shared_ptr<Meter> meter);
  /// Asks the others for more of that account's minute.
  void ask(const std::string& account);
  void hear(std::string_view message);
  /// Tells what was used, gives back what is not needed, and takes again what is due. To be called
  /// several times a second while busy().
  void settle();
  bool busy() const { return !busy_.empty(); }

 private:
  using Words = std::vector<std::string_view>;

  /// As its lender sees it, or its borrower.
  struct Loan {
    std::int64_t count = 0;    ///< not told of as used or returned
    std::uint64_t number = 0;  ///< of the last that was told
    SteadyTime until{};
  };
  struct Due {
    std::int64_t count = 0;
    SteadyTime at{};
  };
  struct Book {
    std::shared_ptr<Meter> meter;
    std::map<std::uint64_t, SteadyTime> asked;                    ///< when, by number, within kTerm
    std::map<std::uint64_t, Loan> given;                          ///< by number
    std::map<std::pair<std::string, std::uint64_t>, Loan> taken;  ///< by lender and its number
    std::vector<Due> due;

    bool idle() const { return given.empty() && taken.empty() && due.empty() && asked.empty(); }
  };

  void hear_want(Book& book, const Words& words);
  void hear_lend(Book& book, const Words& words);
  void hear_news(Book& book, const Words& words, bool used);
  void tell_used(const std::string& account, Book& book);
  void give_back(const std::string& account, Book& book, SteadyTime ending);
  void set_term(Book& book);
  void take_again(Book& book, SteadyTime now);

  const std::string node_;
  const Send send_;
  const Clock& clock_;
  std::uint64_t loans_ = 0;    ///< given so far
  std::uint64_t askings_ = 0;  ///< so far
  std::map<std::string, Book, std::less<>> books_;
  std::set<std::string> busy_;  ///< accounts whose books are not idle
};

}  // namespace ara::accounts
