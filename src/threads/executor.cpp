#include <hocket/executor.hpp>

#include <hocket/cpu_count.hpp>

namespace hocket {

std::size_t Executor::max_workers() const noexcept { return cpu_count(); }

} // namespace hocket
