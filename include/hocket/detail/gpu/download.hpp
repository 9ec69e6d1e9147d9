#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

#include <hocket/detail/gpu/driver.hpp>
#include <hocket/gpu/event.hpp>
#include <hocket/gpu/host_buffer.hpp>

namespace hocket::detail::gpu {

/// Copies from a device to memory that hocket does not own. The device writes to memory of its own;
/// the elements reach their destination when the waiting task or thread resumes, so that nothing
/// writes there after a cancellation.
template <class T> class [[nodiscard]] DownloadTo {
public:
    using value_type = void;
    using hocket_awaitable = void;
    using hocket_future = void;

    DownloadTo(hocket::gpu::Event end, std::shared_ptr<HostMemory> from, std::span<T> to) noexcept
        : end_(std::move(end)), from_(std::move(from)), to_(to) {}

    /// Blocks the thread until the elements are there; see Event::wait.
    void wait() const {
        end_.wait();
        deliver();
    }
    template <class Rep, class Period> void wait(std::chrono::duration<Rep, Period> timeout) const {
        end_.wait(timeout);
        deliver();
    }
    [[nodiscard]] const hocket::gpu::Event& event() const noexcept { return end_; }

    class Awaiter final : public FutureAwaiterBase {
    public:
        explicit Awaiter(const DownloadTo& download)
            : FutureAwaiterBase(*download.end_.state()), download_(download) {}
        void await_resume() {
            finish();
            download_.end_.state()->get();
            download_.deliver();
        }

    private:
        const DownloadTo& download_;
    };
    Awaiter operator co_await() const {
        end_.state()->watch_from_loop();
        return Awaiter(*this);
    }

private:
    void deliver() const noexcept { std::memcpy(to_.data(), from_->data(), to_.size_bytes()); }

    hocket::gpu::Event end_;
    std::shared_ptr<HostMemory> from_;
    std::span<T> to_;
};

/// Copies from a device to a new HostBuffer, which is the result.
template <class T> class [[nodiscard]] Download {
public:
    using value_type = hocket::gpu::HostBuffer<T>;
    using hocket_awaitable = void;
    using hocket_future = void;

    Download(hocket::gpu::Event end, value_type to) noexcept
        : end_(std::move(end)), to_(std::move(to)) {}

    /// Blocks the thread until the elements are there; see Event::wait.
    value_type result() const {
        end_.wait();
        return to_;
    }
    template <class Rep, class Period>
    value_type result(std::chrono::duration<Rep, Period> timeout) const {
        end_.wait(timeout);
        return to_;
    }
    [[nodiscard]] const hocket::gpu::Event& event() const noexcept { return end_; }

    class Awaiter final : public FutureAwaiterBase {
    public:
        explicit Awaiter(const Download& download)
            : FutureAwaiterBase(*download.end_.state()), download_(download) {}
        value_type await_resume() {
            finish();
            download_.end_.state()->get();
            return download_.to_;
        }

    private:
        const Download& download_;
    };
    Awaiter operator co_await() const {
        end_.state()->watch_from_loop();
        return Awaiter(*this);
    }

private:
    hocket::gpu::Event end_;
    value_type to_;
};

} // namespace hocket::detail::gpu
