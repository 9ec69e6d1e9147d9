// The minimum cost of co_await: a lazy coroutine type that does as little as possible. It has a
// free list for its frames, uses symmetric transfer, and carries a value or an exception. It has no
// loop, no tasks and no cancellation.

#include <coroutine>
#include <cstddef>
#include <exception>
#include <new>
#include <utility>

#include "../../measure.hpp"

namespace {

class Frames {
public:
    static void* allocate(std::size_t size) {
        if (size > frame_bytes) return ::operator new(size);
        if (free_ == nullptr) return ::operator new(frame_bytes);
        return std::exchange(free_, free_->next);
    }

    static void release(void* frame, std::size_t size) {
        if (size > frame_bytes) return ::operator delete(frame);
        free_ = ::new (frame) Node{free_};
    }

private:
    struct Node {
        Node* next;
    };

    static constexpr std::size_t frame_bytes = 256;
    static constinit thread_local Node* free_;
};

constinit thread_local Frames::Node* Frames::free_ = nullptr;

class [[nodiscard]] Lazy {
public:
    struct promise_type {
        static void* operator new(std::size_t size) { return Frames::allocate(size); }
        static void operator delete(void* frame, std::size_t size) { Frames::release(frame, size); }

        Lazy get_return_object() { return Lazy(Handle::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        void return_value(long result) { value = result; }
        void unhandled_exception() { error = std::current_exception(); }

        auto final_suspend() noexcept {
            struct Transfer {
                bool await_ready() noexcept { return false; }
                std::coroutine_handle<> await_suspend(Handle done) noexcept {
                    return done.promise().awaiting;
                }
                void await_resume() noexcept {}
            };
            return Transfer{};
        }

        std::coroutine_handle<> awaiting = std::noop_coroutine();
        std::exception_ptr error;
        long value = 0;
    };

    using Handle = std::coroutine_handle<promise_type>;

    explicit Lazy(Handle handle) : handle_(handle) {}
    Lazy(const Lazy&) = delete;
    Lazy& operator=(const Lazy&) = delete;
    ~Lazy() { handle_.destroy(); }

    bool await_ready() noexcept { return false; }

    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
        handle_.promise().awaiting = awaiting;
        return handle_;
    }

    long await_resume() {
        if (handle_.promise().error) std::rethrow_exception(handle_.promise().error);
        return handle_.promise().value;
    }

    void start() { handle_.resume(); }

private:
    Handle handle_;
};

[[gnu::noinline]] Lazy child(long value) { co_return value; }

Lazy parent() {
    constexpr long rounds = 5'000'000;
    bench::Best best("await", rounds);
    long sum = 0;
    while (best.next()) {
        for (long i = 0; i < rounds; ++i) sum += co_await child(i);
    }
    co_return sum;
}

} // namespace

int main() {
    Lazy lazy = parent();
    lazy.start();
    bench::keep(lazy.await_resume());
}
