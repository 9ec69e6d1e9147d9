#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace hocket::engine {

/// A T that is made when it is first needed, and never destroyed. Use it in place of a local static
/// for what the child of a fork needs: if a thread forks while another thread initialises a local
/// static, the child blocks when it reaches that static. May be used from any thread. Threads that
/// need the T first at the same moment make one each, and all but one are destroyed.
template <class T> class MadeOnce {
public:
    /// The T; if it has not been made, `make` returns it. Throws what `make` throws; the next call
    /// tries again.
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
