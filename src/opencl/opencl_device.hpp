#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include <hocket/detail/gpu/driver.hpp>

#include "opencl/handle.hpp"

namespace hocket::detail::opencl {

class OpenClDevice final : public gpu::DeviceDriver {
public:
    explicit OpenClDevice(cl_device_id id);

    /// All devices of all platforms, in the drivers' order. They exist until the process ends.
    static const std::vector<OpenClDevice*>& all();
    /// Throws ValueError if `driver` is not a device of OpenCL.
    static OpenClDevice& from(gpu::DeviceDriver& driver);

    [[nodiscard]] cl_device_id id() const noexcept { return id_; }
    /// Created on first use. Throws GpuError if that fails.
    [[nodiscard]] cl_context context();
    /// A new queue that runs its commands in order.
    [[nodiscard]] Queue make_queue();
    /// The queue with which pinned memory is mapped.
    [[nodiscard]] cl_command_queue mapping_queue();
    /// Releases `event` after some hundred others. PoCL 3.1 still uses the event of a failed
    /// command for a moment after it has said that it failed, and ends the process if it is gone.
    void release_later(Event event) noexcept;

    std::shared_ptr<gpu::StreamState> make_stream() override;
    std::shared_ptr<gpu::DeviceMemory> allocate(std::size_t bytes) override;
    std::shared_ptr<gpu::HostMemory> allocate_pinned(std::size_t bytes) override;
    std::shared_ptr<gpu::HostMemory> allocate_staging(std::size_t bytes) override;
    std::shared_ptr<gpu::ProgramState> build(const std::string& source,
                                             const std::string& options) override;
    std::exception_ptr failure(const char* call, int code,
                               const std::string& kernel) const override;

private:
    cl_device_id id_;
    std::mutex mutex_; // guards the next two
    cl_context context_ = nullptr;
    Queue mapping_queue_;
    std::mutex events_mutex_; // guards what follows
    std::array<Event, 256> old_events_;
    std::size_t oldest_ = 0;
};

} // namespace hocket::detail::opencl
