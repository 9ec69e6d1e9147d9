#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <hocket/detail/gpu/driver.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/threads/future_state.hpp>
#include <hocket/engine/intrusive_list.hpp>

namespace hocket::detail::gpu {

/// How far a command is.
struct CommandStatus {
    bool done = false;
    int error = 0; ///< the driver's code if the command failed
};

/// The end of a command, and the future of those that wait for it. Nothing waits for the device
/// until somebody waits for this.
class EventState : public FutureState<void>, public engine::ListLink {
public:
    /// `call`, a literal, and `kernel` name the command in errors.
    EventState(DeviceDriver& driver, const char* call,
               std::shared_ptr<const KernelState> kernel) noexcept
        : driver_(driver), call_(call), kernel_(std::move(kernel)) {
        // It cannot be withdrawn: cancelling a task that awaits it must not cancel it.
        static_cast<void>(try_start());
    }

    [[nodiscard]] const char* what() const noexcept override { return "GPU stream"; }
    [[nodiscard]] DeviceDriver& driver() const noexcept { return driver_; }

    // May be called from any thread.

    /// Whether the command has ended. Asks the device.
    [[nodiscard]] bool is_complete() noexcept;
    /// Sees to it that the future is completed when the command ends. Throws std::system_error if
    /// that needs a thread and none can be started.
    void watch();
    /// The same for a coroutine that is about to await it: makes the running loop ask for the event
    /// for a while first.
    void watch_from_loop();
    /// Blocks until the command has ended. Throws its error.
    void wait_blocking();
    /// The same, but returns false if `deadline` passes first.
    [[nodiscard]] bool wait_blocking(std::chrono::steady_clock::time_point deadline);

    // For the waiter and for streams.

    [[nodiscard]] virtual CommandStatus poll() noexcept = 0;
    /// Blocks until the command has ended.
    [[nodiscard]] virtual CommandStatus block() noexcept = 0;
    /// Completes the future, and lets go of what the command and those before it used. Does nothing
    /// if that has been done.
    void finish(CommandStatus status) noexcept;

    /// Set when the command is submitted. A command that belongs to no stream has number 0.
    std::shared_ptr<StreamState> stream;
    std::uint64_t number = 0;
    /// What must live until the command has ended.
    std::vector<std::shared_ptr<const void>> kept;

protected:
    ~EventState() override;

private:
    DeviceDriver& driver_;
    const char* call_;
    std::shared_ptr<const KernelState> kernel_;
    std::atomic<bool> watched_{false};
    std::atomic<bool> finished_{false};
};

} // namespace hocket::detail::gpu
