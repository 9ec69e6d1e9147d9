#include "engine/demangled.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string_view>

#include <cxxabi.h>

namespace hocket::engine {

std::string demangled(const char* name) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> text(
        abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
    return status == 0 ? text.get() : name;
}

namespace {

/// g++ calls the part that does the work "f(f(int)::<mangled f>.Frame*) [clone .actor]".
std::string coroutine_of(const std::string& actor) {
    const std::size_t end = actor.rfind("::_Z");
    for (std::size_t i = actor.find('('); i < end && end != actor.npos;
         i = actor.find('(', i + 1)) {
        if (actor.compare(i + 1, i + 1, actor, 0, i + 1) == 0) {
            return actor.substr(i + 1, end - i - 1);
        }
    }
    return actor;
}

} // namespace

std::string function_of(std::string symbol) {
    symbol.erase(std::min(symbol.find('@'), symbol.size())); // its version: "sleep@GLIBC_2.2.5"
    std::string name = demangled(symbol.c_str());
    if (name.find(".Frame*) [clone ") != name.npos) {
        return coroutine_of(name);
    }
    for (const std::string_view part : {" [clone .resume]", " [clone .destroy]"}) { // clang's
        if (name.ends_with(part)) {
            name.erase(name.size() - part.size());
        }
    }
    return name;
}

} // namespace hocket::engine
