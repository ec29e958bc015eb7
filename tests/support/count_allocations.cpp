// Preloaded into a program (LD_PRELOAD), counts what it has allocated and not freed, by way of the
// names under which glibc offers its own allocator. $ALLOCATIONS names a file of two 64-bit
// numbers, which are kept up to date there: allocations that live, and their bytes.
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

namespace {

struct Counts {
  std::atomic<std::int64_t> live;
  std::atomic<std::int64_t> bytes;
};

Counts unseen;  // until the file is there
std::atomic<Counts*> counts = &unseen;

__attribute__((constructor)) void begin() {
  const char* path = std::getenv("ALLOCATIONS");
  const int fd = path == nullptr ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, sizeof(Counts)) != 0) return;
  void* page = mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (page == MAP_FAILED) return;
  auto* shown = static_cast<Counts*>(page);
  shown->live += unseen.live;
  shown->bytes += unseen.bytes;
  counts = shown;
}

void* born(void* block) {
  if (block == nullptr) return nullptr;
  Counts* at = counts.load(std::memory_order_relaxed);
  at->live.fetch_add(1, std::memory_order_relaxed);
  at->bytes.fetch_add(static_cast<std::int64_t>(malloc_usable_size(block)),
                      std::memory_order_relaxed);
  return block;
}

void died(void* block) {
  if (block == nullptr) return;
  Counts* at = counts.load(std::memory_order_relaxed);
  at->live.fetch_sub(1, std::memory_order_relaxed);
  at->bytes.fetch_sub(static_cast<std::int64_t>(malloc_usable_size(block)),
                      std::memory_order_relaxed);
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
  return born(__libc_malloc(size));
}
void* calloc(std::size_t count, std::size_t size) {
  return born(__libc_calloc(count, size));
}
void* memalign(std::size_t align, std::size_t size) {
  return born(__libc_memalign(align, size));
}
void* aligned_alloc(std::size_t align, std::size_t size) {
  return memalign(align, size);
}

int posix_memalign(void** block, std::size_t align, std::size_t size) {
  *block = memalign(align, size);
  return *block == nullptr ? ENOMEM : 0;
}

void free(void* block) {
  died(block);
  __libc_free(block);
}

void* realloc(void* block, std::size_t size) {
  if (block == nullptr) return malloc(size);
  if (size == 0) {
    free(block);
    return nullptr;
  }
  const auto before = static_cast<std::int64_t>(malloc_usable_size(block));
  void* moved = __libc_realloc(block, size);
  if (moved != nullptr) {
    counts.load(std::memory_order_relaxed)
        ->bytes.fetch_add(static_cast<std::int64_t>(malloc_usable_size(moved)) - before,
                          std::memory_order_relaxed);
  }
  return moved;
}
}
