#pragma once

#include <cstdint>

#include <hocket/coro.hpp>
#include <hocket/detail/processes/manager/manager_request.hpp>
#include <hocket/lock.hpp>

namespace hocket::detail {

/// The lock inside the manager. ManagedLock says what the functions do.
class HeldLock final : public ClientObserver {
public:
    /// `timeout`: in nanoseconds, or `no_timeout`.
    Coro<bool> acquire(std::int64_t timeout);
    void release();
    void client_ended(int process) noexcept override;

private:
    Coro<bool> acquire_for(int process, std::int64_t timeout);

    Lock lock_;
    int holder_ = no_process;
};

} // namespace hocket::detail
