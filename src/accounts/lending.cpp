#include "accounts/lending.h"

#include <utility>

#include "accounts/secret.h"

namespace ara::accounts {
namespace {

/// How often loans are settled while there are any.
constexpr std::chrono::milliseconds kSettleEvery{200};
/// More messages than anyone has time for are left out: they are wishes and news, and what is not
/// heard costs a share of a minute, never more than the limit.
constexpr std::size_t kMostHeard = 10'000;
constexpr std::chrono::milliseconds kSendTimeout{200};
constexpr std::size_t kMostWaiting = 1000;
/// How often it is looked whose hope has ended.
constexpr std::chrono::milliseconds kLookAtHopes{10};

}  // namespace

Lending::Lending(std::shared_ptr<cache::Channel> channel, const Clock& clock)
    : channel_(std::move(channel)),
      clock_(clock),
      loans_(
          random_hex(8), [this](const std::string& message) { send(message); }, clock),
      thread_([this] { run(); }) {
  channel_->listen([this](std::string_view message) {
    {
      const std::lock_guard lock(mutex_);
      if (inbox_.heard.size() >= kMostHeard) return;
      inbox_.heard.emplace_back(message);
    }
    wake_.notify_one();
  });
}

Lending::~Lending() {
  channel_->stop();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Lending::know(std::shared_ptr<Meter> meter) {
  const std::lock_guard lock(mutex_);
  inbox_.meters.push_back(std::move(meter));
}

void Lending::ask(const std::string& account) {
  {
    const std::lock_guard lock(mutex_);
    inbox_.asking.push_back(account);
  }
  wake_.notify_one();
}

void Lending::send(const std::string& message) {
  // What is not said is taken as the worst case by those who did not hear it.
  (void)channel_->send(message, Call{Deadline::after(kSendTimeout)});
}

bool Lending::wait(std::shared_ptr<Meter> meter, const Tier& tier, Then then) {
  if (waiters_.fetch_add(1) >= kMostWaiting) {
    waiters_.fetch_sub(1);
    return false;
  }
  {
    const std::lock_guard lock(mutex_);
    inbox_.waiting.push_back({std::move(meter), tier, std::move(then)});
  }
  wake_.notify_one();
  return true;
}

/// In the order in which they came.
void Lending::serve_waiting() {
  std::erase_if(waiting_, [this](Waiting& one) {
    const SteadyTime now = clock_.steady();
    const Admission admission = one.meter->admit(one.tier, now);
    if (admission.runs_short) loans_.ask(one.meter->account_id());
    if (!admission.admitted() && admission.may_come) return false;
    waiters_.fetch_sub(1);
    one.then(admission);
    return true;
  });
}

Lending::Inbox Lending::next_inbox() {
  std::unique_lock lock(mutex_);
  const auto called = [this] { return stopping_ || !inbox_.empty(); };
  if (loans_.busy() || !waiting_.empty()) {
    wake_.wait_for(lock, waiting_.empty() ? kSettleEvery : kLookAtHopes, called);
  } else {
    wake_.wait(lock, called);
  }
  return std::exchange(inbox_, {});
}

void Lending::run() {
  SteadyTime next = clock_.steady();
  for (;;) {
    Inbox inbox = next_inbox();
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    for (auto& meter : inbox.meters) loans_.know(std::move(meter));
    for (const std::string& account : inbox.asking) loans_.ask(account);
    for (const std::string& message : inbox.heard) loans_.hear(message);
    for (Waiting& one : inbox.waiting) waiting_.push_back(std::move(one));
    serve_waiting();
    if (clock_.steady() < next) continue;
    loans_.settle();
    next = clock_.steady() + kSettleEvery;
  }
}

}  // namespace ara::accounts
