#include <hocket/detail/sync/spin_lock.hpp>

#include <thread>

namespace hocket::detail {

void SpinLock::let_others_run() noexcept { std::this_thread::yield(); }

} // namespace hocket::detail
