#include "cuda/cuda_program.hpp"

#include <cudaTypedefs.h>
#include <nvrtc.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include <hocket/errors.hpp>
#include <hocket/gpu/errors.hpp>

#include "cuda/cuda_error.hpp"

namespace hocket::detail::cuda {

namespace {

using gpu::Argument;

void check_compiler(const char* call, nvrtcResult code) {
    if (code != NVRTC_SUCCESS) {
        throw hocket::gpu::GpuError(call, code, nvrtcGetErrorString(code));
    }
}

class Compilation {
public:
    explicit Compilation(const std::string& source) {
        check_compiler("nvrtcCreateProgram", nvrtcCreateProgram(&program_, source.c_str(),
                                                                "kernels.cu", 0, nullptr, nullptr));
    }
    Compilation(const Compilation&) = delete;
    Compilation& operator=(const Compilation&) = delete;
    ~Compilation() { nvrtcDestroyProgram(&program_); }

    /// Returns code for the device: for itself, or for the driver to translate.
    std::string run(const std::vector<std::string>& options, bool is_binary) {
        std::vector<const char*> words;
        for (const std::string& option : options) {
            words.push_back(option.c_str());
        }
        const nvrtcResult result =
            nvrtcCompileProgram(program_, static_cast<int>(words.size()), words.data());
        if (result != NVRTC_SUCCESS) {
            throw hocket::gpu::BuildError("nvrtcCompileProgram", result,
                                          nvrtcGetErrorString(result), log());
        }
        return is_binary ? text("nvrtcGetCUBIN", nvrtcGetCUBINSize, nvrtcGetCUBIN)
                         : text("nvrtcGetPTX", nvrtcGetPTXSize, nvrtcGetPTX);
    }

private:
    template <class GetSize, class Get>
    std::string text(const char* call, GetSize get_size, Get get) const {
        std::size_t size = 0;
        check_compiler(call, get_size(program_, &size));
        std::string result(size, '\0');
        check_compiler(call, get(program_, result.data()));
        return result;
    }
    [[nodiscard]] std::string log() const {
        std::string result = text("nvrtcGetProgramLog", nvrtcGetProgramLogSize, nvrtcGetProgramLog);
        while (!result.empty() && (result.back() == '\0' || result.back() == '\n')) {
            result.pop_back();
        }
        return result;
    }

    nvrtcProgram program_ = nullptr;
};

/// The newest architecture that NVRTC knows and the device has.
int best_architecture(int capability) {
    int count = 0;
    check_compiler("nvrtcGetNumSupportedArchs", nvrtcGetNumSupportedArchs(&count));
    std::vector<int> known(static_cast<std::size_t>(count));
    check_compiler("nvrtcGetSupportedArchs", nvrtcGetSupportedArchs(known.data()));
    int best = 0;
    for (const int architecture : known) {
        if (architecture <= capability) {
            best = std::max(best, architecture);
        }
    }
    if (best == 0) {
        throw ValueError("NVRTC does not compile for devices of compute capability " +
                         std::to_string(capability / 10) + "." + std::to_string(capability % 10));
    }
    return best;
}

std::optional<std::vector<std::size_t>> sizes_of_parameters(cudaKernel_t kernel) {
    // A function of the driver, which programs do not link: they start also on machines without a
    // driver.
    void* found = nullptr;
    cudaDriverEntryPointQueryResult result{};
    constexpr unsigned since = 12040;
    if (cudaGetDriverEntryPointByVersion("cuKernelGetParamInfo", &found, since, cudaEnableDefault,
                                         &result) != cudaSuccess ||
        result != cudaDriverEntryPointSuccess || found == nullptr) {
        return std::nullopt;
    }
    const auto get_info = reinterpret_cast<PFN_cuKernelGetParamInfo_v12040>(found);
    std::vector<std::size_t> sizes;
    std::size_t offset = 0;
    std::size_t size = 0;
    while (get_info(reinterpret_cast<CUkernel>(kernel), sizes.size(), &offset, &size) ==
           CUDA_SUCCESS) {
        sizes.push_back(size);
    }
    return sizes;
}

} // namespace

CudaProgram::CudaProgram(CudaDevice& device, const std::string& source, const std::string& options)
    : ProgramState(device) {
    if (source.empty()) {
        throw ValueError("the source of a program is empty");
    }
    const int architecture = best_architecture(device.capability());
    const bool is_binary = architecture == device.capability();
    std::vector<std::string> words{std::string("--gpu-architecture=") +
                                   (is_binary ? "sm_" : "compute_") + std::to_string(architecture)};
    std::istringstream more(options);
    for (std::string word; more >> word;) {
        words.push_back(word);
    }
    const std::string code = Compilation(source).run(words, is_binary);
    device.use();
    check("cudaLibraryLoadData",
          cudaLibraryLoadData(&library_, code.data(), nullptr, nullptr, 0, nullptr, nullptr, 0));
}

CudaProgram::~CudaProgram() { static_cast<void>(cudaLibraryUnload(library_)); }

std::shared_ptr<gpu::KernelState> CudaProgram::kernel(const std::string& name) {
    CudaDevice& device = CudaDevice::from(driver());
    device.use();
    cudaKernel_t kernel = nullptr;
    const cudaError_t error = cudaLibraryGetKernel(&kernel, library_, name.c_str());
    if (error == cudaErrorSymbolNotFound) {
        throw ValueError("the program has no kernel '" + name +
                         "'; is it declared extern \"C\" __global__?");
    }
    check("cudaLibraryGetKernel", error, name);
    return std::make_shared<CudaKernel>(device, kernel, name, shared_from_this());
}

CudaKernel::CudaKernel(CudaDevice& device, cudaKernel_t kernel, std::string name,
                       std::shared_ptr<CudaProgram> program)
    : KernelState(device, std::move(name)),
      kernel_(kernel),
      program_(std::move(program)),
      parameter_sizes_(sizes_of_parameters(kernel)) {}

void CudaKernel::require_fitting(std::span<const Argument> arguments) const {
    if (!parameter_sizes_) {
        return;
    }
    std::size_t count = 0;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const Argument& argument = arguments[i];
        if (argument.way == Argument::Way::local) {
            continue; // no parameter belongs to it
        }
        const std::size_t size =
            argument.way == Argument::Way::buffer ? sizeof(void*) : argument.size;
        if (count < parameter_sizes_->size() && size != (*parameter_sizes_)[count]) {
            throw ValueError("argument " + std::to_string(i + 1) + " of kernel '" + name() +
                             "' must have " + std::to_string((*parameter_sizes_)[count]) +
                             " bytes, not " + std::to_string(size));
        }
        ++count;
    }
    if (count != parameter_sizes_->size()) {
        throw ValueError("kernel '" + name() + "' has " + std::to_string(parameter_sizes_->size()) +
                         " parameters, but was launched with " + std::to_string(count) +
                         " arguments");
    }
}

} // namespace hocket::detail::cuda
