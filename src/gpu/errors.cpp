#include <hocket/gpu/errors.hpp>

#include <utility>

namespace hocket::gpu {

namespace {

std::string describe(const std::string& call, int code, const std::string& code_name,
                     const std::string& kernel, const std::string& detail) {
    std::string text = call;
    if (!kernel.empty()) {
        text += " of kernel '" + kernel + "'";
    }
    text += " failed: " + code_name + " (" + std::to_string(code) + ")";
    if (!detail.empty()) {
        text += ": " + detail;
    }
    return text;
}

} // namespace

GpuError::GpuError(std::string call, int code, std::string code_name, std::string kernel,
                   const std::string& detail)
    : std::runtime_error(describe(call, code, code_name, kernel, detail)),
      call_(std::move(call)),
      code_(code),
      code_name_(std::move(code_name)),
      kernel_(std::move(kernel)) {}

BuildError::BuildError(std::string call, int code, std::string code_name, std::string build_log)
    : GpuError(std::move(call), code, std::move(code_name), {},
               build_log.empty() ? "the compiler gave no messages"
                                 : "the compiler says:\n" + build_log),
      build_log_(std::move(build_log)) {}

} // namespace hocket::gpu
