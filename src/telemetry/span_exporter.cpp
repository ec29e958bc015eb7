#include "telemetry/span_exporter.h"

#include <array>
#include <utility>

#include "base/curl_owners.h"
#include "telemetry/log.h"

namespace ara::telemetry {
namespace {

std::size_t ignore_body(char*, std::size_t, std::size_t size, void*) {
  return size;
}

/// Codes after which the specification of OTLP has a client try again; 0: there was no answer.
bool passing(long status) {
  return status == 0 || status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

/// A connection to the collector, kept open between requests.
class SpanExporter::Link {
 public:
  explicit Link(const Options& options) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi_.reset(curl_multi_init());
    easy_.reset(curl_easy_init());
    lines_.reset(curl_slist_append(nullptr, "content-type: application/x-protobuf"));
    lines_.reset(curl_slist_append(lines_.release(), "expect:"));
    CURL* easy = easy_.get();
    curl_easy_setopt(easy, CURLOPT_URL, options.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "ARA");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lines_.get());
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &ignore_body);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_.data());
  }

  /// The status of the answer, 0 where there was none, until `over` holds.
  template <class Over>
  long post(const std::string& body, const Over& over) {
    CURL* easy = easy_.get();
    error_.fill(0);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data());
    curl_multi_add_handle(multi_.get(), easy);
    long status = 0;
    int running = 1;
    while (running > 0 && !over()) {
      curl_multi_perform(multi_.get(), &running);
      if (running > 0) curl_multi_poll(multi_.get(), nullptr, 0, kLook, nullptr);
    }
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(multi_.get(), &left);
    if (message != nullptr && message->data.result == CURLE_OK) {
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    }
    curl_multi_remove_handle(multi_.get(), easy);
    return status;
  }

  std::string_view error() const { return error_.data(); }

 private:
  static constexpr int kLook = 100;  ///< milliseconds between looks at whether it is over

  std::array<char, CURL_ERROR_SIZE> error_{};
  CurlList lines_;
  CurlMulti multi_;
  CurlEasy easy_;
};

SpanExporter::SpanExporter(Options options, std::shared_ptr<Metrics> metrics)
    : options_(std::move(options)),
      metrics_(std::move(metrics)),
      exported_(metrics_->counter("ara_trace_spans_total", {{"result", "exported"}})),
      dropped_(metrics_->counter("ara_trace_spans_total", {{"result", "dropped"}})),
      link_(std::make_unique<Link>(options_)) {
  thread_ = std::thread([this] { run(); });
}

SpanExporter::~SpanExporter() {
  stop(Deadline{SteadyTime::min()});
}

void SpanExporter::offer(FinishedTrace trace) {
  const std::size_t spans = trace.spans();
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && queued_ + spans <= options_.most_queued) {
      queue_.push_back(std::move(trace));
      const bool first = queued_ == 0, full = queued_ + spans >= options_.batch;
      queued_ += spans;
      if (first || full) wake_.notify_one();
      return;
    }
  }
  metrics_->add(dropped_, spans);
}

void SpanExporter::stop(Deadline deadline) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
    end_ = deadline.at.time_since_epoch().count();
  }
  wake_.notify_one();
  thread_.join();
}

bool SpanExporter::over() const {
  return system_clock().steady().time_since_epoch().count() >= end_.load();
}

/// Waits for a batch; false where there will be none any more.
bool SpanExporter::take(std::vector<FinishedTrace>& batch) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  wake_.wait_for(lock, options_.delay, [this] { return stopping_ || queued_ >= options_.batch; });
  std::size_t spans = 0;
  while (!queue_.empty() && (spans == 0 || spans + queue_.front().spans() <= options_.batch)) {
    spans += queue_.front().spans();
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_ -= spans;
  return !batch.empty();
}

void SpanExporter::run() {
  for (;;) {
    std::vector<FinishedTrace> batch;
    if (!take(batch)) return;
    std::size_t spans = 0;
    for (const FinishedTrace& trace : batch) spans += trace.spans();
    const bool sent = !over() && deliver(encode_otlp(options_.resource, options_.version, batch));
    metrics_->add(sent ? exported_ : dropped_, spans);
  }
}

bool SpanExporter::deliver(const std::string& body) {
  auto pause = options_.first_retry;
  for (int tried = 1;; ++tried) {
    const long status = link_->post(body, [this] { return over(); });
    const bool taken = status >= 200 && status < 300;
    tell(taken,
         status == 0 ? std::string(link_->error()) : "it answered " + std::to_string(status));
    if (taken || !passing(status) || tried == options_.tries) return taken;
    std::unique_lock lock(mutex_);
    // Once it is to stop there is no time for pauses.
    if (wake_.wait_for(lock, pause, [this] { return stopping_; })) return false;
    pause *= 2;
  }
}

/// One line when the collector begins to fail, and one when it is well again.
void SpanExporter::tell(bool reached, std::string_view why) {
  if (ailing_ != reached) return;
  ailing_ = !reached;
  if (reached) return log(LogLevel::info, "Traces are exported again", {{"url", options_.url}});
  log(LogLevel::warning, "Traces cannot be exported", {{"url", options_.url}, {"error", why}});
}

}  // namespace ara::telemetry
