#pragma once

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/detail/processes/calls/message.hpp>

#include "engine/descriptor_passing.hpp"

#include "support/open_descriptors.hpp"

/// A second process of a test, and the values sent to it.
namespace other_process {

/// One end of a connection to another process. It also sends pipes, locks and memory.
class Channel {
public:
    explicit Channel(hocket::engine::FileDescriptor socket) : socket_(std::move(socket)) {}

    template <class T> void send(const T& value) {
        const auto message = hocket::detail::pack_message(value);
        if (const auto error = hocket::engine::send_message(
                socket_.fileno(), {message.bytes.data(), message.bytes.size()},
                message.descriptors)) {
            throw std::system_error(error, "send to the other process");
        }
    }
    template <class T> T receive() {
        hocket::detail::Descriptors descriptors;
        std::array<char, 4096> space{};
        const auto received = hocket::engine::receive_message(socket_.fileno(), space, descriptors);
        if (received.error) {
            throw std::system_error(received.error, "receive from the other process");
        }
        if (received.size == 0) {
            throw std::runtime_error("the other process has ended");
        }
        return hocket::detail::unpack_message<T>({space.data(), received.size}, descriptors);
    }
    void close() { socket_.close(); }

private:
    hocket::engine::FileDescriptor socket_;
};

/// A forked process that calls `body(Channel&)` and exits with 0 when that returns. If it still
/// runs at the end of the test, it is killed and reaped.
class OtherProcess {
public:
    template <class Body> explicit OtherProcess(Body body) : channel_(start(body)) {}
    OtherProcess(OtherProcess&& other) noexcept
        : pid_(std::exchange(other.pid_, -1)), channel_(std::move(other.channel_)) {}
    OtherProcess& operator=(OtherProcess&& other) noexcept {
        std::swap(pid_, other.pid_);
        std::swap(channel_, other.channel_);
        return *this;
    }
    ~OtherProcess() { kill(); }

    [[nodiscard]] pid_t pid() const { return pid_; }
    template <class T> void send(const T& value) { channel_.send(value); }
    template <class T> T receive() { return channel_.receive<T>(); }

    /// Kills it with SIGKILL, and reaps it.
    void kill() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            join();
        }
    }
    /// Waits for its end. Returns its exit status, or minus the signal that ended it.
    int join() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

private:
    template <class Body> Channel start(Body& body) {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
            throw std::system_error(errno, std::system_category(), "socketpair");
        }
        hocket::engine::FileDescriptor ours(ends[0]);
        hocket::engine::FileDescriptor theirs(ends[1]);
        pid_ = ::fork();
        if (pid_ < 0) {
            throw std::system_error(errno, std::system_category(), "fork");
        }
        if (pid_ == 0) {
            ours.close();
            run(body, Channel(std::move(theirs)));
        }
        return Channel(std::move(ours));
    }
    template <class Body> [[noreturn]] static void run(Body& body, Channel channel) {
        int status = 0;
        try {
            body(channel);
        } catch (const std::exception& error) {
            std::fprintf(stderr, "the other process: %s\n", error.what());
            status = 99;
        }
        // Not exit(), because this process must not clean up what the test has made.
        ::_exit(status);
    }

    pid_t pid_ = -1;
    Channel channel_;
};

/// `value` as another process receives it.
template <class T> T cross(const T& value) {
    auto message = hocket::detail::pack_message(value);
    return hocket::detail::unpack_message<T>({message.bytes.data(), message.bytes.size()},
                                             message.descriptors);
}

/// As long as it exists, this process cannot open further descriptors.
class NoMoreDescriptors {
public:
    NoMoreDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit none = before_;
        none.rlim_cur = 0;
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    NoMoreDescriptors(const NoMoreDescriptors&) = delete;
    NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

private:
    rlimit before_{};
};

} // namespace other_process
