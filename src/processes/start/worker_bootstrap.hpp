#pragma once

#include <cstdint>

#include <hocket/crossing.hpp>

namespace hocket::detail {

/// The first message to a new process of this program, sent through its socket.
struct Bootstrap {
    enum Kind : std::uint32_t {
        pool_worker, // descriptors: link, ReplyNotifier, eventfd, pipe for stdout, pipe for stderr
        single_call, // descriptors: those of the arguments, memory with the call
        fork_server, // no descriptors
    };
    std::uint32_t kind = pool_worker;
    std::int64_t spin = 0;   // nanoseconds for which a worker busy-polls for work before it sleeps
    std::uint32_t watch = 0; // an observer::Watch: how the owner is observed, and so the worker
    MSGPACK_DEFINE(kind, spin, watch)
};

} // namespace hocket::detail
