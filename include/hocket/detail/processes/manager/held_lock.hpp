#pragma once

#include <cstdint>

#include <hocket/coro.hpp>
#include <hocket/detail/processes/manager/managed_reference.hpp>
#include <hocket/lock.hpp>

namespace hocket::detail {

/// The lock object inside the manager.
class HeldLock final : public ClientObserver {
public:
    Coro<bool> acquire(int process, std::int64_t timeout);
    void release();
    void client_ended(int process) noexcept override;
    static constexpr std::int64_t for_ever = -1;

private:
    Lock lock_;
    int holder_ = nobody;
};

} // namespace hocket::detail
