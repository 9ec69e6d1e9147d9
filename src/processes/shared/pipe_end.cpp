#include <hocket/detail/processes/shared/pipe_end.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <tuple>

#include <poll.h>
#include <sys/socket.h>

#include <hocket/errors.hpp>

#include "engine/descriptor_passing.hpp"
#include "engine/last_error.hpp"
#include "engine/memory_mapping.hpp"
#include "processes/shared/broadcast.hpp"
#include "processes/shared/busy_poll.hpp"

namespace hocket::detail {

namespace {

// A message is the packed value, followed by one of these bytes.
constexpr char in_message = 0; // the value is in the message
constexpr char in_segment =
    1; // the message contains the size; the value is in a memory file, the last descriptor

// Well below the smallest common socket buffer, and a size that the kernel can allocate in one
// piece.
constexpr std::size_t largest_inside = std::size_t{16} * 1024;

void end_with(Message& message, char kind) { message.bytes.write(&kind, 1); }

/// Called before the message is sent, so that a sender that is killed sends either a whole value or
/// nothing.
void frame(Message& message) {
    const std::size_t size = message.bytes.size();
    if (size <= largest_inside) {
        end_with(message, in_message);
        return;
    }
    auto file = make_memory_file("message", size, Growth::forbidden);
    write_memory_file(file.fileno(), {message.bytes.data(), size}, 0);
    message.descriptors.push_back(std::move(file));
    message.bytes.clear();
    message.bytes.write(reinterpret_cast<const char*>(&size), sizeof size);
    end_with(message, in_segment);
}

void unframe(ReceivedMessage& message) {
    if (message.space[--message.size] == in_message) {
        return;
    }
    std::size_t size = 0;
    std::memcpy(&size, message.space.get(), sizeof size);
    const auto file = std::move(message.descriptors.back());
    message.descriptors.pop_back();
    message.space = std::make_unique_for_overwrite<char[]>(size);
    message.size = size;
    read_memory_file(file.fileno(), {message.space.get(), size}, 0);
}

[[noreturn]] void throw_error(std::error_code error, const char* call, const Descriptors& sent) {
    if (sent.size() > engine::most_descriptors) {
        throw ValueError(std::to_string(sent.size()) +
                         " descriptors (of shared memory, locks, pipes) in one value: at most " +
                         std::to_string(engine::most_descriptors) + " can be sent with it");
    }
    throw std::system_error(error, call);
}

bool would_block(std::error_code error) noexcept {
    return error == std::errc::resource_unavailable_try_again;
}

} // namespace

void PipeEndBase::connect(PipeEndBase& a, PipeEndBase& b, bool duplex) {
    std::array<int, 2> sockets{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets.data()) !=
        0) {
        engine::throw_errno("create a Pipe");
    }
    engine::FileDescriptor first(sockets[0]);
    engine::FileDescriptor second(sockets[1]);
    a.socket_ = std::make_shared<engine::FileDescriptor>(std::move(first));
    b.socket_ = std::make_shared<engine::FileDescriptor>(std::move(second));
    a.writable_ = b.readable_ = duplex;
}

void PipeEndBase::close() noexcept {
    if (socket_) {
        socket_->close();
    }
}

bool PipeEndBase::closed() const noexcept { return !socket_ || !socket_->is_open(); }

int PipeEndBase::fileno() const {
    if (closed()) {
        throw InvalidStateError("this PipeEnd is closed");
    }
    return socket_->fileno();
}

void PipeEndBase::require_readable() const {
    if (!readable_) {
        throw RuntimeError("this PipeEnd only sends: it is the second of Pipe(duplex = false)");
    }
}

void PipeEndBase::require_writable() const {
    if (!writable_) {
        throw RuntimeError("this PipeEnd only receives: it is the first of Pipe(duplex = false)");
    }
}

bool PipeEndBase::poll_until(const Deadline& deadline) const {
    require_readable();
    return wait_until_ready(fileno(), POLLIN, deadline);
}

bool PipeEndBase::try_send(const Message& message) const {
    const auto error = engine::send_message(fileno(), {message.bytes.data(), message.bytes.size()},
                                            message.descriptors);
    if (error && !would_block(error)) {
        throw_error(error, "send on a PipeEnd", message.descriptors);
    }
    return !error;
}

bool PipeEndBase::try_receive(ReceivedMessage& message) const {
    constexpr std::size_t largest = largest_inside + 1;
    if (!message.space) {
        message.space = std::make_unique_for_overwrite<char[]>(largest);
    }
    const auto received =
        engine::receive_message(fileno(), {message.space.get(), largest}, message.descriptors);
    if (would_block(received.error)) {
        return false;
    }
    if (received.error) {
        throw_error(received.error, "receive on a PipeEnd", {});
    }
    if (received.size == 0) {
        throw EOFError("the other end of the pipe is closed, and everything was received");
    }
    message.size = received.size;
    unframe(message);
    return true;
}

void PipeEndBase::send_message(Message message) const {
    require_writable();
    frame(message);
    while (!try_send(message)) {
        static_cast<void>(wait_until_ready(fileno(), POLLOUT, {}));
    }
}

ReceivedMessage PipeEndBase::receive() const {
    require_readable();
    ReceivedMessage message;
    const auto attempt = [&] { return try_receive(message); };
    if (!busy_poll(attempt)) {
        while (!attempt()) {
            static_cast<void>(wait_until_ready(fileno(), POLLIN, {}));
        }
    }
    return message;
}

Coro<> PipeEndBase::send_in_task(PipeEndBase end, Message message) {
    end.require_writable();
    frame(message);
    while (!end.try_send(message)) {
        co_await await_writable(end.fileno());
    }
}

Coro<ReceivedMessage> PipeEndBase::receive_in_task(PipeEndBase end) {
    end.require_readable();
    ReceivedMessage message;
    while (!end.try_receive(message)) {
        co_await await_readable(end.fileno());
    }
    co_return message;
}

void PipeEndBase::msgpack_unpack(const msgpack::object& object) {
    const auto [number, readable, writable] = object.as<std::tuple<std::uint32_t, bool, bool>>();
    socket_ = std::make_shared<engine::FileDescriptor>(take_descriptor(number));
    readable_ = readable;
    writable_ = writable;
}

} // namespace hocket::detail
