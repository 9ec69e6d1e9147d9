#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

#include <hocket/detail/loop/context_data.hpp>
#include <hocket/detail/loop/frame_alloc.hpp>
#include <hocket/engine/ready_queue.hpp>
#include <hocket/engine/timer.hpp>

namespace hocket::detail {

struct LoopCore;

/// A callback that is scheduled, in the ready queue or as a timer. Reference-counted: the loop
/// holds one reference while it is scheduled, its Handles hold the others.
class CallbackBase : public engine::Runnable, public engine::Timer {
public:
    explicit CallbackBase(LoopCore& loop) noexcept;

    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* memory, std::size_t size) noexcept {
        free_frame(memory, size);
    }

    void ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void unref() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            delete this;
        }
    }

    void withdraw() noexcept;
    [[nodiscard]] bool withdrawn() const noexcept {
        return withdrawn_.load(std::memory_order_relaxed);
    }

    void run() noexcept override;
    void expire() noexcept override;
    void discard() noexcept override { unref(); }

protected:
    virtual ~CallbackBase() = default;
    virtual void invoke() = 0;

private:
    std::atomic<std::uint32_t> references_{2};
    std::atomic<bool> withdrawn_{false};
    LoopCore& loop_;
    ContextPointer context_;
};

template <class F, class... Args> class Callback final : public CallbackBase {
public:
    template <class G, class... Given>
    Callback(LoopCore& loop, G&& function, Given&&... arguments)
        : CallbackBase(loop),
          function_(std::forward<G>(function)),
          arguments_(std::forward<Given>(arguments)...) {}

private:
    void invoke() override { std::apply(std::move(function_), std::move(arguments_)); }

    F function_;
    std::tuple<Args...> arguments_;
};

template <class F, class... Args>
CallbackBase& make_callback(LoopCore& loop, F&& function, Args&&... arguments) {
    return *new Callback<std::decay_t<F>, std::decay_t<Args>...>(loop, std::forward<F>(function),
                                                                 std::forward<Args>(arguments)...);
}

template <class F, class... Args>
concept CallableWith = std::invocable<std::decay_t<F>, std::decay_t<Args>...>;

} // namespace hocket::detail
