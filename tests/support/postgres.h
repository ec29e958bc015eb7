#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/format.h"
#include "storage/postgres_connection.h"
#include "support/temporary_folder.h"

namespace ara::support {

/// A PostgreSQL server and a streaming replica of it, shared by all test programs that run now:
/// the first starts them, and they end a while after the last (postgres_keeper.py).
class PostgresServer {
 public:
  static constexpr const char* kMissing =
      "no PostgreSQL below /usr/lib/postgresql: the package postgresql-17 is not installed, "
      "which ./dev test does";
  static bool installed() { return std::filesystem::exists("/usr/lib/postgresql"); }

  static const PostgresServer& shared() {
    static const PostgresServer server;
    return server;
  }

  /// "postgresql://…/DATABASE" of the primary, of the replica, or of both.
  std::string primary(const std::string& database) const { return uri({primary_}, database); }
  std::string replica(const std::string& database) const { return uri({replica_}, database); }
  std::string both(const std::string& database) const {
    return uri({primary_, replica_}, database);
  }

  /// A database of that name, empty if it is new.
  void make_database(const std::string& name) const {
    run(ara::format("CREATE DATABASE {} STRATEGY wal_log", name));
  }
  void drop_database(const std::string& name) const {
    run(ara::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", name));
  }

 private:
  PostgresServer() {
    const std::string folder =
        (std::filesystem::temp_directory_path() / ara::format("ara-postgres-{}", getuid()))
            .string();
    const int starting = lock(folder + ".start", LOCK_EX);
    users_ = lock(folder + ".users", LOCK_SH);
    if (!read_ports(folder) || !answers()) {
      std::filesystem::remove_all(folder);
      start_keeper(folder);
      for (int tries = 0; !read_ports(folder); ++tries) {
        if (tries > 1800) throw std::runtime_error("PostgreSQL did not start");
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
      }
    }
    close(starting);
  }

  static int lock(const std::string& path, int kind) {
    const int file = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666);
    if (file < 0 || flock(file, kind) != 0) throw std::runtime_error("cannot lock " + path);
    return file;
  }

  bool read_ports(const std::string& folder) {
    std::ifstream file(folder + "/ports");
    return static_cast<bool>(file >> primary_ >> replica_);
  }

  bool answers() const {
    const auto place = storage::PgPlace::parse(primary("postgres")).value();
    const Call call{Deadline::after(std::chrono::seconds{5})};
    return storage::PgConnection::open(place.hosts.front(), call).has_value();
  }

  static void start_keeper(const std::string& folder) {
    const char* tree = std::getenv("ARA_DIR");
    const std::string script =
        std::string(tree == nullptr ? "." : tree) + "/tests/support/postgres_keeper.py";
    // In a session of its own, so that it outlives this program.
    const char* arguments[] = {"setsid", "-f", "python3", script.c_str(), folder.c_str(), nullptr};
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 2, (folder + ".log").c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0666);
    pid_t child = 0;
    const int failed = posix_spawnp(&child, "setsid", &quiet, nullptr,
                                    const_cast<char* const*>(arguments), environ);
    posix_spawn_file_actions_destroy(&quiet);
    if (failed != 0) throw std::runtime_error("cannot start postgres_keeper.py");
    waitpid(child, nullptr, 0);
  }

  static std::string uri(const std::vector<int>& ports, const std::string& database) {
    std::string hosts;
    for (const int port : ports)
      hosts += ara::format("{}127.0.0.1:{}", hosts.empty() ? "" : ",", port);
    return ara::format("postgresql://postgres@{}/{}", hosts, database);
  }

  void run(const std::string& sql) const {
    const auto place = storage::PgPlace::parse(primary("postgres")).value();
    const Call call{Deadline::after(std::chrono::seconds{30})};
    auto connection = storage::PgConnection::open(place.hosts.front(), call);
    auto done = connection ? (*connection)->run(sql).transform([](const storage::PgRows&) {})
                           : Result<void>(std::unexpected(connection.error()));
    if (!done) throw std::runtime_error(done.error().message);
  }

  int users_ = -1;  ///< held until this process ends
  int primary_ = 0;
  int replica_ = 0;
};

/// A database of the shared server for one test, dropped at the end.
class PostgresDatabase {
 public:
  PostgresDatabase() {
    static int made = 0;
    name_ = ara::format("test_{}_{}", getpid(), made++);
    PostgresServer::shared().make_database(name_);
  }
  ~PostgresDatabase() {
    try {
      PostgresServer::shared().drop_database(name_);
    } catch (const std::exception&) {  // it goes with the server
    }
  }
  PostgresDatabase(const PostgresDatabase&) = delete;
  PostgresDatabase& operator=(const PostgresDatabase&) = delete;

  static std::string after_user(const std::string& uri) { return uri.substr(uri.find('@') + 1); }

  std::string primary() const { return PostgresServer::shared().primary(name_); }
  std::string both() const { return PostgresServer::shared().both(name_); }
  /// "HOST:PORT/DATABASE" of the primary, and of both servers with a comma between.
  std::string hosts() const { return after_user(primary()); }
  std::string both_hosts() const { return after_user(both()); }

 private:
  std::string name_;
};

}  // namespace ara::support
