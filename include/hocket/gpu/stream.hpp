#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include <hocket/detail/gpu/argument.hpp>
#include <hocket/detail/gpu/download.hpp>
#include <hocket/detail/gpu/stream_state.hpp>
#include <hocket/errors.hpp>
#include <hocket/gpu/buffer.hpp>
#include <hocket/gpu/device.hpp>
#include <hocket/gpu/event.hpp>
#include <hocket/gpu/grid.hpp>
#include <hocket/gpu/host_buffer.hpp>
#include <hocket/gpu/program.hpp>

namespace hocket::gpu {

/// A queue of commands that a device runs one after another. The commands of different streams may
/// run at the same time.
///
///     hocket::Coro<> scale(hocket::gpu::Kernel kernel, std::vector<float>& numbers) {
///         hocket::opencl::Device device;
///         hocket::opencl::Stream stream(device);
///         hocket::opencl::Buffer<float> x(device, numbers.size());
///         stream.copy(numbers, x);
///         stream.launch(kernel, x.size(), x, 2.0f);
///         co_await stream.copy(x, numbers);
///     }
///
/// All functions submit a command and return at once; the device starts it when the commands before
/// it have ended. What they return can be awaited (`co_await`), waited for by a thread (`wait()`),
/// or ignored. To wait for the last command is to wait for all. Cancelling a wait does not withdraw
/// the command.
///
/// They throw GpuError if the driver refuses the command, ValueError if an argument does not fit,
/// and OutOfDeviceMemory. An error that happens later, while the device runs the command, is thrown
/// by what waits for that command; whether the commands after it fail, too, is up to the driver.
///
/// May be used from any thread, also by several at once. Destroying a stream waits for nothing: its
/// commands still run, and what they use lives until they have ended.
class Stream {
public:
    explicit Stream(const Device& device) : state_(device.driver().make_stream()) {}
    Stream(Stream&& other) noexcept = default;
    Stream& operator=(Stream&& other) noexcept {
        std::swap(state_, other.state_);
        return *this;
    }
    ~Stream() {
        if (state_) {
            state_->close();
        }
    }

    [[nodiscard]] Device device() const { return Device(state()->driver()); }

    /// Copies all elements of `from` to the beginning of `to`. `from` may be changed as soon as
    /// this returns, because they are copied twice; a HostBuffer saves that.
    template <class T>
    Event copy(std::type_identity_t<std::span<const T>> from, const Buffer<T>& to) {
        const std::size_t bytes =
            detail::gpu::checked_bytes(state()->driver(), from.size(), sizeof(T));
        auto staging = state()->driver().allocate_staging(bytes);
        std::memcpy(staging->data(), from.data(), bytes);
        return Event(state()->write(std::move(staging), to.memory(), bytes));
    }
    template <class T> Event copy(const HostBuffer<T>& from, const Buffer<T>& to) {
        return Event(state()->write(from.memory(), to.memory(), from.size() * sizeof(T)));
    }
    template <class T> Event copy(const Buffer<T>& from, const Buffer<T>& to) {
        return Event(state()->copy(from.memory(), to.memory(), from.bytes()));
    }
    template <class T> Event copy(const Buffer<T>& from, const HostBuffer<T>& to) {
        return Event(state()->read(from.memory(), to.memory(), from.bytes()));
    }
    /// Copies to the beginning of `to`, which may have fewer elements than `from`. Must be awaited
    /// or waited for: the elements are written to `to` at the end of that, and not at all if it is
    /// cancelled or times out. Both `to` and its elements must live until then.
    template <class T>
    detail::gpu::DownloadTo<T> copy(const Buffer<T>& from, std::type_identity_t<std::span<T>> to) {
        const std::size_t count = to.size() < from.size() ? to.size() : from.size();
        const std::size_t bytes = detail::gpu::checked_bytes(state()->driver(), count, sizeof(T));
        auto staging = state()->driver().allocate_staging(bytes);
        Event end(state()->read(from.memory(), staging, bytes));
        return {std::move(end), std::move(staging), to.first(count)};
    }
    /// `co_await stream.read(x)` returns the elements in a new HostBuffer, as does `.result()` in a
    /// thread.
    template <class T> detail::gpu::Download<T> read(const Buffer<T>& from) {
        HostBuffer<T> to(device(), from.size());
        Event end = copy(from, to);
        return {std::move(end), std::move(to)};
    }

    /// Runs `kernel` for each item of `grid`, which can be a number. The arguments are Buffers of
    /// the stream's device, numbers and other trivially copyable values, and Local memory. Throws
    /// ValueError if their number or types are not those of the kernel's parameters, as far as the
    /// driver knows them.
    template <class... Args>
    Event launch(const Kernel& kernel, const Grid& grid, const Args&... args) {
        const std::array<detail::gpu::Argument, sizeof...(Args)> arguments{
            detail::gpu::make_argument(args)...};
        return Event(state()->launch(kernel.state(), grid, arguments));
    }

    /// The commands submitted after this start when `event` has happened, which may be of another
    /// stream of the same device. Does not block the caller.
    Event wait_for(const Event& event) { return Event(state()->wait_for(event.state())); }

    /// The end of all commands submitted so far. `co_await stream.completed()` throws if the last
    /// one failed; it may not know of failures before that one.
    [[nodiscard]] Event completed() { return Event(state()->last()); }

    /// For the implementation. Throws InvalidStateError if the stream was moved from.
    [[nodiscard]] const std::shared_ptr<detail::gpu::StreamState>& state() const {
        if (!state_) [[unlikely]] {
            throw InvalidStateError("this Stream is empty: it was moved from");
        }
        return state_;
    }

private:
    std::shared_ptr<detail::gpu::StreamState> state_;
};

} // namespace hocket::gpu
