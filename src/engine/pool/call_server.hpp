#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <sys/types.h>

#include <hocket/engine/file_descriptor.hpp>
#include <hocket/engine/function_ref.hpp>

#include "engine/pool/frame_reader.hpp"
#include "engine/pool/hello.hpp"

namespace hocket::engine {

/// What a worker does with its calls: the face's part of a CallServer.
class CallHandler {
public:
    struct Answer {
        bool is_error = false;
        /// Valid until the next call. In two pieces, of which either may be empty.
        std::array<std::span<const char>, 2> body{};

        [[nodiscard]] std::size_t size() const noexcept { return body[0].size() + body[1].size(); }
    };

    /// The owner has described a module of its functions.
    virtual void add_module(std::span<const char> description) = 0;
    virtual Answer call(FunctionRef function, std::span<const char> arguments) noexcept = 0;
    /// An error in place of an answer that cannot be sent.
    virtual Answer fail(std::string_view why) noexcept = 0;
    /// The process is about to end without returning to the caller of `run`.
    virtual void before_exit() noexcept {}

protected:
    ~CallHandler() = default;
};

struct CallServerOptions {
    Hello hello; // the worker's
    std::int64_t hello_timeout = 10'000'000'000;
    std::size_t longest_body = default_longest_body;
};

/// The worker's side of a stream of frames (docs/worker-frames.md): makes the owner's calls one
/// after the other on the thread that calls `run`. A second thread receives, so that calls can be
/// withdrawn, and the end of the owner is seen, while a call runs.
class CallServer {
public:
    /// `socket` is a connected stream socket.
    CallServer(FileDescriptor socket, CallHandler& handler, CallServerOptions options)
        : socket_(std::move(socket)),
          handler_(handler),
          options_(std::move(options)),
          reader_(FrameSender::owner, options_.longest_body, &memory_) {}

    /// Returns the exit status of the process once the owner has stopped it, or if the two ends
    /// cannot work together. If the owner ends, breaks the protocol or cancels the running call,
    /// ends the process at once. Prints errors on stderr.
    [[nodiscard]] int run();

private:
    /// Ends the process if the call has closed the socket, or has opened something else under its
    /// number.
    void require_socket() noexcept;
    [[nodiscard]] bool greet();
    [[nodiscard]] std::string wait_for_hello();
    [[nodiscard]] bool receive_some();
    void receive_all() noexcept;
    void take_frame(Frame frame);
    void withdraw(std::uint64_t call, bool even_if_running);
    [[nodiscard]] std::optional<Frame> next_work();
    void make_call(const Frame& frame);
    /// The body is in pieces.
    void send(FrameKind kind, std::uint64_t call,
              std::array<std::span<const char>, 3> body = {}) noexcept;
    /// Ends the process in the middle of a call. Reads what the owner has sent first: a connection
    /// that ends with unread bytes is reset, and the reset may overtake answers.
    [[noreturn]] void end_while_running() noexcept;
    [[noreturn]] void end_process(std::string_view why) noexcept;

    FileDescriptor socket_;
    CallHandler& handler_;
    const CallServerOptions options_;
    FrameMemory memory_;
    FrameReader reader_; // of the receiving thread, after the hello
    ino_t inode_ = 0;    // of the socket
    std::mutex sending_;

    std::mutex mutex_; // guards what follows
    std::condition_variable changed_;
    std::deque<Frame> waiting_; // calls and modules
    std::uint64_t running_ = 0; // the call's number
    bool is_stopping_ = false;
};

} // namespace hocket::engine
