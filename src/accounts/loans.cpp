#include "accounts/loans.h"

#include <algorithm>
#include <optional>

#include "base/format.h"
#include "base/text.h"

namespace ara::accounts {
namespace {

using std::chrono::milliseconds;

/// By which a lender waits longer than its borrower may use a loan: clocks do not run quite alike,
/// and a thread may be stopped between looking at one and counting.
constexpr milliseconds kMargin{1000};
/// What was not used for so long goes back.
constexpr milliseconds kUnused{3000};
/// Who had a request so recently keeps half of what it has.
constexpr milliseconds kAtIt{1000};
/// Before the end of its term a loan is given back, so that the word of it arrives in time.
constexpr milliseconds kBeforeEnd{500};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    words.push_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return words;
}

/// A number of a message; nothing where it is none or below zero.
std::optional<std::int64_t> number_in(std::string_view word) {
  const auto number = parse_integer(word);
  if (!number || *number < 0) return std::nullopt;
  return *number;
}

}  // namespace

void Loans::know(std::shared_ptr<Meter> meter) {
  Book& book = books_[meter->account_id()];
  book.meter = std::move(meter);
}

void Loans::ask(const std::string& account) {
  const auto found = books_.find(account);
  if (found == books_.end()) return;
  Book& book = found->second;
  book.asked.emplace(++askings_, clock_.steady());
  busy_.insert(account);
  send_(ara::format("want {} {} {} {}", account, node_, askings_,
                    std::max<std::int64_t>(book.meter->share() / 2, 1)));
}

void Loans::hear(std::string_view message) {
  const Words words = words_of(message);
  if (words.size() < 5) return;
  const auto found = books_.find(words[1]);
  if (found == books_.end()) return;
  Book& book = found->second;
  if (words[0] == "want" && words.size() == 5) hear_want(book, words);
  if (words[0] == "lend" && words.size() == 7) hear_lend(book, words);
  if (words[0] == "used" && words.size() == 7) hear_news(book, words, true);
  if (words[0] == "back" && words.size() == 6) hear_news(book, words, false);
  if (!book.idle()) busy_.insert(found->first);
}

void Loans::hear_want(Book& book, const Words& words) {
  const auto count = number_in(words[4]);
  if (words[2] == node_ || !number_in(words[3]) || !count) return;
  const SteadyTime now = clock_.steady();
  // What was borrowed from others is theirs to lend.
  if (now - book.meter->last_admitted() >= kUnused)
    give_back(book.meter->account_id(), book, SteadyTime::max());
  const bool at_it = now - book.meter->last_admitted() < kAtIt;
  const std::int64_t free = book.meter->free(now);
  const std::int64_t offered = std::min(*count, at_it ? (free + 1) / 2 : free);
  const std::int64_t lent = offered > 0 ? book.meter->lend(offered, now) : 0;
  if (lent == 0) return;
  const std::uint64_t loan = ++loans_;
  // From after it was taken out, so that it is never too early.
  book.given.emplace(loan, Loan{lent, 0, clock_.steady() + kTerm + kMargin});
  send_(ara::format("lend {} {} {} {} {} {}", words[1], words[2], words[3], node_, loan, lent));
}

void Loans::hear_lend(Book& book, const Words& words) {
  const auto asking = number_in(words[3]);
  const auto loan = number_in(words[5]);
  const auto count = number_in(words[6]);
  if (words[2] != node_ || !asking || !loan || !count) return;
  const auto asked = book.asked.find(static_cast<std::uint64_t>(*asking));
  if (asked == book.asked.end()) return;
  const SteadyTime until = asked->second + kTerm;
  if (clock_.steady() + kBeforeEnd >= until) return;
  const auto [place, first] = book.taken.try_emplace(
      {std::string(words[4]), static_cast<std::uint64_t>(*loan)}, Loan{*count, 0, until});
  if (!first) return;  // heard before
  set_term(book);
  book.meter->borrow(*count);
}

void Loans::hear_news(Book& book, const Words& words, bool used) {
  const auto loan = number_in(words[3]);
  const auto number = number_in(words[4]);
  const auto count = number_in(words[5]);
  const auto age = used ? number_in(words[6]) : 0;
  if (words[2] != node_ || !loan || !number || !count || !age) return;
  const auto found = book.given.find(static_cast<std::uint64_t>(*loan));
  if (found == book.given.end()) return;
  Loan& given = found->second;
  if (static_cast<std::uint64_t>(*number) <= given.number) return;  // heard before
  given.number = static_cast<std::uint64_t>(*number);
  const std::int64_t settled = std::min(*count, given.count);
  given.count -= settled;
  if (used) {
    // It was used no later than that: the age is from before the word of it was sent.
    book.due.push_back(
        {settled, clock_.steady() - milliseconds(*age) + Window::kLength + milliseconds{1}});
  } else {
    book.meter->take_back(settled);
  }
  if (given.count == 0) book.given.erase(found);
}

void Loans::set_term(Book& book) {
  SteadyTime until = SteadyTime::max();
  for (const auto& [name, loan] : book.taken) {
    if (loan.count > 0) until = std::min(until, loan.until);
  }
  book.meter->set_term(until);
}

/// Tells of what was used since the last time: what is missing of the loans.
void Loans::tell_used(const std::string& account, Book& book) {
  std::int64_t used = -book.meter->borrowed();
  // Asked after the count: whoever was counted had set it before.
  const auto age = std::chrono::floor<milliseconds>(clock_.steady() - book.meter->last_borrowed());
  for (const auto& [name, loan] : book.taken) used += loan.count;
  for (auto& [name, loan] : book.taken) {
    const std::int64_t count = std::min(used, loan.count);
    if (count <= 0) continue;
    used -= count;
    loan.count -= count;
    send_(ara::format("used {} {} {} {} {} {}", account, name.first, name.second, ++loan.number,
                      count, std::max<std::int64_t>(age.count(), 0)));
  }
}

/// Gives back what is unused of loans that end by then.
void Loans::give_back(const std::string& account, Book& book, SteadyTime ending) {
  const auto ends = [&](const Loan& loan) { return loan.count > 0 && loan.until <= ending; };
  tell_used(account, book);
  std::int64_t most = 0;
  for (const auto& [name, loan] : book.taken) most += ends(loan) ? loan.count : 0;
  std::int64_t unused = book.meter->return_borrowed(most);
  for (auto& [name, loan] : book.taken) {
    const std::int64_t count = ends(loan) ? std::min(unused, loan.count) : 0;
    if (count == 0) continue;
    unused -= count;
    loan.count -= count;
    send_(
        ara::format("back {} {} {} {} {}", account, name.first, name.second, ++loan.number, count));
  }
  set_term(book);
}

void Loans::take_again(Book& book, SteadyTime now) {
  for (auto loan = book.given.begin(); loan != book.given.end();) {
    if (loan->second.until > now) {
      ++loan;
      continue;
    }
    book.due.push_back({loan->second.count, loan->second.until + Window::kLength});
    loan = book.given.erase(loan);
  }
  std::erase_if(book.due, [&](const Due& due) {
    if (due.at > now) return false;
    book.meter->take_back(due.count);
    return true;
  });
}

void Loans::settle() {
  for (auto name = busy_.begin(); name != busy_.end();) {
    const std::string& account = *name;
    Book& book = books_.find(account)->second;
    const SteadyTime now = clock_.steady();
    const bool unused = now - book.meter->last_admitted() >= kUnused;
    // Who goes on asks for what takes the place of a loan before that ends.
    const bool ends = std::ranges::any_of(book.taken, [now](const auto& one) {
      return one.second.count > 0 && one.second.until - 3 * kBeforeEnd <= now;
    });
    if (ends && !unused) ask(account);
    give_back(account, book, unused ? SteadyTime::max() : now + kBeforeEnd);
    // Kept to the end of their term: they might be heard of once more.
    std::erase_if(book.taken, [now](const auto& one) {
      return one.second.count == 0 && one.second.until <= now;
    });
    std::erase_if(book.asked, [now](const auto& one) { return one.second + kTerm <= now; });
    take_again(book, now);
    name = book.idle() ? busy_.erase(name) : std::next(name);
  }
}

}  // namespace ara::accounts
