#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"
#include "storage/patience.h"

struct sqlite3;
struct sqlite3_stmt;

namespace ara::storage {

class SqliteConnection;

/// Marks bytes to be bound as a BLOB.
struct SqliteBlob {
  std::string_view bytes;
};

/// A prepared statement lent by its connection, which keeps it for the next use. Errors of
/// preparing and binding are kept and come out of the next step. Resets itself at the end.
class SqliteStatement {
 public:
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;
  ~SqliteStatement();

  /// Sets all parameters, in order, and makes the statement ready to step. Integers, doubles (NaN
  /// becomes NULL, as SQLite does of itself) and text; blobs go through SqliteBlob. Text is copied.
  template <class... Values>
  SqliteStatement& bind(const Values&... values) {
    rewind();
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }
  /// The same one by one, for loops that bind many rows; call rewind() before the first.
  void rewind();
  void bind_integer(int index, std::int64_t value);
  void bind_double(int index, double value);

  /// True if there is a row to read, false at the end.
  Result<bool> step();
  /// Steps to the end, passing over rows.
  Result<void> run();

  // Columns of the row, counted from 0. Text and blobs live until the next step.
  std::int64_t integer(int column) const;
  double real(int column) const;  ///< NaN for NULL
  std::string_view text(int column) const;

 private:
  friend class SqliteConnection;
  SqliteStatement(SqliteConnection& connection, sqlite3_stmt* statement, int status);

  template <class Value>
  void bind_one(int index, const Value& value) {
    if constexpr (std::integral<Value>) {
      bind_integer(index, static_cast<std::int64_t>(value));
    } else if constexpr (std::floating_point<Value>) {
      bind_double(index, value);
    } else {
      bind_bytes(index, value);
    }
  }
  void bind_bytes(int index, std::string_view text);
  void bind_bytes(int index, const SqliteBlob& blob);

  SqliteConnection& connection_;
  sqlite3_stmt* statement_;
  int status_;  ///< the first SQLite result that was not OK
};

/// One connection to a SQLite file, used by one thread at a time.
class SqliteConnection {
 public:
  /// `flags` are those of sqlite3_open_v2. The file name is never taken for a URI.
  static Result<std::unique_ptr<SqliteConnection>> open(const std::string& path, int flags);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  /// Binds what follows to the deadline of `call`: waits for locks end by then (and in no case
  /// last longer than kPatience), running statements are interrupted.
  void start(const Call& call);

  /// Runs SQL text that needs no parameters, one or more statements.
  Result<void> run(const char* sql);
  /// `sql` must be a string literal (its address is not kept, but the set of them must be small:
  /// prepared statements stay for the life of the connection).
  SqliteStatement prepare(std::string_view sql);
  /// Rows changed by the last INSERT, UPDATE or DELETE.
  std::uint64_t changed() const;
  bool in_transaction() const;
  /// Copies the whole database, as this connection's transaction sees it, over that of `target`.
  Result<void> copy_to(SqliteConnection& target);

  /// The Error for a SQLite result that is not OK; `doing` is what was being done.
  Error error(int status, std::string_view doing) const;
  /// Whether something has failed since the start, through no fault of who asked.
  bool failed() const { return failed_; }

 private:
  SqliteConnection() = default;
  static int on_busy(void* self, int tries);
  static int on_progress(void* self);

  sqlite3* handle_ = nullptr;
  mutable bool failed_ = false;  ///< noted where the error is made
  std::string path_;
  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime give_up_ = SteadyTime::max();
  std::unordered_map<std::string_view, sqlite3_stmt*> statements_;
};

/// A transaction that is rolled back unless committed.
class SqliteTransaction {
 public:
  enum class Kind {
    read,   ///< one snapshot for all reads
    write,  ///< takes the one write lock of the file at once
  };
  static Result<SqliteTransaction> begin(SqliteConnection& connection, Kind kind);
  SqliteTransaction(SqliteTransaction&& other) noexcept;
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  ~SqliteTransaction();

  Result<void> commit();

 private:
  explicit SqliteTransaction(SqliteConnection& connection) : connection_(&connection) {}
  SqliteConnection* connection_;
};

}  // namespace ara::storage
