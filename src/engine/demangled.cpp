#include "engine/demangled.hpp"

#include <cstdlib>
#include <memory>

#include <cxxabi.h>

namespace hocket::engine {

std::string demangled(const char* name) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> text(
        abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
    return status == 0 ? text.get() : name;
}

} // namespace hocket::engine
