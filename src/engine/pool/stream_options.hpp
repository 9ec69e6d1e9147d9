#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include <sys/types.h>

#include <hocket/engine/file_descriptor.hpp>

#include "engine/pool/frame.hpp"
#include "engine/pool/hello.hpp"

namespace hocket::engine {

/// What the owner of workers behind streams tells them about its functions.
class ModuleList {
public:
    /// The number of modules that calls may refer to. It only grows.
    [[nodiscard]] virtual std::size_t size() const noexcept = 0;
    /// The description of a module, for the workers' faces.
    [[nodiscard]] virtual std::string describe(std::size_t number) const = 0;

protected:
    ~ModuleList() = default;
};

/// For all workers of a pool. Times are in nanoseconds.
struct StreamOptions {
    Hello hello;                         // the owner's
    const ModuleList* modules = nullptr; // module 0, the program, is not sent
    std::int64_t hello_timeout = 10'000'000'000;
    /// A worker is given up if nothing has arrived from it for so long, although the owner asks it
    /// to answer; 0: never.
    std::int64_t silence_limit = 30'000'000'000;
    /// How long a worker may take to end a call that was cancelled.
    std::int64_t cancel_timeout = 2'000'000'000;
    std::size_t longest_body = default_longest_body;
    /// How many calls a worker has at a time, including the one that runs: the next one is there
    /// when a call ends, and the rest waits where the end of a worker does not matter. Of short
    /// calls, it has as many as take `batch_time`, but at most `largest_batch`.
    std::size_t calls_ahead = 2;
    std::size_t largest_batch = 64;
    std::int64_t batch_time = 5'000'000;
    /// The most bytes of arguments on their way to one worker; a larger call goes alone.
    std::size_t most_bytes_ahead = std::size_t{64} << 20;
};

/// The other end of a worker's stream.
struct StreamPeer {
    FileDescriptor socket;  // a connected stream socket; not open if it will connect later
    std::string name{};     // where it is, for messages: "at 10.0.0.1 port 7000"
    pid_t pid = 0;          // its process, if that is known
    FileDescriptor pidfd{}; // of a child of this process: it is killed and reaped when its stream
                            // has ended
    /// Set if something else watches the process: it calls StreamWorker::on_process_ended. Called
    /// by the supervisor when the worker has ended.
    std::function<void()> on_end{};
};

} // namespace hocket::engine
