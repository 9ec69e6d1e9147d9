#include <array>
#include <cstring>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <hocket/shared_memory.hpp>

#include "engine/memory_mapping.hpp"
#include "support/other_process.hpp"

using namespace hocket;
using namespace other_process;

namespace {

TEST(SharedMemory, IsZeroAndBelongsToAllCopies) {
    const SharedMemory memory(100);
    ASSERT_EQ(memory.size(), 100U);
    EXPECT_EQ(memory.span().size(), 100U);
    for (const std::byte byte : memory.span()) {
        EXPECT_EQ(byte, std::byte{0});
    }
    const SharedMemory copy = memory;
    copy.span()[99] = std::byte{7};
    EXPECT_EQ(memory.span()[99], std::byte{7});
}

TEST(SharedMemory, IsTheSameInAnotherProcess) {
    OtherProcess other([](Channel& channel) {
        const auto memory = channel.receive<SharedMemory>();
        std::memcpy(memory.data(), "written there", 14);
        channel.send(memory.size());
        channel.receive<bool>();
    });
    const SharedMemory memory(1 << 20);
    other.send(memory);
    EXPECT_EQ(other.receive<std::size_t>(), memory.size());
    EXPECT_STREQ(reinterpret_cast<const char*>(memory.data()), "written there");
    other.send(true);
    EXPECT_EQ(other.join(), 0);
}

TEST(SharedMemory, SurvivesTheProcessThatMadeIt) {
    OtherProcess other([](Channel& channel) {
        const SharedMemory memory(64);
        memory.span()[5] = std::byte{55};
        channel.send(memory);
        channel.receive<bool>();
    });
    const auto memory = other.receive<SharedMemory>();
    other.kill();
    EXPECT_EQ(memory.span()[5], std::byte{55});
}

TEST(SharedMemory, OfNoBytesIsNothing) {
    const std::size_t before = open_descriptors();
    const SharedMemory memory(0);
    EXPECT_EQ(memory.size(), 0U);
    EXPECT_EQ(memory.data(), nullptr);
    EXPECT_TRUE(memory.span().empty());
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_EQ(cross(memory).size(), 0U);
}

TEST(SharedMemory, TooLargeSaysHowLarge) {
    for (const std::size_t size :
         {std::numeric_limits<std::size_t>::max(), std::size_t{1} << 62U}) {
        try {
            const SharedMemory memory(size);
            ADD_FAILURE() << size;
        } catch (const std::system_error& error) {
            EXPECT_NE(std::string(error.what()).find(std::to_string(size)), std::string::npos)
                << error.what();
        }
    }
}

TEST(SharedMemory, WithoutDescriptorsLeftSaysSo) {
    try {
        const NoMoreDescriptors none;
        const SharedMemory memory(10);
        FAIL();
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::too_many_files_open);
        EXPECT_NE(std::string(error.what()).find("shared memory of 10 bytes"), std::string::npos);
    }
}

TEST(SharedMemory, CannotBeMadeSmallerUnderAnybody) {
    auto message = detail::pack_message(SharedMemory(4096));
    const int fd = message.descriptors.at(0).fileno();
    EXPECT_NE(::ftruncate(fd, 0), 0);
    EXPECT_NE(::ftruncate(fd, 8192), 0);
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
}

TEST(SharedMemory, FromAFileThatCanBeMadeSmallerIsRefused) {
    auto message = detail::pack_message(SharedMemory(4096));
    message.descriptors.at(0) =
        engine::FileDescriptor(::memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_THROW(detail::unpack_message<SharedMemory>({message.bytes.data(), message.bytes.size()},
                                                      message.descriptors),
                 std::system_error);
}

TEST(SharedMemory, LeavesNoDescriptorBehind) {
    const std::size_t before = open_descriptors();
    {
        const SharedMemory memory(10);
        const SharedMemory copy = memory;
        const SharedMemory crossed = cross(memory);
        const auto never_received = detail::pack_message(memory);
        EXPECT_GT(open_descriptors(), before);
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(SharedMemory, CostsPagesOnlyWhereItIsTouched) {
    const SharedMemory memory(std::size_t{1} << 33U);
    memory.span().back() = std::byte{1};
    auto message = detail::pack_message(memory);
    struct stat status {};
    ASSERT_EQ(::fstat(message.descriptors.at(0).fileno(), &status), 0);
    EXPECT_EQ(status.st_size, std::int64_t{1} << 33U);
    EXPECT_LE(status.st_blocks * 512, 1 << 21); // one page, possibly a huge one
}

TEST(SharedMemory, OnItsOwnCannotBePacked) {
    msgpack::sbuffer buffer;
    EXPECT_THROW(msgpack::pack(buffer, SharedMemory(10)), RuntimeError);
}

TEST(DescriptorPassing, RefusesWhatTheKernelWould) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    const engine::FileDescriptor one(ends[0]);
    const engine::FileDescriptor two(ends[1]);
    EXPECT_EQ(engine::send_message(one.fileno(), {}), std::errc::invalid_argument);
    detail::Descriptors many(engine::most_descriptors + 1);
    EXPECT_EQ(engine::send_message(one.fileno(), "x", many), std::errc::invalid_argument);
}

TEST(DescriptorPassing, PassesAsManyAsThereMayBe) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    const engine::FileDescriptor one(ends[0]);
    const engine::FileDescriptor two(ends[1]);
    detail::Descriptors many;
    for (std::size_t i = 0; i < engine::most_descriptors; ++i) {
        many.push_back(engine::FileDescriptor::duplicate(one.fileno()));
    }
    EXPECT_FALSE(engine::send_message(one.fileno(), "abc", many));
    detail::Descriptors received;
    std::array<char, 16> space{};
    const auto message = engine::receive_message(two.fileno(), space, received);
    EXPECT_FALSE(message.error);
    EXPECT_EQ(message.size, 4U);
    EXPECT_EQ(received.size(), engine::most_descriptors);
}

TEST(DescriptorPassing, RunningOutOfDescriptorsLosesTheMessageWithAnError) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    const engine::FileDescriptor one(ends[0]);
    const engine::FileDescriptor two(ends[1]);
    detail::Descriptors sent;
    sent.push_back(engine::FileDescriptor::duplicate(one.fileno()));
    ASSERT_FALSE(engine::send_message(one.fileno(), "abc", sent));
    detail::Descriptors received;
    std::array<char, 16> space{};
    const NoMoreDescriptors none;
    EXPECT_EQ(engine::receive_message(two.fileno(), space, received).error,
              std::errc::too_many_files_open);
    EXPECT_TRUE(received.empty());
}

TEST(DescriptorPassing, TellsTooLargeMessagesAndTheEnd) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    engine::FileDescriptor one(ends[0]);
    engine::FileDescriptor two(ends[1]);
    ASSERT_FALSE(engine::send_message(one.fileno(), "too large"));
    detail::Descriptors received;
    std::array<char, 4> space{};
    EXPECT_EQ(engine::receive_message(two.fileno(), space, received).error,
              std::errc::message_size);
    ASSERT_FALSE(engine::send_message(two.fileno(), "unread"));
    ASSERT_FALSE(engine::send_message(one.fileno(), "abc"));
    one.close(); // with an unread message: the other end gets ECONNRESET once
    EXPECT_EQ(engine::receive_message(two.fileno(), space, received).size, 4U);
    const auto end = engine::receive_message(two.fileno(), space, received);
    EXPECT_FALSE(end.error);
    EXPECT_EQ(end.size, 0U);
    EXPECT_EQ(engine::send_message(two.fileno(), "x"), std::errc::broken_pipe);
}

} // namespace
