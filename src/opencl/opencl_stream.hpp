#pragma once

#include <hocket/detail/gpu/event_state.hpp>
#include <hocket/detail/gpu/stream_state.hpp>

#include "opencl/opencl_device.hpp"

namespace hocket::detail::opencl {

class OpenClEvent final : public gpu::EventState {
public:
    using EventState::EventState;
    ~OpenClEvent() override;

    gpu::CommandStatus poll() noexcept override;
    gpu::CommandStatus block() noexcept override;

    Event event;
    /// Whether it depends on an event of others. On PoCL, nothing else fails that was accepted.
    bool may_fail = false;
};

class OpenClStream final : public gpu::StreamState {
public:
    explicit OpenClStream(OpenClDevice& device)
        : StreamState(device), queue_(device.make_queue()) {}

    [[nodiscard]] cl_command_queue queue() const noexcept { return queue_.get(); }

private:
    gpu::EventPointer submit_write(const gpu::HostMemory& from, gpu::DeviceMemory& to,
                                   std::size_t bytes) override;
    gpu::EventPointer submit_read(const gpu::DeviceMemory& from, gpu::HostMemory& to,
                                  std::size_t bytes) override;
    gpu::EventPointer submit_copy(const gpu::DeviceMemory& from, gpu::DeviceMemory& to,
                                  std::size_t bytes) override;
    gpu::EventPointer submit_kernel(const std::shared_ptr<gpu::KernelState>& kernel,
                                    const hocket::gpu::Grid& grid,
                                    std::span<const gpu::Argument> arguments) override;
    gpu::EventPointer submit_wait(gpu::EventState& event) override;
    gpu::EventPointer submit_marker() override;
    /// As the standard asks.
    [[nodiscard]] bool driver_keeps() const noexcept override { return true; }
    /// PoCL 3.1 ends the process when a command fails whose event was released.
    [[nodiscard]] bool must_keep_events() const noexcept override { return may_fail_; }

    template <class F>
    gpu::EventPointer enqueue(const char* call, const std::shared_ptr<gpu::KernelState>& kernel,
                              F&& enqueue_command);

    Queue queue_;
    bool may_fail_ = false; // whether it has waited for an event of others
};

} // namespace hocket::detail::opencl
