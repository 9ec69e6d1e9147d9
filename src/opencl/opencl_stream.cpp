#include "opencl/opencl_stream.hpp"

#include <utility>

#include "opencl/error_names.hpp"
#include "opencl/opencl_memory.hpp"
#include "opencl/opencl_program.hpp"

namespace hocket::detail::opencl {

using gpu::CommandStatus;
using gpu::EventPointer;

namespace {

cl_mem native(const gpu::DeviceMemory& memory) noexcept {
    return static_cast<const OpenClMemory&>(memory).get();
}

} // namespace

OpenClEvent::~OpenClEvent() {
    if (may_fail) {
        static_cast<OpenClDevice&>(driver()).release_later(std::move(event));
    }
}

CommandStatus OpenClEvent::poll() noexcept {
    cl_int status = CL_QUEUED;
    const cl_int error = clGetEventInfo(event.get(), CL_EVENT_COMMAND_EXECUTION_STATUS,
                                        sizeof(status), &status, nullptr);
    if (error != CL_SUCCESS) {
        return {.done = true, .error = error};
    }
    if (status > CL_COMPLETE) {
        return {};
    }
    // -1 says only that the command failed, or one that it had to wait for. As an error's code it
    // would be "device not found".
    return {.done = true,
            .error = status == -1 ? CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST : status};
}

CommandStatus OpenClEvent::block() noexcept {
    const cl_event native = event.get();
    const cl_int error = clWaitForEvents(1, &native);
    const CommandStatus status = poll();
    return status.done ? status : CommandStatus{.done = true, .error = error};
}

template <class F>
EventPointer OpenClStream::enqueue(const char* call,
                                   const std::shared_ptr<gpu::KernelState>& kernel,
                                   F&& enqueue_command) {
    auto* const state = new OpenClEvent(driver(), call, kernel);
    EventPointer event(state);
    state->may_fail = may_fail_;
    const cl_int error = enqueue_command(queue_.get(), state->event.out());
    if (error != CL_SUCCESS) [[unlikely]] {
        check(call, error, kernel ? kernel->name() : std::string());
    }
    clFlush(queue_.get()); // drivers may put off what is not flushed until somebody waits for it
    return event;
}

EventPointer OpenClStream::submit_write(const gpu::HostMemory& from, gpu::DeviceMemory& to,
                                        std::size_t bytes) {
    return enqueue("clEnqueueWriteBuffer", nullptr, [&](cl_command_queue queue, cl_event* event) {
        return clEnqueueWriteBuffer(queue, native(to), CL_FALSE, 0, bytes, from.data(), 0, nullptr,
                                    event);
    });
}

EventPointer OpenClStream::submit_read(const gpu::DeviceMemory& from, gpu::HostMemory& to,
                                       std::size_t bytes) {
    return enqueue("clEnqueueReadBuffer", nullptr, [&](cl_command_queue queue, cl_event* event) {
        return clEnqueueReadBuffer(queue, native(from), CL_FALSE, 0, bytes, to.data(), 0, nullptr,
                                   event);
    });
}

EventPointer OpenClStream::submit_copy(const gpu::DeviceMemory& from, gpu::DeviceMemory& to,
                                       std::size_t bytes) {
    return enqueue("clEnqueueCopyBuffer", nullptr, [&](cl_command_queue queue, cl_event* event) {
        return clEnqueueCopyBuffer(queue, native(from), native(to), 0, 0, bytes, 0, nullptr, event);
    });
}

EventPointer OpenClStream::submit_kernel(const std::shared_ptr<gpu::KernelState>& kernel,
                                         const hocket::gpu::Grid& grid,
                                         std::span<const gpu::Argument> arguments) {
    EventPointer launched;
    static_cast<OpenClKernel&>(*kernel).with_arguments(arguments, [&](cl_kernel native_kernel) {
        launched =
            enqueue("clEnqueueNDRangeKernel", kernel, [&](cl_command_queue queue, cl_event* event) {
                return clEnqueueNDRangeKernel(
                    queue, native_kernel, grid.dimensions(), nullptr, grid.items().data(),
                    grid.has_groups() ? grid.group().data() : nullptr, 0, nullptr, event);
            });
    });
    return launched;
}

EventPointer OpenClStream::submit_wait(gpu::EventState& other) {
    const cl_event awaited = static_cast<OpenClEvent&>(other).event.get();
    may_fail_ = may_fail_ || static_cast<OpenClEvent&>(other).may_fail;
    return enqueue("clEnqueueBarrierWithWaitList", nullptr,
                   [&](cl_command_queue queue, cl_event* event) {
                       return clEnqueueBarrierWithWaitList(queue, 1, &awaited, event);
                   });
}

EventPointer OpenClStream::submit_marker() {
    return enqueue("clEnqueueMarkerWithWaitList", nullptr,
                   [&](cl_command_queue queue, cl_event* event) {
                       return clEnqueueMarkerWithWaitList(queue, 0, nullptr, event);
                   });
}

} // namespace hocket::detail::opencl
