#include "processes/start/process_main.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <hocket/detail/processes/calls/remote_callee.hpp>
#include <hocket/exception_group.hpp>

#include "engine/memory_mapping.hpp"
#include "engine/per_process.hpp"
#include "processes/calls/thrown_stack.hpp"

namespace hocket::detail {

namespace {

struct ProcessName {
    std::string text = "MainProcess";
};

std::string& this_name() {
    static PerProcess<ProcessName> name;
    return name.get().text;
}

// Workers ignore SIGINT, because a pool's owner decides what it means. A Process is an independent
// program, as in Python, and may set its own handler.
void restore_interrupt() {
    std::signal(SIGINT, SIG_DFL);
    sigset_t interrupt;
    ::sigemptyset(&interrupt);
    ::sigaddset(&interrupt, SIGINT);
    ::pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr);
}

void call(const msgpack::object& function, const msgpack::object& arguments,
          Descriptors& descriptors) {
    const void* const address = function.as<PortableFunction>().resolve();
    Thunk thunk = nullptr;
    std::memcpy(&thunk, &address, sizeof thunk);
    msgpack::zone zone;
    const auto unpacked = unpack_object(zone, {arguments.via.bin.ptr, arguments.via.bin.size});
    PackedResult dropped;
    Descriptors unused;
    thunk(unpacked, dropped, descriptors, unused);
}

} // namespace

const std::string& name_of_this_process() noexcept { return this_name(); }

int make_single_call(Descriptors& descriptors) {
    const auto region = engine::MemoryMapping::of_received(std::move(descriptors.back()));
    descriptors.pop_back();
    msgpack::zone zone;
    const msgpack::object parts =
        unpack_object(zone, {reinterpret_cast<const char*>(region.data()), region.size()});
    const msgpack::object* const part = parts.via.array.ptr;
    this_name() = part[0].as<std::string>();
    restore_interrupt();
    try {
        call(part[1], part[2], descriptors);
        return EXIT_SUCCESS;
    } catch (...) {
        std::fflush(stdout);
        std::fprintf(stderr, "Process %s: %s\n", this_name().c_str(),
                     describe_exception(std::current_exception()).c_str());
        std::fputs(thrown_stack().c_str(), stderr);
        return EXIT_FAILURE;
    }
}

} // namespace hocket::detail
