#include "net/pipe_streams.hpp"

#include <string>
#include <system_error>
#include <utility>

#include <unistd.h>

#include <hocket/event_loop.hpp>
#include <hocket/pipe_streams.hpp>

#include "loop/event_loop_state.hpp"
#include "net/socket_transport.hpp"
#include "net/stream_state.hpp"

namespace hocket {

namespace detail {

namespace {

constexpr std::size_t limit_of_writers = 1; // for the read buffer, which a writer does not use

} // namespace

engine::PipeChannel open_channel(FileDescriptor pipe, PipeDirection direction) {
    using Direction = engine::PipeChannel::Direction;
    const int fd = pipe.fileno();
    const bool reads = direction == PipeDirection::read;
    std::error_code error;
    auto channel = engine::PipeChannel::open(std::move(pipe),
                                             reads ? Direction::read : Direction::write, error);
    if (error == std::errc::invalid_argument) {
        throw ValueError("descriptor " + std::to_string(fd) +
                         " is not a pipe, FIFO, terminal, socket, file or device");
    }
    if (error) {
        throw std::system_error(error, "use descriptor " + std::to_string(fd) + " as a pipe to " +
                                           (reads ? "read from" : "write to"));
    }
    return channel;
}

std::shared_ptr<Transport> attach_protocol_to_pipe(EventLoop& loop, FileDescriptor pipe,
                                                   PipeDirection direction, AnyProtocol protocol) {
    require_usable(loop);
    return SocketTransport::open_pipe(loop, open_channel(std::move(pipe), direction),
                                      std::move(protocol));
}

} // namespace detail

StreamReader open_pipe_reader(FileDescriptor pipe, std::size_t limit) {
    return detail::StreamState::open_pipe(
               get_running_loop(),
               detail::open_channel(std::move(pipe), detail::PipeDirection::read), limit)
        ->pipe_reader();
}

StreamWriter open_pipe_writer(FileDescriptor pipe) {
    return StreamWriter(detail::StreamState::open_pipe(
        get_running_loop(), detail::open_channel(std::move(pipe), detail::PipeDirection::write),
        detail::limit_of_writers));
}

StreamReader open_stdin(std::size_t limit) {
    return open_pipe_reader(FileDescriptor::duplicate(STDIN_FILENO), limit);
}

StreamWriter open_stdout() { return open_pipe_writer(FileDescriptor::duplicate(STDOUT_FILENO)); }

StreamWriter open_stderr() { return open_pipe_writer(FileDescriptor::duplicate(STDERR_FILENO)); }

} // namespace hocket
