#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

struct pg_conn;
struct pg_result;

namespace ara::storage {

/// Marks bytes to be sent as a bytea.
struct PgBytes {
  std::string_view bytes;
};

/// The parameters of one statement, in PostgreSQL's binary form: integers and booleans as int8,
/// doubles as float8 (NaN as NULL, as everywhere in the store), text, bytea.
class PgParams {
 public:
  template <class... Values>
  explicit PgParams(const Values&... values) {
    (add(values), ...);
  }
  void add(std::optional<std::int64_t> value);
  void add(double value);
  void add(std::string_view text);
  void add(const PgBytes& value);
  template <std::integral Value>
  void add(Value value) {
    add(std::optional(static_cast<std::int64_t>(value)));
  }

 private:
  friend class PgConnection;
  struct One {
    unsigned type;
    std::string_view bytes;        ///< of text and bytea; they must outlive the call
    std::array<char, 8> number{};  ///< of the others
    enum { null, number_, bytes_ } kind;
  };
  std::vector<One> values_;
};

/// What a statement gave: rows in binary form, and how many rows it changed.
class PgRows {
 public:
  explicit PgRows(pg_result* result) : result_(result) {}
  PgRows(PgRows&& other) noexcept : result_(std::exchange(other.result_, nullptr)) {}
  PgRows& operator=(PgRows&& other) noexcept {
    std::swap(result_, other.result_);
    return *this;
  }
  ~PgRows();

  int size() const;
  bool empty() const { return size() == 0; }
  std::uint64_t changed() const;

  // Row and column from 0, of columns of type bigint, double precision, text or bytea, boolean.
  std::int64_t integer(int row, int column) const;  ///< 0 for NULL
  double real(int row, int column) const;           ///< NaN for NULL
  std::string_view text(int row, int column) const;
  bool flag(int row, int column) const;
  bool null(int row, int column) const;

 private:
  pg_result* result_;
};

/// Which servers, and as whom: the parts of a connection URI.
struct PgPlace {
  std::vector<std::string> hosts;  ///< connection strings of libpq, one a server
  std::string database;
  std::string shown;                 ///< the servers, for messages; no password
  std::vector<std::string> servers;  ///< "HOST:PORT" of each of hosts

  /// Of "postgresql://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE"; Code::invalid.
  static Result<PgPlace> parse(const std::string& uri);
};

/// Of a message of libpq, which may have several lines.
std::string first_line(std::string_view text);

/// One connection to one PostgreSQL server, used by one thread at a time; everything on it ends by
/// the deadline it was started with, whatever the server or the network does. Statements are
/// prepared once and kept, in the protocol's own way, which pgbouncer's transaction mode follows.
///
/// Errors by SQLSTATE: unavailable for what may go well on another connection (the server went
/// away, is no primary any more, a deadlock), deadline, overloaded, invalid for text that
/// PostgreSQL cannot hold, corrupt, io for all else.
class PgConnection {
 public:
  /// `host` is one of PgPlace::hosts.
  static Result<std::unique_ptr<PgConnection>> open(const std::string& host, const Call& call);
  ~PgConnection();
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  /// Binds what follows to the deadline of `call`, and in any case to kPatience.
  void start(const Call& call);

  /// Runs SQL text without parameters, one or more statements; what the last one gave.
  Result<PgRows> run(const std::string& sql);
  /// Runs one statement; `sql` must be a string literal, since prepared statements stay.
  template <class... Values>
  Result<PgRows> ask(std::string_view sql, const Values&... values) {
    return ask(sql, PgParams(values...));
  }
  Result<PgRows> ask(std::string_view sql, const PgParams& params);
  /// The same statement once for each of `rows`, sent without waiting for the answers between; how
  /// many rows they changed. Within a transaction: an error leaves it to be rolled back.
  Result<std::uint64_t> ask_each(std::string_view sql, std::span<const PgParams> rows);
  /// COPY … FROM STDIN; `data` in the format that `sql` names. Rows copied.
  Result<std::uint64_t> copy(const std::string& sql, std::string_view data);
  /// COPY … TO STDOUT; `take` is given each row. Only the wait for more of them is bound in time.
  Result<void> copy_out(const std::string& sql,
                        const std::function<Result<void>(std::string_view)>& take);

  /// Whether the server warned of something during the last statement.
  bool warned() const { return warned_; }
  /// False once the connection cannot be used any more.
  bool healthy() const { return healthy_; }
  bool in_transaction() const;
  /// When something was last heard from the server.
  SteadyTime heard() const { return heard_; }
  SteadyTime opened() const { return opened_; }
  std::chrono::milliseconds left() const;  ///< until the deadline

 private:
  PgConnection() = default;
  Result<void> connect(const std::string& host);
  /// Prepares it unless it is; its name.
  Result<std::string> prepared(std::string_view sql, const PgParams& params);
  Result<void> send(const std::string& name, const PgParams& params);
  Result<std::uint64_t> finish_pipeline();
  Result<void> wait(short events);  ///< until the socket is ready for one of them
  Result<void> flush();             ///< sends what libpq holds
  Result<pg_result*> next_result();
  Result<PgRows> finish();  ///< reads all results; the last, or the first error
  Error refused(const pg_result* result);
  std::unexpected<Error> lost();
  static void on_notice(void* self, const pg_result* notice);

  pg_conn* handle_ = nullptr;
  bool healthy_ = true;
  bool warned_ = false;  ///< whether the server has warned since the last statement began
  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime heard_{};
  SteadyTime opened_{};
  std::unordered_map<std::string_view, std::string> statements_;
};

}  // namespace ara::storage
