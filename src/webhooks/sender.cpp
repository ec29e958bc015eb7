#include "webhooks/sender.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <utility>

#include "base/curl_owners.h"

namespace ara::webhooks {
namespace {

CurlList list_of(const std::vector<std::string>& lines) {
  CurlList list;
  for (const std::string& line : lines) {
    list.reset(curl_slist_append(list.release(), line.c_str()));
  }
  return list;
}

/// A request on its way, and what its callbacks note.
struct Transfer {
  Request request;
  Policy policy;
  CurlList headers;
  CurlList resolve;
  std::string body;
  std::size_t read = 0;
  bool cut = false;  ///< the response was longer than what is read
  std::string refused;
  std::array<char, CURL_ERROR_SIZE> error{};
  CurlEasy easy;  ///< last: it goes first, and uses the rest
};

/// Called with the address that is about to be connected to.
curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  const auto kind = not_public(address->addr);
  if (kind && !transfer.policy.allow_private) {
    transfer.refused = "The address of the host is " + std::string(*kind);
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t take_body(char* data, std::size_t, std::size_t size, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::size_t room = Sender::kKeptBody - std::min(Sender::kKeptBody, transfer.body.size());
  transfer.body.append(data, std::min(size, room));
  transfer.read += size;
  transfer.cut = transfer.read > Sender::kReadBody;
  return transfer.cut ? 0 : size;
}

template <class Value>
bool set(const Transfer& transfer, CURLoption option, Value value) {
  return curl_easy_setopt(transfer.easy.get(), option, value) == CURLE_OK;
}

bool prepare(Transfer& transfer, const Sender::Options& options) {
  const bool http = options.policy.allow_http || options.policy.allow_private;
  std::vector<std::string> lines{"content-type: application/json", "user-agent: ARA", "accept: */*",
                                 "expect:"};
  lines.insert(lines.end(), transfer.request.headers.begin(), transfer.request.headers.end());
  transfer.headers = list_of(lines);
  transfer.resolve = list_of(options.resolve);
  return set(transfer, CURLOPT_URL, transfer.request.url.c_str()) &&
         set(transfer, CURLOPT_PROTOCOLS_STR, http ? "http,https" : "https") &&
         set(transfer, CURLOPT_FOLLOWLOCATION, 0L) && set(transfer, CURLOPT_PROXY, "") &&
         set(transfer, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED)) &&
         set(transfer, CURLOPT_NOSIGNAL, 1L) && set(transfer, CURLOPT_FRESH_CONNECT, 1L) &&
         set(transfer, CURLOPT_FORBID_REUSE, 1L) &&
         set(transfer, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)) &&
         set(transfer, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count())) &&
         set(transfer, CURLOPT_CONNECTTIMEOUT_MS,
             static_cast<long>(options.connect_timeout.count())) &&
         set(transfer, CURLOPT_POST, 1L) &&
         set(transfer, CURLOPT_POSTFIELDSIZE_LARGE,
             static_cast<curl_off_t>(transfer.request.body.size())) &&
         set(transfer, CURLOPT_POSTFIELDS, transfer.request.body.data()) &&
         set(transfer, CURLOPT_HTTPHEADER, transfer.headers.get()) &&
         set(transfer, CURLOPT_RESOLVE, transfer.resolve.get()) &&
         set(transfer, CURLOPT_ERRORBUFFER, transfer.error.data()) &&
         set(transfer, CURLOPT_OPENSOCKETFUNCTION, &open_socket) &&
         set(transfer, CURLOPT_OPENSOCKETDATA, static_cast<void*>(&transfer)) &&
         set(transfer, CURLOPT_WRITEFUNCTION, &take_body) &&
         set(transfer, CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
}

std::string error_of(const Transfer& transfer, CURLcode result) {
  if (!transfer.refused.empty()) return transfer.refused;
  if (transfer.cut) return {};
  if (result == CURLE_OK) return {};
  if (result == CURLE_OPERATION_TIMEDOUT) return "There was no answer in time";
  const std::string_view detail = transfer.error.data();
  return printable(detail.empty() ? curl_easy_strerror(result) : detail, Sender::kKeptBody);
}

Outcome outcome_of(Transfer& transfer, CURLcode result) {
  long status = 0;
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  return {transfer.request.id, static_cast<int>(status),
          printable(transfer.body, Sender::kKeptBody), error_of(transfer, result)};
}

}  // namespace

struct Sender::State {
  Options options;
  CurlMulti multi;
  std::map<CURL*, std::unique_ptr<Transfer>> transfers;
  std::vector<Outcome> ended;

  ~State() {
    for (const auto& [easy, transfer] : transfers) curl_multi_remove_handle(multi.get(), easy);
    transfers.clear();
  }
};

Sender::Sender(Options options) : state_(std::make_unique<State>()) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  state_->options = std::move(options);
  state_->multi.reset(curl_multi_init());
}

Sender::~Sender() = default;

void Sender::start(Request request) {
  auto transfer = std::make_unique<Transfer>();
  transfer->request = std::move(request);
  transfer->policy = state_->options.policy;
  const auto refuse = [&](std::string why) {
    state_->ended.push_back({transfer->request.id, 0, {}, std::move(why)});
  };
  // Checked again: a setting may have changed since the webhook was made.
  if (auto allowed = check_url(transfer->request.url, transfer->policy); !allowed) {
    return refuse(allowed.error().message);
  }
  transfer->easy.reset(curl_easy_init());
  CURL* easy = transfer->easy.get();
  if (easy == nullptr || !prepare(*transfer, state_->options) ||
      curl_multi_add_handle(state_->multi.get(), easy) != CURLM_OK) {
    return refuse("The request could not be begun");
  }
  state_->transfers.emplace(easy, std::move(transfer));
}

std::size_t Sender::in_flight() const {
  return state_->transfers.size() + state_->ended.size();
}

std::vector<Outcome> Sender::run(std::chrono::milliseconds wait) {
  int running = 0;
  curl_multi_perform(state_->multi.get(), &running);
  if (state_->ended.empty()) {
    curl_multi_poll(state_->multi.get(), nullptr, 0, static_cast<int>(wait.count()), nullptr);
    curl_multi_perform(state_->multi.get(), &running);
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(state_->multi.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode result = message->data.result;
    CURL* easy = message->easy_handle;
    const auto found = state_->transfers.find(easy);
    if (found == state_->transfers.end()) continue;
    state_->ended.push_back(outcome_of(*found->second, result));
    curl_multi_remove_handle(state_->multi.get(), easy);
    state_->transfers.erase(found);
  }
  return std::exchange(state_->ended, {});
}

void Sender::wake() {
  curl_multi_wakeup(state_->multi.get());
}

}  // namespace ara::webhooks
