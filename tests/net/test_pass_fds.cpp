#include <array>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/pass_fds.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>

#include "support/open_descriptors.hpp"

namespace hocket {
namespace {

using namespace std::chrono_literals;

std::string read_from(int fd) {
    std::array<char, 100> space{};
    const ssize_t got = ::read(fd, space.data(), space.size());
    return {space.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

/// A descriptor from which `text` can be read.
FileDescriptor pipe_with(const std::string& text) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(ends[1]);
    return FileDescriptor(ends[0]);
}

TEST(PassFds, DescriptorsArriveInOrderWithTheData) {
    auto [ours, theirs] = socketpair();
    {
        const FileDescriptor one = pipe_with("one");
        const FileDescriptor two = pipe_with("two");
        const std::array<int, 2> fds{one.fileno(), two.fileno()};
        EXPECT_EQ(send_fds(ours, "hello", fds), 5U);
    }
    const ReceivedFds received = recv_fds(theirs, 100, 10);
    EXPECT_EQ(received.data, "hello");
    EXPECT_EQ(received.flags, 0);
    ASSERT_EQ(received.fds.size(), 2U);
    EXPECT_EQ(read_from(received.fds[0].fileno()), "one");
    EXPECT_EQ(read_from(received.fds[1].fileno()), "two");
    EXPECT_EQ(::fcntl(received.fds[0].fileno(), F_GETFD), FD_CLOEXEC);
}

TEST(PassFds, AnotherProcessCanUseThem) {
    auto [ours, theirs] = socketpair();
    const pid_t child = ::fork();
    if (child == 0) {
        const FileDescriptor made = pipe_with("made by the child");
        const std::array<int, 1> fds{made.fileno()};
        ::_exit(send_fds(theirs, "x", fds) == 1 ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    const ReceivedFds received = recv_fds(ours, 1, 1);
    ASSERT_EQ(received.fds.size(), 1U);
    EXPECT_EQ(read_from(received.fds[0].fileno()), "made by the child");
}

TEST(PassFds, TheEndOfTheStreamIsEmpty) {
    auto [ours, theirs] = socketpair();
    theirs.close();
    const ReceivedFds received = recv_fds(ours, 100, 1);
    EXPECT_EQ(received.data, "");
    EXPECT_TRUE(received.fds.empty());
}

// python3.13: recv_fds(sock, 100, 1) of two descriptors returns one and MSG_CTRUNC, even if the
// padding of the control message has room for both.
TEST(PassFds, MoreThanAskedForAreDroppedAndNoneIsLeaked) {
    for (const std::size_t most : {0U, 1U, 2U}) {
        auto [ours, theirs] = socketpair();
        const FileDescriptor one = pipe_with("one");
        const std::array<int, 3> fds{one.fileno(), one.fileno(), one.fileno()};
        send_fds(ours, "hello", fds);
        const std::size_t before = open_descriptors();
        {
            const ReceivedFds received = recv_fds(theirs, 100, most);
            EXPECT_EQ(received.data, "hello");
            EXPECT_EQ(received.fds.size(), most);
            EXPECT_EQ(received.flags & MSG_CTRUNC, MSG_CTRUNC);
            EXPECT_EQ(open_descriptors(), before + most);
        }
        EXPECT_EQ(open_descriptors(), before);
    }
}

TEST(PassFds, AProcessOutOfDescriptorsGetsTheDataAndAnError) {
    auto [ours, theirs] = socketpair();
    const FileDescriptor one = pipe_with("one");
    const std::array<int, 1> fds{one.fileno()};
    send_fds(ours, "hello", fds);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{0, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    const ReceivedFds received = recv_fds(theirs, 100, 1);
    EXPECT_THROW(static_cast<void>(socketpair()), std::system_error);
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(received.data, "hello");
    EXPECT_TRUE(received.fds.empty());
    EXPECT_EQ(received.flags & MSG_CTRUNC, MSG_CTRUNC);
}

TEST(PassFds, WhatCannotBeSentIsRefused) {
    auto [ours, theirs] = socketpair();
    const std::vector<int> many(254, 0);
    EXPECT_THROW(send_fds(ours, "", {}), ValueError);
    EXPECT_THROW(send_fds(ours, "x", many), ValueError);
    const std::array<int, 1> closed{-1};
    EXPECT_THROW(send_fds(ours, "x", closed), std::system_error);
    theirs.close();
    EXPECT_THROW(send_fds(ours, "x", {}), std::system_error); // no SIGPIPE either
}

TEST(PassFds, AwaitedReceiveWaitsForTheMessage) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        auto [ours, theirs] = socketpair();
        Task<ReceivedFds> receiving = create_task(loop.sock_recv_fds(theirs, 100, 4));
        co_await sleep(0s);
        EXPECT_FALSE(receiving.done());
        const FileDescriptor one = pipe_with("one");
        std::vector<int> fds{one.fileno()};
        const std::size_t sent = co_await loop.sock_send_fds(ours, "hello", fds);
        EXPECT_EQ(sent, 5U);
        const ReceivedFds received = co_await receiving;
        EXPECT_EQ(received.data, "hello");
        EXPECT_EQ(received.fds.size(), 1U);
        EXPECT_EQ(read_from(received.fds.at(0).fileno()), "one");
    });
}

TEST(PassFds, AwaitedSendWaitsForRoom) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        auto [ours, theirs] = socketpair();
        const std::string block(4096, 'x');
        std::size_t filled = 0;
        try {
            for (;;) {
                filled += send_fds(ours, block, {});
            }
        } catch (const std::system_error& error) {
            EXPECT_EQ(error.code(), std::errc::resource_unavailable_try_again);
        }
        const FileDescriptor one = pipe_with("one");
        std::vector<int> fds{one.fileno()};
        Task<std::size_t> sending = create_task(loop.sock_send_fds(ours, "y", fds));
        co_await sleep(0s);
        EXPECT_FALSE(sending.done());
        std::size_t received = 0;
        std::vector<FileDescriptor> got;
        while (received <= filled) {
            ReceivedFds part = co_await loop.sock_recv_fds(theirs, 65536, 4);
            received += part.data.size();
            for (FileDescriptor& fd : part.fds) {
                got.push_back(std::move(fd));
            }
        }
        EXPECT_EQ(co_await sending, 1U);
        EXPECT_EQ(got.size(), 1U);
    });
}

TEST(PassFds, ACancelledReceiveLosesNothingInEitherOrder) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        for (const bool send_first : {true, false}) {
            auto [ours, theirs] = socketpair();
            const FileDescriptor one = pipe_with("one");
            const std::array<int, 1> fds{one.fileno()};
            Task<ReceivedFds> receiving = create_task(loop.sock_recv_fds(theirs, 100, 4));
            co_await sleep(0s);
            if (send_first) {
                send_fds(ours, "x", fds);
                receiving.cancel();
            } else {
                receiving.cancel();
                send_fds(ours, "x", fds);
            }
            EXPECT_THROW(co_await receiving, CancelledError);
            const ReceivedFds received = recv_fds(theirs, 100, 4);
            EXPECT_EQ(received.fds.size(), 1U);
        }
    });
}

TEST(SocketPair, IsConnectedNonBlockingAndCloseOnExec) {
    auto [one, two] = socketpair(AF_UNIX, SOCK_SEQPACKET);
    EXPECT_EQ(::fcntl(one.fileno(), F_GETFD), FD_CLOEXEC);
    EXPECT_NE(::fcntl(two.fileno(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(::send(one.fileno(), "hello", 5, 0), 5);
    EXPECT_EQ(recv_fds(two, 100, 0).data, "hello");
    EXPECT_THROW(static_cast<void>(socketpair(AF_INET)), std::system_error);
}

} // namespace
} // namespace hocket
