#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include <hocket/detail/processes/calls/remote_function.hpp>

#include "processes/calls/module_table.hpp"

namespace hocket::detail {

/// In a worker: makes calls and packs what they return or throw.
class CallRunner {
public:
    /// Makes a call. Returns false if it threw; then `result` is what it threw.
    [[nodiscard]] bool run(FunctionRef function, std::span<const char> arguments,
                           Descriptors& argument_descriptors, Descriptors& result_descriptors);
    /// Packs the exception that is being handled in place of a result.
    void pack_exception();
    /// What was packed last.
    [[nodiscard]] const PackedResult& result() const noexcept { return result_; }
    /// Call it when the result is not needed any more: frees the memory of large ones.
    void shrink();

private:
    PackedResult result_;
    msgpack::zone zone_;
};

/// The modules of the owner, for resolve_function.
[[nodiscard]] ForeignModules& owners_modules();

/// What a worker is told about a module of its owner.
[[nodiscard]] msgpack::sbuffer pack_module(const Module& module);
[[nodiscard]] Module unpack_module(std::span<const char> bytes);

} // namespace hocket::detail
