#include "storage/postgres_connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "base/format.h"
#include "storage/moved.h"
#include "storage/patience.h"

namespace ara::storage {
namespace {

// The types of parameters, by their numbers in pg_type.
constexpr Oid kBytea = 17;
constexpr Oid kInt8 = 20;
constexpr Oid kText = 25;
constexpr Oid kFloat8 = 701;

constexpr int kBinary = 1;

/// What hold_slots raises: see postgres_shard_tables.h.
constexpr std::string_view kSlotNotHere = "AR001";

std::array<char, 8> big_endian(std::uint64_t value) {
  if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
  return std::bit_cast<std::array<char, 8>>(value);
}

std::uint64_t from_big_endian(const char* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof(value));
  if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
  return value;
}

/// What an SQLSTATE means to a caller; the first row whose text the state begins with.
struct StateRow {
  std::string_view state;
  Code code;
  bool ends_connection;  ///< another connection may do better, this one will not
};
constexpr std::array kStates{
    StateRow{"08", Code::unavailable, true},      // the connection failed
    StateRow{"22021", Code::invalid, false},      // text that is no UTF-8, or has a NUL
    StateRow{"25006", Code::unavailable, true},   // a primary that is none any more
    StateRow{"40", Code::unavailable, false},     // serialization failure, deadlock
    StateRow{"42704", Code::not_found, false},    // no such prepared transaction
    StateRow{"55000", Code::unavailable, false},  // a prepared transaction that another is ending
    StateRow{"53300", Code::overloaded, true},    // too many connections
    StateRow{"53", Code::io, false},              // disk full, out of memory
    StateRow{"57014", Code::deadline, false},     // cancelled by statement_timeout
    StateRow{"57", Code::unavailable, true},      // shut down, or starting
    StateRow{"58", Code::io, false},              // a file failed
    StateRow{"55P03", Code::unavailable, false},  // lock not available
    StateRow{"XX001", Code::corrupt, false},      // data corrupted
    StateRow{"XX002", Code::corrupt, false},      // index corrupted
    StateRow{"", Code::io, false},
};

}  // namespace

void PgParams::add(std::optional<std::int64_t> value) {
  if (!value) {
    values_.push_back({.type = kInt8, .bytes = {}, .kind = One::null});
    return;
  }
  values_.push_back({.type = kInt8,
                     .bytes = {},
                     .number = big_endian(static_cast<std::uint64_t>(*value)),
                     .kind = One::number_});
}

void PgParams::add(double value) {
  if (value != value) {
    values_.push_back({.type = kFloat8, .bytes = {}, .kind = One::null});
    return;
  }
  values_.push_back({.type = kFloat8,
                     .bytes = {},
                     .number = big_endian(std::bit_cast<std::uint64_t>(value)),
                     .kind = One::number_});
}

void PgParams::add(std::string_view text) {
  values_.push_back({.type = kText, .bytes = text, .kind = One::bytes_});
}

void PgParams::add(const PgBytes& value) {
  values_.push_back({.type = kBytea, .bytes = value.bytes, .kind = One::bytes_});
}

PgRows::~PgRows() {
  PQclear(result_);
}
int PgRows::size() const {
  return PQntuples(result_);
}
std::uint64_t PgRows::changed() const {
  const std::string_view text = PQcmdTuples(result_);
  std::uint64_t count = 0;
  for (const char digit : text) count = 10 * count + static_cast<std::uint64_t>(digit - '0');
  return count;
}
std::int64_t PgRows::integer(int row, int column) const {
  if (null(row, column)) return 0;
  return static_cast<std::int64_t>(from_big_endian(PQgetvalue(result_, row, column)));
}
double PgRows::real(int row, int column) const {
  if (null(row, column)) return std::numeric_limits<double>::quiet_NaN();
  return std::bit_cast<double>(from_big_endian(PQgetvalue(result_, row, column)));
}
std::string_view PgRows::text(int row, int column) const {
  return {PQgetvalue(result_, row, column),
          static_cast<std::size_t>(PQgetlength(result_, row, column))};
}
bool PgRows::flag(int row, int column) const {
  const std::string_view value = text(row, column);
  return value == "t" || value == std::string_view("\1", 1);
}
bool PgRows::null(int row, int column) const {
  return PQgetisnull(result_, row, column) != 0;
}

Result<std::unique_ptr<PgConnection>> PgConnection::open(const std::string& host,
                                                         const Call& call) {
  std::unique_ptr<PgConnection> made(new PgConnection());
  made->start(call);
  if (auto connected = made->connect(host); !connected) return std::unexpected(connected.error());
  return made;
}

PgConnection::~PgConnection() {
  PQfinish(handle_);
}

Result<void> PgConnection::connect(const std::string& host) {
  handle_ = PQconnectStart(host.c_str());
  if (handle_ == nullptr) return fail(Code::internal, "libpq cannot allocate a connection");
  PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;
  if (PQstatus(handle_) == CONNECTION_BAD) return lost();
  while (wanted != PGRES_POLLING_OK) {
    if (wanted == PGRES_POLLING_FAILED) return lost();
    if (auto ready = wait(wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT); !ready) return ready;
    wanted = PQconnectPoll(handle_);
  }
  PQsetnonblocking(handle_, 1);
  PQsetNoticeReceiver(handle_, &PgConnection::on_notice, this);
  opened_ = heard_ = system_clock().steady();
  return {};
}

void PgConnection::start(const Call& call) {
  deadline_ = std::min(call.deadline.at, system_clock().steady() + kPatience);
}

std::chrono::milliseconds PgConnection::left() const {
  return std::chrono::ceil<std::chrono::milliseconds>(deadline_ - system_clock().steady());
}

bool PgConnection::in_transaction() const {
  return PQtransactionStatus(handle_) != PQTRANS_IDLE;
}

void PgConnection::on_notice(void* self, const pg_result* notice) {
  const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (severity != nullptr && std::string_view(severity) == "WARNING") {
    static_cast<PgConnection*>(self)->warned_ = true;
  }
}

std::unexpected<Error> PgConnection::lost() {
  healthy_ = false;
  return fail(Code::unavailable,
              "PostgreSQL cannot be reached: " + first_line(PQerrorMessage(handle_)));
}

Error PgConnection::refused(const pg_result* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (state == nullptr || PQstatus(handle_) == CONNECTION_BAD) return lost().error();
  const auto row = std::ranges::find_if(
      kStates, [&](const StateRow& one) { return std::string_view(state).starts_with(one.state); });
  if (row->ends_connection) healthy_ = false;
  if (std::string_view(state) == kSlotNotHere) return moved();
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  return fail(row->code, ara::format("PostgreSQL: {} (SQLSTATE {})",
                                     message == nullptr ? "no message" : message, state))
      .error();
}

Result<void> PgConnection::wait(short events) {
  pollfd socket{.fd = PQsocket(handle_), .events = events, .revents = 0};
  for (;;) {
    const std::chrono::milliseconds time = left();
    const int ready = time.count() <= 0 ? 0 : poll(&socket, 1, static_cast<int>(time.count()));
    if (ready > 0) return {};
    if (ready < 0 && errno == EINTR) continue;
    // What the server was asked goes on there; nobody reads it from here any more.
    healthy_ = false;
    return fail(Code::deadline, "PostgreSQL did not answer in time");
  }
}

Result<void> PgConnection::flush() {
  for (;;) {
    const int left_over = PQflush(handle_);
    if (left_over == 0) return {};
    if (left_over < 0) return lost();
    // The server may itself wait for us to read before it reads on.
    if (auto ready = wait(POLLIN | POLLOUT); !ready) return ready;
    if (PQconsumeInput(handle_) == 0) return lost();
  }
}

Result<pg_result*> PgConnection::next_result() {
  if (auto sent = flush(); !sent) return std::unexpected(sent.error());
  while (PQisBusy(handle_) != 0) {
    if (auto ready = wait(POLLIN); !ready) return std::unexpected(ready.error());
    if (PQconsumeInput(handle_) == 0) return lost();
  }
  heard_ = system_clock().steady();
  return PQgetResult(handle_);
}

Result<PgRows> PgConnection::finish() {
  PgRows last(nullptr);
  std::optional<Error> error;
  for (;;) {
    const auto result = next_result();
    if (!result) return std::unexpected(error ? *error : result.error());
    if (*result == nullptr) break;
    PgRows rows(*result);
    const ExecStatusType status = PQresultStatus(*result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && !error) {
      error = refused(*result);
      if (PQstatus(handle_) == CONNECTION_BAD) break;
    }
    last = std::move(rows);
  }
  if (error) return std::unexpected(std::move(*error));
  return last;
}

Result<PgRows> PgConnection::run(const std::string& sql) {
  warned_ = false;
  if (PQsendQuery(handle_, sql.c_str()) == 0) return lost();
  return finish();
}

Result<std::string> PgConnection::prepared(std::string_view sql, const PgParams& params) {
  if (const auto known = statements_.find(sql); known != statements_.end()) return known->second;
  const std::string name = ara::format("s{}", statements_.size());
  std::vector<Oid> types;
  for (const PgParams::One& one : params.values_) types.push_back(one.type);
  if (PQsendPrepare(handle_, name.c_str(), std::string(sql).c_str(), static_cast<int>(types.size()),
                    types.data()) == 0) {
    return lost();
  }
  if (auto made = finish(); !made) return std::unexpected(made.error());
  statements_.emplace(sql, name);
  return name;
}

Result<void> PgConnection::send(const std::string& name, const PgParams& params) {
  std::vector<const char*> values;
  std::vector<int> lengths;
  const std::vector<int> formats(params.values_.size(), kBinary);
  for (const PgParams::One& one : params.values_) {
    const bool number = one.kind == PgParams::One::number_;
    const char* bytes = number ? one.number.data() : one.bytes.data();
    // A null pointer means NULL, which an empty text is not.
    if (bytes == nullptr) bytes = "";
    values.push_back(one.kind == PgParams::One::null ? nullptr : bytes);
    lengths.push_back(static_cast<int>(number ? one.number.size() : one.bytes.size()));
  }
  if (PQsendQueryPrepared(handle_, name.c_str(), static_cast<int>(values.size()), values.data(),
                          lengths.data(), formats.data(), kBinary) == 0) {
    return lost();
  }
  return {};
}

Result<PgRows> PgConnection::ask(std::string_view sql, const PgParams& params) {
  warned_ = false;
  const auto name = prepared(sql, params);
  if (!name) return std::unexpected(name.error());
  if (auto sent = send(*name, params); !sent) return std::unexpected(sent.error());
  return finish();
}

Result<std::uint64_t> PgConnection::ask_each(std::string_view sql, std::span<const PgParams> rows) {
  constexpr std::size_t kAtOnce = 256;  // bounds what waits in memory for the answers
  warned_ = false;
  if (rows.empty()) return 0;
  const auto name = prepared(sql, rows.front());
  if (!name) return std::unexpected(name.error());
  std::uint64_t changed = 0;
  for (; !rows.empty(); rows = rows.subspan(std::min(kAtOnce, rows.size()))) {
    if (PQenterPipelineMode(handle_) == 0) return lost();
    for (const PgParams& params : rows.first(std::min(kAtOnce, rows.size()))) {
      if (auto sent = send(*name, params); !sent) return std::unexpected(sent.error());
      if (auto sent = flush(); !sent) return std::unexpected(sent.error());
    }
    if (PQpipelineSync(handle_) == 0) return lost();
    const auto done = finish_pipeline();
    if (!done) return done;
    changed += *done;
  }
  return changed;
}

Result<std::uint64_t> PgConnection::finish_pipeline() {
  std::uint64_t changed = 0;
  std::optional<Error> error;
  for (bool synced = false; !synced;) {
    const auto result = next_result();
    if (!result) return std::unexpected(error ? *error : result.error());
    if (*result == nullptr) continue;  // the end of one statement's results
    const PgRows rows(*result);
    const ExecStatusType status = PQresultStatus(*result);
    if (status == PGRES_PIPELINE_SYNC) {
      synced = true;
    } else if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
      changed += rows.changed();
    } else if (!error) {
      error = refused(*result);
      if (PQstatus(handle_) == CONNECTION_BAD) return std::unexpected(*error);
    }
  }
  if (PQexitPipelineMode(handle_) == 0) return lost();
  if (error) return std::unexpected(std::move(*error));
  return changed;
}

Result<std::uint64_t> PgConnection::copy(const std::string& sql, std::string_view data) {
  warned_ = false;
  if (PQsendQuery(handle_, sql.c_str()) == 0) return lost();
  const auto begun = next_result();
  if (!begun) return std::unexpected(begun.error());
  const PgRows first(*begun);
  if (PQresultStatus(*begun) != PGRES_COPY_IN) {
    Error error = refused(*begun);
    (void)finish();
    return std::unexpected(std::move(error));
  }
  constexpr std::size_t kPiece = 1 << 18;
  while (!data.empty()) {
    const std::string_view piece = data.substr(0, kPiece);
    const int taken = PQputCopyData(handle_, piece.data(), static_cast<int>(piece.size()));
    if (taken < 0) return lost();
    if (taken > 0) data.remove_prefix(piece.size());
    if (auto sent = flush(); !sent) return std::unexpected(sent.error());
  }
  while (PQputCopyEnd(handle_, nullptr) == 0) {
    if (auto sent = flush(); !sent) return std::unexpected(sent.error());
  }
  return finish().transform([](const PgRows& rows) { return rows.changed(); });
}

Result<void> PgConnection::copy_out(const std::string& sql,
                                    const std::function<Result<void>(std::string_view)>& take) {
  warned_ = false;
  if (PQsendQuery(handle_, sql.c_str()) == 0) return lost();
  const auto begun = next_result();
  if (!begun) return std::unexpected(begun.error());
  const PgRows first(*begun);
  if (PQresultStatus(*begun) != PGRES_COPY_OUT) {
    Error error = refused(*begun);
    (void)finish();
    return std::unexpected(std::move(error));
  }
  for (;;) {
    char* data = nullptr;
    const int size = PQgetCopyData(handle_, &data, 1);
    if (size == -1) return finish().transform([](const PgRows&) {});
    if (size < -1) return lost();
    if (size > 0) {
      const std::unique_ptr<char, decltype(&PQfreemem)> owner(data, &PQfreemem);
      if (auto taken = take({data, static_cast<std::size_t>(size)}); !taken) {
        healthy_ = false;  // the rest of the rows is still on its way
        return taken;
      }
      continue;
    }
    start({});
    if (auto ready = wait(POLLIN); !ready) return ready;
    if (PQconsumeInput(handle_) == 0) return lost();
  }
}

}  // namespace ara::storage
