#include "gpu/find_device.hpp"

#include <algorithm>
#include <cctype>
#include <string>

#include <hocket/gpu/errors.hpp>

namespace hocket::detail::gpu {

namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

[[noreturn]] void throw_not_found(const NotFound& not_found, const std::string& why) {
    throw hocket::gpu::DeviceNotFound(not_found.call, not_found.code, not_found.code_name, {}, why);
}

} // namespace

DeviceDriver& first_device(const std::vector<DeviceDriver*>& all, const NotFound& not_found) {
    using Kind = hocket::gpu::DeviceKind;
    for (const Kind kind : {Kind::gpu, Kind::accelerator, Kind::cpu}) {
        for (DeviceDriver* driver : all) {
            if (driver->info().kind == kind) {
                return *driver;
            }
        }
    }
    throw_not_found(not_found, std::string(not_found.advice));
}

DeviceDriver& named_device(const std::vector<DeviceDriver*>& all, std::string_view name,
                           const NotFound& not_found) {
    const std::string wanted = lower(name);
    std::string list;
    for (DeviceDriver* driver : all) {
        const hocket::gpu::DeviceInfo& info = driver->info();
        if (lower(info.name).find(wanted) != std::string::npos ||
            lower(info.platform).find(wanted) != std::string::npos) {
            return *driver;
        }
        list += (list.empty() ? "'" : ", '") + info.name + "' of " + info.platform;
    }
    if (all.empty()) {
        throw_not_found(not_found, std::string(not_found.advice));
    }
    throw_not_found(not_found, "the name of no " + std::string(not_found.interface) +
                                   " device contains '" + std::string(name) +
                                   "'; there are: " + list);
}

} // namespace hocket::detail::gpu
