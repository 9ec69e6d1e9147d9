#include <hocket/executor.hpp>

#include <hocket/process.hpp>

namespace hocket {

std::size_t Executor::max_workers() const noexcept { return cpu_count(); }

} // namespace hocket
