#include "engine/describe_frame.hpp"

#include <array>
#include <charconv>

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <unistd.h>

#include "engine/demangled.hpp"

namespace hocket::engine {

namespace {

std::string hexadecimal(std::uintptr_t value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), value, 16).ptr;
    return "0x" + std::string(digits.begin(), end);
}

/// A return address may be past the end of a function that ends with a call.
std::uintptr_t call_before(const void* address) noexcept {
    return reinterpret_cast<std::uintptr_t>(address) - 1;
}

/// The module and symbol that `call` is in.
struct Found {
    explicit Found(std::uintptr_t call) noexcept {
        void* extra = nullptr;
        is_known =
            ::dladdr1(reinterpret_cast<const void*>(call), &info, &extra, RTLD_DL_LINKMAP) != 0;
        map = static_cast<const link_map*>(extra);
    }
    /// The loader knows the program by argv[0], which may be relative or anything else.
    [[nodiscard]] std::string module() const {
        if (map != nullptr && *map->l_name != '\0') {
            return map->l_name;
        }
        std::array<char, PATH_MAX> path{};
        const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
        return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : info.dli_fname;
    }

    Dl_info info{};
    const link_map* map = nullptr;
    bool is_known = false;
};

} // namespace

CodeLocation locate_frame(const void* address) {
    const std::uintptr_t call = call_before(address);
    const Found found(call);
    if (!found.is_known) {
        return {};
    }
    return {found.module(), call - reinterpret_cast<std::uintptr_t>(found.info.dli_fbase)};
}

std::string describe_frame(const void* address) {
    const std::uintptr_t call = call_before(address);
    const Found found(call);
    if (!found.is_known) {
        return hexadecimal(reinterpret_cast<std::uintptr_t>(address));
    }
    const bool is_named = found.info.dli_sname != nullptr;
    const void* const begin = is_named ? found.info.dli_saddr : found.info.dli_fbase;
    const std::string function = is_named ? function_of(found.info.dli_sname) : "??";
    return function + " + " + hexadecimal(call - reinterpret_cast<std::uintptr_t>(begin)) + " (" +
           found.module() + ')';
}

} // namespace hocket::engine
