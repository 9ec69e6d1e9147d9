#pragma once

#include <cuda_runtime_api.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <hocket/detail/gpu/driver.hpp>

namespace hocket::detail::cuda {

class CudaDevice final : public gpu::DeviceDriver {
public:
    CudaDevice(int number, const cudaDeviceProp& properties);

    /// All devices. They exist until the process ends.
    static const std::vector<CudaDevice*>& all();
    /// Why there are no devices: cudaSuccess if there are some.
    static cudaError_t why_none();
    /// Throws ValueError if `driver` is not a device of CUDA.
    static CudaDevice& from(gpu::DeviceDriver& driver);

    [[nodiscard]] int number() const noexcept { return number_; }
    /// The compute capability, times ten.
    [[nodiscard]] int capability() const noexcept { return capability_; }
    /// Makes this the device of the calling thread. Almost every call depends on that.
    void use() const { static_cast<void>(cudaSetDevice(number_)); }

    [[nodiscard]] void* allocate_memory(std::size_t bytes);
    void free_memory(void* memory) noexcept;
    [[nodiscard]] void* allocate_host(std::size_t bytes);
    void free_host(void* memory, std::size_t bytes) noexcept;
    [[nodiscard]] cudaEvent_t take_event();
    void give_back(cudaEvent_t event) noexcept;

    std::shared_ptr<gpu::StreamState> make_stream() override;
    std::shared_ptr<gpu::DeviceMemory> allocate(std::size_t bytes) override;
    std::shared_ptr<gpu::HostMemory> allocate_pinned(std::size_t bytes) override;
    std::shared_ptr<gpu::HostMemory> allocate_staging(std::size_t bytes) override;
    std::shared_ptr<gpu::ProgramState> build(const std::string& source,
                                             const std::string& options) override;
    std::exception_ptr failure(const char* call, int code,
                               const std::string& kernel) const override;

private:
    [[nodiscard]] cudaStream_t memory_stream();
    void release_cached_host_memory() noexcept;

    int number_;
    int capability_;
    std::mutex mutex_; // guards what follows
    cudaStream_t memory_stream_ = nullptr;
    std::multimap<std::size_t, void*> free_host_; // by size
    std::vector<cudaEvent_t> free_events_;
};

} // namespace hocket::detail::cuda
