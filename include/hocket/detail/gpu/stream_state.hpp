#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <hocket/detail/gpu/argument.hpp>
#include <hocket/detail/gpu/driver.hpp>
#include <hocket/detail/gpu/event_state.hpp>
#include <hocket/engine/intrusive_list.hpp>
#include <hocket/gpu/grid.hpp>

namespace hocket::detail::gpu {

/// A queue of commands that a device runs in order. May be used from any thread.
class StreamState : public std::enable_shared_from_this<StreamState> {
public:
    explicit StreamState(DeviceDriver& driver) noexcept : driver_(driver) {}
    StreamState(const StreamState&) = delete;
    StreamState& operator=(const StreamState&) = delete;
    virtual ~StreamState();

    [[nodiscard]] DeviceDriver& driver() const noexcept { return driver_; }

    /// Copies the first `bytes` bytes. These throw ValueError if that is more than `to` has.
    EventPointer write(std::shared_ptr<HostMemory> from, std::shared_ptr<DeviceMemory> to,
                       std::size_t bytes);
    EventPointer read(std::shared_ptr<DeviceMemory> from, std::shared_ptr<HostMemory> to,
                      std::size_t bytes);
    EventPointer copy(std::shared_ptr<DeviceMemory> from, std::shared_ptr<DeviceMemory> to,
                      std::size_t bytes);
    EventPointer launch(const std::shared_ptr<KernelState>& kernel, const hocket::gpu::Grid& grid,
                        std::span<const Argument> arguments);
    EventPointer wait_for(const EventPointer& event);
    /// The end of all commands so far.
    EventPointer last();

    /// Called when the command with this number has ended, and so have all before it.
    void ended(std::uint64_t number) noexcept;
    /// Called when no more commands will follow.
    void close() noexcept;

protected:
    using Kept = std::vector<std::shared_ptr<const void>>;

    // Each submits a command and returns its event. Called by one thread at a time.
    virtual EventPointer submit_write(const HostMemory& from, DeviceMemory& to,
                                      std::size_t bytes) = 0;
    virtual EventPointer submit_read(const DeviceMemory& from, HostMemory& to,
                                     std::size_t bytes) = 0;
    virtual EventPointer submit_copy(const DeviceMemory& from, DeviceMemory& to,
                                     std::size_t bytes) = 0;
    virtual EventPointer submit_kernel(const std::shared_ptr<KernelState>& kernel,
                                       const hocket::gpu::Grid& grid,
                                       std::span<const Argument> arguments) = 0;
    virtual EventPointer submit_wait(EventState& event) = 0;
    virtual EventPointer submit_marker() = 0;
    /// Whether the driver itself keeps device memory, kernels and events that a command uses.
    [[nodiscard]] virtual bool driver_keeps() const noexcept = 0;
    /// Whether the events of all commands must live until they have ended.
    [[nodiscard]] virtual bool must_keep_events() const noexcept { return false; }

private:
    template <class Submit> EventPointer submit(Kept kept, Submit&& submit_command);

    DeviceDriver& driver_;
    std::mutex mutex_; // guards what follows
    std::uint64_t last_number_ = 0;
    EventPointer last_;
    engine::IntrusiveList<EventState> in_flight_; // the commands that keep something, oldest first
};

} // namespace hocket::detail::gpu
