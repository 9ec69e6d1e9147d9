#include "engine/describe_frame.hpp"

#include <array>
#include <charconv>
#include <cstdint>

#include <dlfcn.h>

#include "engine/demangled.hpp"

namespace hocket::engine {

namespace {

std::string hexadecimal(std::uintptr_t value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), value, 16).ptr;
    return "0x" + std::string(digits.begin(), end);
}

} // namespace

std::string describe_frame(const void* address) {
    // A return address may be past the end of a function that ends with a call.
    const char* const call = static_cast<const char*>(address) - 1;
    Dl_info info{};
    if (::dladdr(call, &info) == 0) {
        return hexadecimal(reinterpret_cast<std::uintptr_t>(address));
    }
    const void* const begin = info.dli_sname != nullptr ? info.dli_saddr : info.dli_fbase;
    const std::string function = info.dli_sname != nullptr ? demangled(info.dli_sname) : "??";
    return function + " + " +
           hexadecimal(static_cast<std::uintptr_t>(call - static_cast<const char*>(begin))) + " (" +
           info.dli_fname + ')';
}

} // namespace hocket::engine
