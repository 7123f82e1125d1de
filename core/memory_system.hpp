// The allocator's way to the system: fresh pages, how much memory there is, and whether to cache at all.
// Private to core/memory*.cpp. Nothing here counts; the meters are memory.cpp's.
#pragma once

#include <cstddef>

namespace strata::memory::detail {

inline constexpr std::size_t alignment = 64;

/// Whether every call goes to malloc: STRATA_MEMORY=system, or a build with the address sanitizer.
/// ValueError when STRATA_MEMORY is anything but 'system', 'cache' or empty.
bool system_mode();

/// `size` bytes aligned to 64, from huge_limit on to 2 MiB; null when the system refuses.
void* take_from_system(std::size_t size) noexcept;

/// Gives back a block of take_from_system, with the same size.
void return_to_system(void* block, std::size_t size) noexcept;

/// 80 % of the memory this process may use. Linux promises more than it has and kills the process later, so the caches
/// are given up before that.
std::size_t comfortable_limit();

}  // namespace strata::memory::detail
