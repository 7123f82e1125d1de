// The allocator's way to the system: huge pages by mmap, smaller blocks from malloc, limits, STRATA_MEMORY, and the
// text of OutOfMemory. Called by memory.cpp when its caches have nothing.
#include "strata/core/memory_system.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "strata/core/error.hpp"
#include "strata/core/memory.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define STRATA_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STRATA_ADDRESS_SANITIZER 1
#endif
#endif

namespace strata::memory {
namespace {

void* map_huge(std::size_t size) {
  const std::size_t padded = size + huge_limit;
  void* raw = mmap(nullptr, padded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  auto* begin = static_cast<std::byte*>(raw);
  const std::size_t head = -reinterpret_cast<std::uintptr_t>(begin) % huge_limit;
  if (head != 0) munmap(begin, head);
  if (head != huge_limit) munmap(begin + head + size, huge_limit - head);
  madvise(begin + head, size, MADV_HUGEPAGE);  // advice: a kernel without huge pages still serves the block
  return begin + head;
}

void print_bytes(char (&text)[32], std::size_t bytes) {
  if (bytes < 1024) {
    std::snprintf(text, sizeof text, "%zu B", bytes);
    return;
  }
  static constexpr const char* units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024; value /= 1024) ++unit;
  std::snprintf(text, sizeof text, "%.4g %s", value, units[unit]);
}

}  // namespace

OutOfMemory::OutOfMemory(std::size_t asked, std::size_t in_use, std::size_t cached) noexcept {
  char a[32], u[32], c[32];
  print_bytes(a, asked);
  print_bytes(u, in_use);
  print_bytes(c, cached);
  std::snprintf(
      message_, sizeof message_,
      "OutOfMemory: cpu: the system refused %s; %s are in use and %s cached, after releasing what could be released. "
      "Let go of tensors, or use smaller pieces (.chunk, checkpoint)",
      a, u, c);
}

namespace detail {

bool system_mode() {
#ifdef STRATA_ADDRESS_SANITIZER
  return true;
#else
  enum class Mode { unknown, cache, system };
  static constinit std::atomic<Mode> mode{Mode::unknown};
  Mode now = mode.load(std::memory_order_relaxed);
  if (now == Mode::unknown) {
    const char* text = std::getenv("STRATA_MEMORY");
    if (text == nullptr || std::strcmp(text, "cache") == 0 || *text == '\0') {
      now = Mode::cache;
    } else if (std::strcmp(text, "system") == 0) {
      now = Mode::system;
    } else {
      throw ValueError("STRATA_MEMORY: is '" + std::string(text) + "', but must be 'cache' (the default) or 'system'");
    }
    mode.store(now, std::memory_order_relaxed);
  }
  return now == Mode::system;
#endif
}

void* take_from_system(std::size_t size) noexcept {
  if (size >= huge_limit) return map_huge(size);
  void* block = nullptr;
  return posix_memalign(&block, alignment, size) == 0 ? block : nullptr;
}

void return_to_system(void* block, std::size_t size) noexcept {
  if (size >= huge_limit) {
    munmap(block, size);
  } else {
    std::free(block);
  }
}

std::size_t comfortable_limit() {
  static const std::size_t limit = [] {
    std::size_t bytes =
        static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
      unsigned long long group = 0;
      if (std::FILE* file = std::fopen(path, "r")) {
        if (std::fscanf(file, "%llu", &group) == 1 && group > 0) bytes = std::min<std::size_t>(bytes, group);
        std::fclose(file);
      }
    }
    return bytes / 5 * 4;
  }();
  return limit;
}

}  // namespace detail
}  // namespace strata::memory
