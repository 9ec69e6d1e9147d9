#include <hocket/detail/sync/spin_lock.hpp>

#include <thread>

namespace hocket::detail {

void SpinLock::yield_processor() noexcept { std::this_thread::yield(); }

} // namespace hocket::detail
