#include "telemetry/cells.h"

#include <algorithm>

namespace ara::telemetry {
namespace {

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

constinit thread_local Cells::Recent Cells::recent_{};

/// The blocks of one thread in all Cells it has written to; folded into them when it ends.
class Cells::ThreadBlocks {
 public:
  ~ThreadBlocks() {
    recent_ = {};
    for (const Entry& entry : entries_) {
      if (const auto cells = entry.cells.lock()) cells->retire(*entry.block);
    }
  }

  Block* find(std::uint64_t id) const {
    const auto found = std::ranges::find(entries_, id, &Entry::id);
    return found == entries_.end() ? nullptr : found->block;
  }

  void add(const std::shared_ptr<Cells>& cells, Block* block) {
    std::erase_if(entries_, [](const Entry& entry) { return entry.cells.expired(); });
    entries_.push_back({cells->id_, cells, block});
  }

 private:
  struct Entry {
    std::uint64_t id;
    std::weak_ptr<Cells> cells;
    Block* block;
  };
  std::vector<Entry> entries_;
};

Cells::Cells() : id_(next_id()) {}

std::shared_ptr<Cells> Cells::make() {
  std::shared_ptr<Cells> cells(new Cells);
  cells->self_ = cells;
  return cells;
}

Cells::Block::~Block() {
  for (const auto& chunk : chunks_) delete chunk.load(std::memory_order_relaxed);
}

Cells::Chunk* Cells::Block::make_chunk(std::size_t at) {
  auto* const chunk = new Chunk;
  chunks_[at].store(chunk, std::memory_order_release);
  return chunk;
}

void Cells::Block::add_to(std::vector<std::uint64_t>& sums) const {
  for (std::size_t begin = 0; begin < sums.size(); begin += kChunk) {
    const Chunk* const chunk = chunks_[begin / kChunk].load(std::memory_order_acquire);
    if (chunk == nullptr) continue;
    const std::size_t end = std::min(begin + kChunk, sums.size());
    for (std::size_t i = begin; i < end; ++i) {
      sums[i] += chunk->cells[i - begin].load(std::memory_order_relaxed);
    }
  }
}

Cells::Block& Cells::find_block() {
  static thread_local ThreadBlocks mine;
  Block* block = mine.find(id_);
  if (block == nullptr) {
    auto fresh = std::make_unique<Block>();
    block = fresh.get();
    mine.add(self_.lock(), block);
    const std::lock_guard lock(mutex_);
    blocks_.push_back(std::move(fresh));
  }
  recent_ = {id_, block};
  return *block;
}

void Cells::retire(const Block& block) {
  const std::lock_guard lock(mutex_);
  ended_.resize(kMax);
  block.add_to(ended_);
  std::erase_if(blocks_, [&](const auto& each) { return each.get() == &block; });
}

std::vector<std::uint64_t> Cells::sums(std::size_t count) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint64_t> sums = ended_;
  sums.resize(count);
  for (const auto& block : blocks_) block->add_to(sums);
  return sums;
}

}  // namespace ara::telemetry
