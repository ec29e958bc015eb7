#include "storage/sqlite_connection.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <thread>
#include <utility>

#include "base/format.h"
#include "storage/db_meters.h"

namespace ara::storage {
namespace {

/// How often a running statement looks at the clock, in steps of SQLite's virtual machine (about
/// 20 ns each).
constexpr int kStepsBetweenChecks = 10'000;

}  // namespace

SqliteStatement::SqliteStatement(SqliteConnection& connection, sqlite3_stmt* statement, int status)
    : connection_(connection), statement_(statement), status_(status) {}

SqliteStatement::~SqliteStatement() {
  if (statement_ != nullptr) sqlite3_reset(statement_);
}

void SqliteStatement::rewind() {
  if (statement_ != nullptr) sqlite3_reset(statement_);
}

void SqliteStatement::bind_integer(int index, std::int64_t value) {
  if (status_ == SQLITE_OK) status_ = sqlite3_bind_int64(statement_, index, value);
}

void SqliteStatement::bind_double(int index, double value) {
  if (status_ == SQLITE_OK) status_ = sqlite3_bind_double(statement_, index, value);
}

void SqliteStatement::bind_bytes(int index, std::string_view text) {
  if (status_ != SQLITE_OK) return;
  // A null pointer would bind NULL; an empty text is still a text. The same for blobs.
  const char* data = text.empty() ? "" : text.data();
  status_ =
      sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void SqliteStatement::bind_bytes(int index, const SqliteBlob& blob) {
  if (status_ != SQLITE_OK) return;
  const char* data = blob.bytes.empty() ? "" : blob.bytes.data();
  status_ = sqlite3_bind_blob64(statement_, index, data, blob.bytes.size(), SQLITE_TRANSIENT);
}

Result<bool> SqliteStatement::step() {
  if (status_ == SQLITE_OK) {
    const int status = sqlite3_step(statement_);
    if (status == SQLITE_ROW) return true;
    if (status == SQLITE_DONE) return false;
    status_ = status;
  }
  const char* sql = statement_ != nullptr ? sqlite3_sql(statement_) : "a statement";
  return std::unexpected(connection_.error(status_, sql));
}

Result<void> SqliteStatement::run() {
  for (;;) {
    const auto row = step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
  }
}

std::int64_t SqliteStatement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

double SqliteStatement::real(int column) const {
  const double value = sqlite3_column_double(statement_, column);
  // 0.0 is also what SQLite gives for NULL, so only then the type has to be looked at.
  if (value == 0.0 && sqlite3_column_type(statement_, column) == SQLITE_NULL) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return value;
}

std::string_view SqliteStatement::text(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const std::string& path,
                                                                 int flags) {
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection);
  connection->path_ = path;
  // An absolute name cannot begin with "file:", which some builds of SQLite take for a URI.
  std::error_code ignored;
  const std::string absolute = std::filesystem::absolute(path, ignored).string();
  const int status = sqlite3_open_v2(absolute.c_str(), &connection->handle_,
                                     flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (status != SQLITE_OK) return std::unexpected(connection->error(status, "opening it"));
  sqlite3_busy_handler(connection->handle_, on_busy, connection.get());
  sqlite3_progress_handler(connection->handle_, kStepsBetweenChecks, on_progress, connection.get());
  connection->start({});
  return connection;
}

SqliteConnection::~SqliteConnection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

void SqliteConnection::start(const Call& call) {
  failed_ = false;
  deadline_ = call.deadline.at;
  give_up_ = std::min(deadline_, system_clock().steady() + kPatience);
}

int SqliteConnection::on_busy(void* self, int tries) {
  const SteadyTime give_up = static_cast<SqliteConnection*>(self)->give_up_;
  const SteadyTime now = system_clock().steady();
  if (now >= give_up) return 0;
  constexpr std::chrono::milliseconds kLongest{20};
  const std::chrono::nanoseconds pause =
      std::min<std::chrono::nanoseconds>(kLongest, std::chrono::microseconds{200} * (tries + 1));
  std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(pause, give_up - now));
  return 1;
}

int SqliteConnection::on_progress(void* self) {
  const SteadyTime deadline = static_cast<SqliteConnection*>(self)->deadline_;
  return deadline != SteadyTime::max() && system_clock().steady() >= deadline;
}

Result<void> SqliteConnection::run(const char* sql) {
  const int status = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (status != SQLITE_OK) return std::unexpected(error(status, sql));
  return {};
}

SqliteStatement SqliteConnection::prepare(std::string_view sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) {
    return {*this, found->second, SQLITE_OK};
  }
  sqlite3_stmt* statement = nullptr;
  const int status = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (status == SQLITE_OK) statements_.emplace(sqlite3_sql(statement), statement);
  return {*this, statement, status};
}

std::uint64_t SqliteConnection::changed() const {
  return static_cast<std::uint64_t>(sqlite3_changes64(handle_));
}

bool SqliteConnection::in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

Result<void> SqliteConnection::copy_to(SqliteConnection& target) {
  constexpr int kAllPages = -1;
  sqlite3_backup* copying = sqlite3_backup_init(target.handle_, "main", handle_, "main");
  int status = SQLITE_OK;
  if (copying != nullptr) {
    sqlite3_backup_step(copying, kAllPages);
    status = sqlite3_backup_finish(copying);
  } else {
    status = sqlite3_extended_errcode(target.handle_);
  }
  if (status != SQLITE_OK) return std::unexpected(target.error(status, "copying into it"));
  return {};
}

Error SqliteConnection::error(int status, std::string_view doing) const {
  struct Row {
    int status;
    Code code;
    std::string_view meaning;
  };
  static constexpr std::array kRows{
      Row{SQLITE_BUSY, Code::unavailable, "another program holds it locked"},
      Row{SQLITE_LOCKED, Code::unavailable, "it is locked"},
      Row{SQLITE_INTERRUPT, Code::deadline, "not done in the time allowed"},
      Row{SQLITE_CORRUPT, Code::corrupt, "the file is damaged"},
      Row{SQLITE_NOTADB, Code::corrupt, "the file is not a SQLite database"},
      Row{SQLITE_CONSTRAINT, Code::conflict, "it contradicts what is stored"},
      Row{SQLITE_TOOBIG, Code::too_large, "a value is too big"},
      Row{SQLITE_FULL, Code::io, "the disk is full"},
      Row{SQLITE_IOERR, Code::io, "reading or writing failed"},
      Row{SQLITE_CANTOPEN, Code::io, "the file cannot be opened"},
      Row{SQLITE_READONLY, Code::io, "the file is read-only"},
      Row{SQLITE_PERM, Code::io, "access is denied"},
      Row{SQLITE_AUTH, Code::io, "access is denied"},
  };
  const auto row = std::ranges::find(kRows, status & 0xFF, &Row::status);
  Code code = row == kRows.end() ? Code::internal : row->code;
  std::string_view meaning = row == kRows.end() ? "unexpected result" : row->meaning;
  if (code == Code::unavailable && system_clock().steady() >= deadline_) code = Code::deadline;
  failed_ = failed_ || is_fault(code);
  // These two are shown to clients, whom the path and the statement do not concern.
  if (code == Code::unavailable || code == Code::deadline) {
    return {code, "the store: " + std::string(meaning), {}, {}, {}};
  }
  const char* detail = handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(status);
  return {code,
          ara::format("the store {}: {} ({}, while: {})", path_, meaning, detail,
                      printable(doing, 120)),
          {},
          {},
          {}};
}

Result<SqliteTransaction> SqliteTransaction::begin(SqliteConnection& connection, Kind kind) {
  const std::string_view sql = kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN";
  if (auto begun = connection.prepare(sql).run(); !begun) return std::unexpected(begun.error());
  return SqliteTransaction(connection);
}

SqliteTransaction::SqliteTransaction(SqliteTransaction&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)) {}

SqliteTransaction::~SqliteTransaction() {
  if (connection_ == nullptr || !connection_->in_transaction()) return;
  // Must not be cut short by a deadline that has passed. It can fail only where SQLite has rolled
  // back of itself, so there is nothing to report.
  connection_->start({});
  (void)connection_->prepare("ROLLBACK").run();
}

Result<void> SqliteTransaction::commit() {
  if (auto done = connection_->prepare("COMMIT").run(); !done) return done;
  connection_ = nullptr;
  return {};
}

}  // namespace ara::storage
