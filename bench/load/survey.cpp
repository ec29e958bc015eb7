#include "load/survey.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
#include <yyjson.h>

#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "base/format.h"
#include "base/text.h"

namespace ara::load {
namespace {

/// A server that has too much to do just now is asked again.
constexpr int kTries = 20;
constexpr std::chrono::milliseconds kPause{500};

using Document = std::unique_ptr<yyjson_doc, decltype(&yyjson_doc_free)>;

Document parse(const std::string& text) {
  return {yyjson_read(text.data(), text.size(), 0), &yyjson_doc_free};
}

std::string text_of(yyjson_val* object, const char* name) {
  const char* text = yyjson_get_str(yyjson_obj_get(object, name));
  return text == nullptr ? "" : text;
}

Error failed(const std::string& what, const std::string& path) {
  return {Code::unavailable, what + ", asked for " + path, {}, {}, {}};
}

}  // namespace

Survey::Survey(Target target, std::string header_lines)
    : target_(std::move(target)), header_lines_(std::move(header_lines)) {}

Result<std::vector<Instrument>> Survey::all() {
  std::vector<std::string> symbols;
  for (int page = 1;; ++page) {
    const std::string path = ara::format("/api/v1/symbols?page={}", page);
    const auto body = get(path);
    if (!body) return std::unexpected(body.error());
    const auto document = parse(*body);
    yyjson_val* rows = yyjson_obj_get(yyjson_doc_get_root(document.get()), "symbols");
    if (yyjson_arr_size(rows) == 0) break;
    std::size_t index = 0, count = 0;
    yyjson_val* row = nullptr;
    yyjson_arr_foreach(rows, index, count, row) symbols.push_back(text_of(row, "symbol"));
  }
  return of(symbols);
}

Result<std::vector<Instrument>> Survey::of(const std::vector<std::string>& symbols) {
  std::vector<Instrument> found;
  for (const std::string& symbol : symbols) {
    const std::string path = "/api/v1/predict/" + percent_encode(symbol) + "?days=5";
    const auto body = get(path);
    if (!body) return std::unexpected(body.error());
    const auto document = parse(*body);
    yyjson_val* root = yyjson_doc_get_root(document.get());
    found.push_back(
        {symbol, text_of(root, "as_of"), yyjson_get_num(yyjson_obj_get(root, "current_price"))});
  }
  return found;
}

Result<std::string> Survey::get(const std::string& path) {
  for (int tries = 1;; ++tries) {
    const std::string answer = ask(path);
    const auto end = answer.find("\r\n\r\n");
    if (end == std::string::npos) {
      return std::unexpected(
          failed(ara::format("{}:{} does not answer", target_.host, target_.port), path));
    }
    if (answer.starts_with("HTTP/1.1 200")) return answer.substr(end + 4);
    if (!answer.starts_with("HTTP/1.1 503") || tries == kTries) {
      return std::unexpected(failed(answer.substr(0, answer.find("\r\n")), path));
    }
    std::this_thread::sleep_for(kPause);
  }
}

std::string Survey::ask(const std::string& path) const {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target_.port);
  inet_pton(AF_INET, target_.host.c_str(), &address.sin_addr);
  const std::string request =
      "GET " + path + " HTTP/1.1\r\nConnection: close\r\n" + header_lines_ + "\r\n";
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size())) {
    char buffer[65536];
    for (ssize_t got = 0; (got = recv(fd, buffer, sizeof buffer, 0)) > 0;) {
      answer.append(buffer, static_cast<std::size_t>(got));
    }
  }
  close(fd);
  return answer;
}

}  // namespace ara::load
