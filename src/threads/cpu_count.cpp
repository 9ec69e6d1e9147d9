#include <hocket/cpu_count.hpp>

#include <algorithm>
#include <thread>

namespace hocket {

std::size_t cpu_count() noexcept { return std::max(1U, std::thread::hardware_concurrency()); }

} // namespace hocket
