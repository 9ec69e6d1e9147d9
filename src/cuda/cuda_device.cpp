#include "cuda/cuda_device.hpp"

#include <algorithm>
#include <bit>

#include <hocket/errors.hpp>

#include "cuda/cuda_error.hpp"
#include "cuda/cuda_memory.hpp"
#include "cuda/cuda_program.hpp"
#include "cuda/cuda_stream.hpp"

namespace hocket::detail::cuda {

namespace {

hocket::gpu::DeviceInfo describe(const cudaDeviceProp& properties) {
    int version = 0;
    check("cudaDriverGetVersion", cudaDriverGetVersion(&version));
    hocket::gpu::DeviceInfo info;
    info.name = properties.name;
    info.platform = "NVIDIA CUDA";
    info.version = std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
    info.kind = hocket::gpu::DeviceKind::gpu;
    info.memory = properties.totalGlobalMem;
    info.max_allocation = properties.totalGlobalMem;
    info.local_memory = properties.sharedMemPerBlock;
    info.max_group_size = static_cast<std::size_t>(properties.maxThreadsPerBlock);
    info.compute_units = static_cast<unsigned>(properties.multiProcessorCount);
    info.has_double = true;
    info.shares_host_memory = properties.integrated != 0;
    return info;
}

struct Found {
    std::vector<CudaDevice*> devices;
    cudaError_t error = cudaSuccess;
};

Found find_all() {
    Found found;
    int count = 0;
    found.error = cudaGetDeviceCount(&count);
    if (found.error == cudaSuccess && count == 0) {
        found.error = cudaErrorNoDevice;
    }
    for (int i = 0; i < count && found.error == cudaSuccess; ++i) {
        cudaDeviceProp properties{};
        check("cudaGetDeviceProperties", cudaGetDeviceProperties(&properties, i));
        found.devices.push_back(new CudaDevice(i, properties));
    }
    return found;
}

const Found& found() {
    // Never destroyed: threads may use the devices until the process ends.
    static const auto& all = *new Found(find_all());
    return all;
}

/// Blocks of few different sizes can be used again more often.
std::size_t host_block(std::size_t bytes) {
    constexpr std::size_t page = 4096;
    constexpr std::size_t huge = std::size_t{64} << 20;
    return bytes < huge ? std::max(page, std::bit_ceil(bytes)) : bytes;
}

} // namespace

CudaDevice::CudaDevice(int number, const cudaDeviceProp& properties)
    : DeviceDriver(describe(properties)),
      number_(number),
      capability_(properties.major * 10 + properties.minor) {}

const std::vector<CudaDevice*>& CudaDevice::all() { return found().devices; }

cudaError_t CudaDevice::why_none() { return found().error; }

CudaDevice& CudaDevice::from(gpu::DeviceDriver& driver) {
    auto* const device = dynamic_cast<CudaDevice*>(&driver);
    if (device == nullptr) {
        throw ValueError("'" + driver.info().name + "' is not a device of CUDA");
    }
    return *device;
}

/// Memory is allocated and freed in the order of a stream of its own, because cudaFree waits for
/// the whole device.
cudaStream_t CudaDevice::memory_stream() {
    use();
    const std::scoped_lock lock(mutex_);
    if (memory_stream_ == nullptr) {
        check("cudaStreamCreateWithFlags",
              cudaStreamCreateWithFlags(&memory_stream_, cudaStreamNonBlocking));
    }
    return memory_stream_;
}

void* CudaDevice::allocate_memory(std::size_t bytes) {
    const cudaStream_t stream = memory_stream();
    void* memory = nullptr;
    check("cudaMallocAsync", cudaMallocAsync(&memory, bytes, stream));
    // Now other streams may use it.
    if (const cudaError_t error = cudaStreamSynchronize(stream); error != cudaSuccess) {
        static_cast<void>(cudaFreeAsync(memory, stream));
        check("cudaStreamSynchronize", error);
    }
    return memory;
}

void CudaDevice::free_memory(void* memory) noexcept {
    use();
    static_cast<void>(cudaFreeAsync(memory, memory_stream_));
}

/// cudaFreeHost may wait for the device, and cudaHostAlloc is slow: blocks are kept.
void* CudaDevice::allocate_host(std::size_t bytes) {
    const std::size_t size = host_block(bytes);
    {
        const std::scoped_lock lock(mutex_);
        if (const auto found = free_host_.find(size); found != free_host_.end()) {
            void* const memory = found->second;
            free_host_.erase(found);
            return memory;
        }
    }
    use();
    void* memory = nullptr;
    cudaError_t error = cudaHostAlloc(&memory, size, cudaHostAllocPortable);
    if (error == cudaErrorMemoryAllocation) {
        release_cached_host_memory();
        error = cudaHostAlloc(&memory, size, cudaHostAllocPortable);
    }
    check("cudaHostAlloc", error);
    return memory;
}

void CudaDevice::free_host(void* memory, std::size_t bytes) noexcept {
    const std::scoped_lock lock(mutex_);
    free_host_.emplace(host_block(bytes), memory);
}

void CudaDevice::release_cached_host_memory() noexcept {
    const std::scoped_lock lock(mutex_);
    for (const auto& [size, memory] : free_host_) {
        static_cast<void>(cudaFreeHost(memory));
    }
    free_host_.clear();
}

cudaEvent_t CudaDevice::take_event() {
    {
        const std::scoped_lock lock(mutex_);
        if (!free_events_.empty()) {
            const cudaEvent_t event = free_events_.back();
            free_events_.pop_back();
            return event;
        }
    }
    use();
    cudaEvent_t event = nullptr;
    check("cudaEventCreateWithFlags",
          cudaEventCreateWithFlags(&event, cudaEventDisableTiming | cudaEventBlockingSync));
    return event;
}

void CudaDevice::give_back(cudaEvent_t event) noexcept {
    const std::scoped_lock lock(mutex_);
    free_events_.push_back(event);
}

std::shared_ptr<gpu::StreamState> CudaDevice::make_stream() {
    return std::make_shared<CudaStream>(*this);
}

std::shared_ptr<gpu::DeviceMemory> CudaDevice::allocate(std::size_t bytes) {
    return std::make_shared<CudaMemory>(*this, bytes);
}

std::shared_ptr<gpu::HostMemory> CudaDevice::allocate_pinned(std::size_t bytes) {
    auto memory = std::make_shared<CudaHostMemory>(*this, bytes);
    memory->clear();
    return memory;
}

/// The runtime copies from and to memory that is not pinned only while the caller waits.
std::shared_ptr<gpu::HostMemory> CudaDevice::allocate_staging(std::size_t bytes) {
    return std::make_shared<CudaHostMemory>(*this, bytes);
}

std::shared_ptr<gpu::ProgramState> CudaDevice::build(const std::string& source,
                                                     const std::string& options) {
    return std::make_shared<CudaProgram>(*this, source, options);
}

std::exception_ptr CudaDevice::failure(const char* call, int code,
                                       const std::string& kernel) const {
    return error_of(call, code, kernel);
}

} // namespace hocket::detail::cuda
