#include "opencl/opencl_program.hpp"

#include <optional>

#include <hocket/errors.hpp>
#include <hocket/gpu/errors.hpp>

#include "opencl/error_names.hpp"
#include "opencl/opencl_memory.hpp"

namespace hocket::detail::opencl {

namespace {

using gpu::Argument;
using gpu::ElementKind;

std::string build_log(cl_program program, cl_device_id device) {
    std::size_t size = 0;
    clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, 0, nullptr, &size);
    std::string log(size, '\0');
    clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, size, log.data(), nullptr);
    while (!log.empty() && (log.back() == '\0' || log.back() == '\n')) {
        log.pop_back();
    }
    return log;
}

std::string kernel_names(cl_program program) {
    std::size_t size = 0;
    if (clGetProgramInfo(program, CL_PROGRAM_KERNEL_NAMES, 0, nullptr, &size) != CL_SUCCESS) {
        return {};
    }
    std::string names(size, '\0');
    clGetProgramInfo(program, CL_PROGRAM_KERNEL_NAMES, size, names.data(), nullptr);
    return names.c_str();
}

std::string parameter_text(cl_kernel kernel, cl_uint index, cl_kernel_arg_info which) {
    std::size_t size = 0;
    if (clGetKernelArgInfo(kernel, index, which, 0, nullptr, &size) != CL_SUCCESS) {
        return {};
    }
    std::string text(size, '\0');
    if (clGetKernelArgInfo(kernel, index, which, size, text.data(), nullptr) != CL_SUCCESS) {
        return {};
    }
    return text.c_str();
}

struct Element {
    ElementKind kind;
    std::size_t size;
};

/// What is known about a type of OpenCL C by its name; nothing about vectors and structures.
std::optional<Element> element_of(std::string_view type) {
    constexpr std::pair<std::string_view, Element> known[] = {
        {"char", {ElementKind::integer, 1}},   {"uchar", {ElementKind::integer, 1}},
        {"short", {ElementKind::integer, 2}},  {"ushort", {ElementKind::integer, 2}},
        {"int", {ElementKind::integer, 4}},    {"uint", {ElementKind::integer, 4}},
        {"long", {ElementKind::integer, 8}},   {"ulong", {ElementKind::integer, 8}},
        {"float", {ElementKind::floating, 4}}, {"double", {ElementKind::floating, 8}},
    };
    for (const auto& [name, element] : known) {
        if (name == type) {
            return element;
        }
    }
    return std::nullopt;
}

std::string describe(const Argument& argument) {
    std::string text = argument.way == Argument::Way::value    ? "a value of "
                       : argument.way == Argument::Way::buffer ? "a Buffer with elements of "
                                                               : "Local memory for elements of ";
    text += std::to_string(argument.size) + (argument.size == 1 ? " byte" : " bytes");
    switch (argument.element) {
    case ElementKind::integer: return text + " (integer)";
    case ElementKind::floating: return text + " (floating point)";
    case ElementKind::other: break;
    }
    return text;
}

} // namespace

OpenClProgram::OpenClProgram(OpenClDevice& device, const std::string& source,
                             const std::string& options)
    : ProgramState(device) {
    const char* text = source.data();
    const std::size_t length = source.size();
    if (length == 0) {
        throw ValueError("the source of a program is empty");
    }
    cl_int error = CL_SUCCESS;
    program_ = Program(clCreateProgramWithSource(device.context(), 1, &text, &length, &error));
    check("clCreateProgramWithSource", error);
    const cl_device_id id = device.id();
    const std::string all_options = "-cl-kernel-arg-info " + options;
    error = clBuildProgram(program_.get(), 1, &id, all_options.c_str(), nullptr, nullptr);
    if (error != CL_SUCCESS) {
        throw hocket::gpu::BuildError("clBuildProgram", error, error_name(error),
                                      build_log(program_.get(), id));
    }
}

std::shared_ptr<gpu::KernelState> OpenClProgram::kernel(const std::string& name) {
    cl_int error = CL_SUCCESS;
    Kernel kernel(clCreateKernel(program_.get(), name.c_str(), &error));
    if (error == CL_INVALID_KERNEL_NAME) {
        throw ValueError("the program has no kernel '" + name +
                         "'; it has: " + kernel_names(program_.get()));
    }
    check("clCreateKernel", error, name);
    return std::make_shared<OpenClKernel>(OpenClDevice::from(driver()), std::move(kernel), name);
}

OpenClKernel::OpenClKernel(OpenClDevice& device, Kernel kernel, std::string name)
    : KernelState(device, std::move(name)), kernel_(std::move(kernel)) {
    cl_uint count = 0;
    check("clGetKernelInfo",
          clGetKernelInfo(kernel_.get(), CL_KERNEL_NUM_ARGS, sizeof(count), &count, nullptr),
          this->name());
    for (cl_uint i = 0; i < count; ++i) {
        Parameter& parameter = parameters_.emplace_back();
        parameter.name = parameter_text(kernel_.get(), i, CL_KERNEL_ARG_NAME);
        parameter.type = parameter_text(kernel_.get(), i, CL_KERNEL_ARG_TYPE_NAME);
        cl_kernel_arg_address_qualifier where = CL_KERNEL_ARG_ADDRESS_PRIVATE;
        if (clGetKernelArgInfo(kernel_.get(), i, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof(where),
                               &where, nullptr) != CL_SUCCESS) {
            parameter.type.clear();
        }
        parameter.is_local = where == CL_KERNEL_ARG_ADDRESS_LOCAL;
        parameter.is_pointer = where != CL_KERNEL_ARG_ADDRESS_PRIVATE;
    }
}

void OpenClKernel::require_fitting(std::size_t index, const Argument& argument) const {
    const Parameter& parameter = parameters_[index];
    if (parameter.type.empty()) {
        return; // clSetKernelArg still compares sizes
    }
    using Way = Argument::Way;
    const Way wanted = parameter.is_local     ? Way::local
                       : parameter.is_pointer ? Way::buffer
                                              : Way::value;
    bool fits = argument.way == wanted;
    std::string_view type = parameter.type;
    if (parameter.is_pointer) {
        type = type.substr(0, type.find_last_not_of("* ") + 1);
    }
    if (const auto element = element_of(type); fits && element) {
        // Also memory for structures can be passed as memory for numbers.
        fits = argument.element == element->kind
                   ? argument.size == element->size
                   : argument.element == ElementKind::other && argument.way != Way::value;
    }
    if (!fits) {
        throw ValueError("argument " + std::to_string(index + 1) + " of kernel '" + name() +
                         "' must be '" +
                         (parameter.is_local     ? "local "
                          : parameter.is_pointer ? "global "
                                                 : "") +
                         parameter.type + " " + parameter.name + "', not " + describe(argument));
    }
}

void OpenClKernel::set_arguments(std::span<const Argument> arguments) {
    if (arguments.size() != parameters_.size()) {
        throw ValueError("kernel '" + name() + "' has " + std::to_string(parameters_.size()) +
                         " parameters, but was launched with " + std::to_string(arguments.size()) +
                         " arguments");
    }
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const Argument& argument = arguments[i];
        require_fitting(i, argument);
        std::size_t size = argument.size;
        const void* value = argument.value;
        cl_mem memory = nullptr;
        switch (argument.way) {
        case Argument::Way::value: break;
        case Argument::Way::buffer:
            memory = static_cast<const OpenClMemory&>(**argument.memory).get();
            size = sizeof(memory);
            value = &memory;
            break;
        case Argument::Way::local: size = argument.bytes; break;
        }
        const cl_int error = clSetKernelArg(kernel_.get(), static_cast<cl_uint>(i), size, value);
        if (error == CL_INVALID_ARG_SIZE || error == CL_INVALID_ARG_VALUE ||
            error == CL_INVALID_MEM_OBJECT) {
            throw ValueError("argument " + std::to_string(i + 1) + " of kernel '" + name() +
                             "' does not fit its parameter (" + error_name(error) + "): it is " +
                             describe(argument));
        }
        check("clSetKernelArg", error, name());
    }
}

} // namespace hocket::detail::opencl
