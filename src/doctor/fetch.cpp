#include "doctor/fetch.h"

#include <memory>

#include "base/curl_owners.h"

namespace ara::doctor {
namespace {

constexpr std::size_t kMostBody = 32UL << 20;

std::size_t take_more(char* data, std::size_t, std::size_t size, void* self) {
  auto& body = *static_cast<std::string*>(self);
  if (body.size() + size > kMostBody) return 0;
  body.append(data, size);
  return size;
}

std::string part_of(const CurlUrl& url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, 0) != CURLUE_OK) return {};
  const std::string copy = text;
  curl_free(text);
  return copy;
}

/// Null where the text is no URL; the scheme may be left out.
CurlUrl parse_url(const std::string& text) {
  CurlUrl url(curl_url());
  if (!url ||
      curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_DEFAULT_SCHEME) != CURLUE_OK) {
    return nullptr;
  }
  return url;
}

}  // namespace

Result<Fetched> fetch(const std::string& url, std::chrono::milliseconds timeout) {
  const CurlEasy easy(curl_easy_init());
  Fetched fetched;
  const auto set = [&](CURLoption option, auto value) {
    return easy && curl_easy_setopt(easy.get(), option, value) == CURLE_OK;
  };
  const bool ready = set(CURLOPT_URL, url.c_str()) && set(CURLOPT_PROTOCOLS_STR, "http,https") &&
                     set(CURLOPT_PROXY, "") && set(CURLOPT_NOSIGNAL, 1L) &&
                     set(CURLOPT_USERAGENT, "ARA doctor") &&
                     set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count())) &&
                     set(CURLOPT_WRITEFUNCTION, &take_more) &&
                     set(CURLOPT_WRITEDATA, static_cast<void*>(&fetched.body));
  const CURLcode done = ready ? curl_easy_perform(easy.get()) : CURLE_FAILED_INIT;
  if (done != CURLE_OK) {
    return fail(Code::unavailable, url + ": " + curl_easy_strerror(done));
  }
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  fetched.status = static_cast<int>(status);
  return fetched;
}

Result<std::string> base_url(const std::string& text) {
  const CurlUrl url = parse_url(text.contains("://") ? text : "http://" + text);
  const std::string scheme = url ? part_of(url, CURLUPART_SCHEME) : "";
  const std::string host = url ? part_of(url, CURLUPART_HOST) : "";
  const std::string path = url ? part_of(url, CURLUPART_PATH) : "";
  if ((scheme != "http" && scheme != "https") || host.empty() || (path != "/" && !path.empty())) {
    return invalid("url", text, "http://HOST:PORT or https://HOST:PORT, commas between several");
  }
  const std::string port = part_of(url, CURLUPART_PORT);
  return scheme + "://" + host + (port.empty() ? "" : ":" + port);
}

bool is_local(const std::string& text) {
  const CurlUrl url = parse_url(text);
  if (!url) return false;
  const std::string host = part_of(url, CURLUPART_HOST);
  return host == "localhost" || host.starts_with("127.") || host == "[::1]";
}

}  // namespace ara::doctor
