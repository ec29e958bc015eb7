#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace ara::telemetry {

/// Numbers that many threads add to without locks or shared cache lines. Each thread has a block of
/// its own, written by it alone (a relaxed load and store, no read-modify-write); a reader adds up
/// all blocks, and what threads that have ended left behind.
class Cells {
 public:
  static constexpr std::size_t kChunk = 512;   ///< cells
  static constexpr std::size_t kChunks = 128;  ///< at most
  static constexpr std::size_t kMax = kChunk * kChunks;

  static std::shared_ptr<Cells> make();
  Cells(const Cells&) = delete;
  Cells& operator=(const Cells&) = delete;

  /// To cell `index` < kMax; wraps at 2^64.
  void add(std::size_t index, std::uint64_t by) {
    std::atomic<std::uint64_t>& cell = own_block().cell(index);
    cell.store(cell.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  /// Sums of the first `count` cells. Exact for threads that have been joined; of those running, as
  /// much as is visible.
  std::vector<std::uint64_t> sums(std::size_t count) const;

 private:
  struct alignas(64) Chunk {
    std::array<std::atomic<std::uint64_t>, kChunk> cells{};
  };

  /// One thread's cells, in chunks made when first written.
  class alignas(64) Block {
   public:
    Block() = default;
    ~Block();
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;

    std::atomic<std::uint64_t>& cell(std::size_t index) {
      Chunk* chunk = chunks_[index / kChunk].load(std::memory_order_relaxed);
      if (chunk == nullptr) [[unlikely]] {
        chunk = make_chunk(index / kChunk);
      }
      return chunk->cells[index % kChunk];
    }
    void add_to(std::vector<std::uint64_t>& sums) const;

   private:
    Chunk* make_chunk(std::size_t at);

    std::array<std::atomic<Chunk*>, kChunks> chunks_{};
  };

  /// Which Cells this thread used last, and its block there.
  struct Recent {
    std::uint64_t id = 0;
    Block* block = nullptr;
  };
  class ThreadBlocks;

  Cells();

  Block& own_block() {
    if (recent_.id == id_) [[likely]] {
      return *recent_.block;
    }
    return find_block();
  }
  Block& find_block();
  void retire(const Block& block);

  static constinit thread_local Recent recent_;

  const std::uint64_t id_;  ///< never given twice, so that `recent_` cannot mistake a successor
  std::weak_ptr<Cells> self_;
  mutable std::mutex mutex_;  ///< guards what follows; taken once a thread and at a scrape
  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<std::uint64_t> ended_;
};

}  // namespace ara::telemetry
