#include "processes/calls/call_runner.hpp"

#include <cstring>
#include <string>
#include <tuple>

#include <unistd.h>

#include <hocket/engine/made_once.hpp>

#include "engine/trace.hpp"
#include "processes/calls/remote_exception.hpp"

namespace hocket::detail {

namespace {

// The largest buffer that is kept for further results.
constexpr std::size_t largest_kept_buffer = std::size_t{1} << 20;

} // namespace

ForeignModules& owners_modules() {
    static constinit engine::MadeOnce<ForeignModules> modules;
    return modules.get();
}

const void* resolve_function(FunctionRef function) {
    const void* const address = owners_modules().resolve(function);
    engine::trace(engine::TraceKind::function, reinterpret_cast<std::uintptr_t>(address));
    return address;
}

msgpack::sbuffer pack_module(const Module& module) {
    return pack_message(std::tuple(module.path, module.build_id)).bytes;
}

Module unpack_module(std::span<const char> bytes) {
    msgpack::zone zone;
    const auto [path, build_id] =
        unpack_object(zone, bytes).as<std::tuple<std::string, std::string>>();
    return {path, build_id, 0};
}

bool CallRunner::run(FunctionRef function, std::span<const char> arguments,
                     Descriptors& argument_descriptors, Descriptors& result_descriptors) {
    bool has_returned = true;
    result_.clear();
    try {
        const void* const address = resolve_function(function);
        Thunk thunk = nullptr;
        std::memcpy(&thunk, &address, sizeof thunk);
        // Anything the function itself packs or unpacks has its own scopes.
        const msgpack::object unpacked = unpack_object(zone_, arguments);
        thunk(unpacked, result_, argument_descriptors, result_descriptors);
    } catch (...) {
        has_returned = false;
        result_descriptors.clear();
        pack_exception();
    }
    zone_.clear();
    return has_returned;
}

void CallRunner::pack_exception() {
    result_.clear();
    ResultPacker packer(result_.head);
    pack_current_exception(packer, "process " + std::to_string(::getpid()));
}

void CallRunner::shrink() {
    if (result_.size() > largest_kept_buffer) {
        result_ = PackedResult();
    }
}

} // namespace hocket::detail
