#include "cuda/cuda_stream.hpp"

#include <array>
#include <utility>
#include <vector>

#include "cuda/cuda_error.hpp"
#include "cuda/cuda_memory.hpp"
#include "cuda/cuda_program.hpp"

namespace hocket::detail::cuda {

using gpu::Argument;
using gpu::CommandStatus;
using gpu::EventPointer;

namespace {

void* address(const gpu::DeviceMemory& memory) noexcept {
    return static_cast<const CudaMemory&>(memory).data();
}

dim3 to_dim3(const hocket::gpu::Grid::Sizes& sizes) noexcept {
    return {static_cast<unsigned>(sizes[0]), static_cast<unsigned>(sizes[1]),
            static_cast<unsigned>(sizes[2])};
}

/// Groups of 256 items in the shape of the grid.
hocket::gpu::Grid::Sizes usual_group(unsigned dimensions) noexcept {
    switch (dimensions) {
    case 1: return {256, 1, 1};
    case 2: return {16, 16, 1};
    default: return {8, 8, 4};
    }
}

CommandStatus status_of(cudaError_t error) noexcept {
    if (error == cudaErrorNotReady) {
        return {};
    }
    return {.done = true, .error = error};
}

} // namespace

CommandStatus CudaEvent::poll() noexcept {
    device_.use();
    return status_of(cudaEventQuery(event_));
}

CommandStatus CudaEvent::block() noexcept {
    device_.use();
    return {.done = true, .error = cudaEventSynchronize(event_)};
}

CudaStream::CudaStream(CudaDevice& device) : StreamState(device), device_(device) {
    device_.use();
    check("cudaStreamCreateWithFlags", cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
}

CudaStream::~CudaStream() {
    device_.use();
    static_cast<void>(cudaStreamDestroy(stream_)); // returns at once; its commands still run
}

template <class F>
EventPointer CudaStream::submit(const char* call, std::shared_ptr<gpu::KernelState> kernel, F&& f) {
    device_.use();
    const std::string name = kernel ? kernel->name() : std::string();
    auto* const state = new CudaEvent(device_, call, std::move(kernel));
    EventPointer event(state);
    check(call, f(), name);
    check("cudaEventRecord", cudaEventRecord(state->get(), stream_), name);
    return event;
}

EventPointer CudaStream::copy(void* to, const void* from, std::size_t bytes) {
    return submit("cudaMemcpyAsync", nullptr,
                  [&] { return cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream_); });
}

EventPointer CudaStream::submit_write(const gpu::HostMemory& from, gpu::DeviceMemory& to,
                                      std::size_t bytes) {
    return copy(address(to), from.data(), bytes);
}

EventPointer CudaStream::submit_read(const gpu::DeviceMemory& from, gpu::HostMemory& to,
                                     std::size_t bytes) {
    return copy(to.data(), address(from), bytes);
}

EventPointer CudaStream::submit_copy(const gpu::DeviceMemory& from, gpu::DeviceMemory& to,
                                     std::size_t bytes) {
    return copy(address(to), address(from), bytes);
}

EventPointer CudaStream::submit_kernel(const std::shared_ptr<gpu::KernelState>& kernel,
                                       const hocket::gpu::Grid& grid,
                                       std::span<const Argument> arguments) {
    const auto& function = static_cast<const CudaKernel&>(*kernel);
    function.require_fitting(arguments);
    std::vector<void*> addresses; // of device memory; the arguments point to these
    addresses.reserve(arguments.size());
    std::vector<void*> pointers;
    std::size_t shared_bytes = 0;
    for (const Argument& argument : arguments) {
        switch (argument.way) {
        case Argument::Way::value: pointers.push_back(const_cast<void*>(argument.value)); break;
        case Argument::Way::buffer:
            pointers.push_back(&addresses.emplace_back(address(**argument.memory)));
            break;
        case Argument::Way::local: shared_bytes += argument.bytes; break;
        }
    }
    const auto group = grid.has_groups() ? grid.group() : usual_group(grid.dimensions());
    hocket::gpu::Grid::Sizes groups{};
    for (std::size_t d = 0; d < groups.size(); ++d) {
        groups[d] = (grid.items()[d] + group[d] - 1) / group[d];
    }
    return submit("cudaLaunchKernel", kernel, [&] {
        return cudaLaunchKernel(function.function(), to_dim3(groups), to_dim3(group),
                                pointers.data(), shared_bytes, stream_);
    });
}

EventPointer CudaStream::submit_wait(gpu::EventState& other) {
    return submit("cudaStreamWaitEvent", nullptr, [&] {
        return cudaStreamWaitEvent(stream_, static_cast<CudaEvent&>(other).get(), 0);
    });
}

EventPointer CudaStream::submit_marker() {
    return submit("cudaEventRecord", nullptr, [] { return cudaSuccess; });
}

} // namespace hocket::detail::cuda
