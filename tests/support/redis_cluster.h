#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/format.h"
#include "cache/redis.h"

namespace ara::support {

/// A six-node Redis Cluster on loopback, kept by redis_cluster.py.
class RedisCluster {
 public:
  static bool installed() {
    return std::filesystem::exists("/usr/bin/redis-server") && cache::redis_built_in();
  }
  static constexpr const char* kMissing =
      "no /usr/bin/redis-server (package redis-server, which ./dev test installs), or this build "
      "is "
      "without libvalkey, as it is where the mirror has no source of valkey";

  /// One that all test programs that run now share: the first starts it, and it ends a while after
  /// the last. Keys need a prefix of their own.
  static const RedisCluster& shared() {
    static const RedisCluster cluster(temporary(ara::format("ara-redis-{}", getuid())), true);
    return cluster;
  }
  /// One of this test's own, to be broken; it ends with this object or this program.
  static std::unique_ptr<RedisCluster> own() {
    static int made = 0;
    return std::unique_ptr<RedisCluster>(
        new RedisCluster(temporary(ara::format("ara-redis-own-{}-{}", getpid(), made++)), false));
  }

  ~RedisCluster() {
    if (keeper_ > 0) kill(keeper_, SIGTERM);
    if (keeper_ > 0) waitpid(keeper_, nullptr, 0);
  }
  RedisCluster(const RedisCluster&) = delete;
  RedisCluster& operator=(const RedisCluster&) = delete;

  /// Patient, unlike the default: what is tested is not how fast a busy machine is.
  cache::RedisOptions options(std::string prefix = "test") const {
    cache::RedisOptions options{
        .place = {.nodes = {}, .password = "secret-of-the-tests", .step = std::chrono::seconds{5}},
        .prefix = std::move(prefix),
        .operation = std::chrono::seconds{20}};
    for (const int port : ports_) {
      options.place.nodes.push_back(ara::format("127.0.0.1:{}", port));
    }
    return options;
  }
  /// A client whose keys nobody else has.
  std::shared_ptr<cache::RedisClient> client() const {
    static int made = 0;
    return cache::make_redis_client(options(ara::format("test-{}-{}", getpid(), made++))).value();
  }

  /// Of the nodes; the first three were masters at the start.
  const std::vector<pid_t>& processes() const { return processes_; }

 private:
  RedisCluster(const std::string& folder, bool shared) {
    if (!shared) {
      keeper_ = start_keeper(folder, "private", false);
      wait_for(folder);
      return;
    }
    const int starting = lock(folder + ".start", LOCK_EX);
    // Held until this process ends, however it does.
    lock(folder + ".users", LOCK_SH);
    if (!read(folder)) {
      waitpid(start_keeper(folder, "shared", true), nullptr, 0);
      wait_for(folder);
    }
    close(starting);
  }

  static std::string temporary(const std::string& name) {
    return (std::filesystem::temp_directory_path() / name).string();
  }

  static int lock(const std::string& path, int kind) {
    const int file = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666);
    if (file < 0 || flock(file, kind) != 0) throw std::runtime_error("cannot lock " + path);
    return file;
  }

  void wait_for(const std::string& folder) {
    for (int tries = 0; !read(folder); ++tries) {
      if (tries > 1200) throw std::runtime_error("the Redis Cluster did not start");
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
  }

  /// True if all nodes named there live.
  bool read(const std::string& folder) {
    ports_.clear();
    processes_.clear();
    std::ifstream file(folder + "/nodes");
    int port = 0;
    pid_t process = 0;
    while (file >> port >> process) {
      ports_.push_back(port);
      processes_.push_back(process);
    }
    return !ports_.empty() &&
           std::ranges::all_of(processes_, [](pid_t each) { return kill(each, 0) == 0; });
  }

  static pid_t start_keeper(const std::string& folder, const char* mode, bool outlives) {
    std::filesystem::remove_all(folder);
    const char* tree = std::getenv("ARA_DIR");
    const std::string script =
        std::string(tree == nullptr ? "." : tree) + "/tests/support/redis_cluster.py";
    std::vector<const char*> words{"python3", script.c_str(), folder.c_str(), mode, nullptr};
    if (outlives) words.insert(words.begin(), {"setsid", "-f"});
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 2, (folder + ".log").c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0666);
    pid_t child = 0;
    const int failed = posix_spawnp(&child, words.front(), &quiet, nullptr,
                                    const_cast<char* const*>(words.data()), environ);
    posix_spawn_file_actions_destroy(&quiet);
    if (failed != 0) throw std::runtime_error("cannot start redis_cluster.py");
    return child;
  }

  pid_t keeper_ = 0;  ///< of a cluster of one's own
  std::vector<int> ports_;
  std::vector<pid_t> processes_;
};

}  // namespace ara::support
