#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace hocket::engine {

/// A T that is made when it is first needed, and never destroyed. For static objects, in place of a
/// local static: if another thread forks while one is being made, the child waits for it for ever.
/// May be used from any thread. Threads that need it first at the same moment make one each, and
/// all but one are destroyed.
template <class T> class MadeOnce {
public:
    /// `make` returns a T.
    template <class Make> T& get(Make&& make) {
        T* known = made_.load(std::memory_order_acquire);
        if (known == nullptr) [[unlikely]] {
            std::unique_ptr<T> fresh(new T(std::forward<Make>(make)()));
            if (made_.compare_exchange_strong(known, fresh.get(), std::memory_order_acq_rel)) {
                known = fresh.release();
            }
        }
        return *known;
    }
    T& get() {
        return get([] { return T(); });
    }

private:
    std::atomic<T*> made_{nullptr};
};

} // namespace hocket::engine
