#pragma once

#include <atomic>
#include <memory>

#include <unistd.h>

namespace hocket::engine {

/// The one T of this process. The child of a fork makes a new one: what it has a copy of may have
/// been half changed by a thread that it has not, and is about its parent. Never destroyed, since
/// detached threads and statics use it to the end. Any thread.
template <class T> class PerProcess {
public:
    T& get() {
        Entry* known = current_.load(std::memory_order_acquire);
        while (known == nullptr || known->process != ::getpid()) {
            auto fresh = std::make_unique<Entry>();
            if (current_.compare_exchange_strong(known, fresh.get(), std::memory_order_acq_rel)) {
                return fresh.release()->value;
            }
        }
        return known->value;
    }

private:
    struct Entry {
        const pid_t process = ::getpid();
        T value;
    };
    std::atomic<Entry*> current_{nullptr};
};

} // namespace hocket::engine

namespace hocket::detail {
using engine::PerProcess;
} // namespace hocket::detail
