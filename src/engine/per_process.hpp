#pragma once

#include <atomic>
#include <memory>

#include <unistd.h>

namespace hocket::engine {

/// The single T of this process. The child of a fork creates a new one, because its copy describes
/// the parent and may have been half modified by a thread that does not exist in the child. Never
/// destroyed, because detached threads and static objects use it until the end. May be used from
/// any thread. Threads that need it first at the same moment create one each, and all but one are
/// destroyed.
template <class T> class PerProcess {
public:
    T& get() {
        Entry* known = current_.load(std::memory_order_acquire);
        while (known == nullptr || known->process != ::getpid()) {
            auto fresh = std::make_unique<Entry>();
            fresh->parents = known;
            if (current_.compare_exchange_strong(known, fresh.get(), std::memory_order_acq_rel)) {
                return fresh.release()->value;
            }
        }
        return known->value;
    }

    /// The T of this process; in the child of a fork that has none yet, its parent's. nullptr if
    /// neither has been created.
    [[nodiscard]] T* existing() noexcept {
        Entry* const known = current_.load(std::memory_order_acquire);
        return known == nullptr ? nullptr : &known->value;
    }

private:
    struct Entry {
        const pid_t process = ::getpid();
        T value;
        Entry* parents = nullptr; // kept, because somebody may still have a reference to it
    };
    std::atomic<Entry*> current_{nullptr};
};

} // namespace hocket::engine

namespace hocket::detail {
using engine::PerProcess;
} // namespace hocket::detail
