// The engine's file operations. ctest runs this file twice: with io_uring, and with
// HOCKET_FILES=threads.
#include "engine/file_operations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "crawl/temporary_folder.hpp"
#include "support/drive_reactor.hpp"
#include "support/open_descriptors.hpp"

namespace hocket::engine {
namespace {

using testing::run_turns;
using testing::run_until;

/// An operation that records how it ended, and how often.
class Recorded final : public FileOperation {
public:
    [[nodiscard]] std::optional<std::int64_t> result() const { return result_; }
    [[nodiscard]] int completions() const { return completions_; }
    /// Called when it completes.
    std::function<void()> and_then;

private:
    void on_complete(std::int64_t result) noexcept override {
        result_ = result;
        ++completions_;
        if (and_then) {
            and_then();
        }
    }

    std::optional<std::int64_t> result_;
    int completions_ = 0;
};

class FileOperationsTest : public ::testing::Test {
protected:
    FileOperationsTest() {
        folder_.write("a", "0123456789");
        fd_ = FileDescriptor(::open(path("a").c_str(), O_RDWR | O_CLOEXEC));
    }
    ~FileOperationsTest() override { operations_->close(); }

    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }
    [[nodiscard]] std::string make_fifo() const {
        EXPECT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
        return path("fifo");
    }
    bool run_until_done(const Recorded& operation) {
        return run_until(reactor_, [&] { return operation.result().has_value(); });
    }
    [[nodiscard]] FileRequest read(char* memory, std::size_t size, std::int64_t offset) const {
        return FileRequest::read(fd_.fileno(), memory, size, offset);
    }

    crawl_tests::TemporaryFolder folder_;
    FileDescriptor fd_;
    Reactor reactor_;
    std::unique_ptr<FileOperations> operations_ = FileOperations::create(reactor_);
};

TEST_F(FileOperationsTest, ReadsAndWritesAtOffsetsAndAtThePosition) {
    char bytes[10] = {};
    Recorded read_some;
    operations_->start(read_some, read(bytes, 4, 3));
    EXPECT_TRUE(read_some.is_pending());
    EXPECT_FALSE(read_some.result()); // not from within start
    ASSERT_TRUE(run_until_done(read_some));
    EXPECT_EQ(read_some.result(), 4);
    EXPECT_EQ(std::string(bytes, 4), "3456");
    EXPECT_FALSE(read_some.is_pending());

    Recorded write;
    operations_->start(write, FileRequest::write(fd_.fileno(), "xy", 2, -1));
    ASSERT_TRUE(run_until_done(write));
    EXPECT_EQ(write.result(), 2);
    EXPECT_EQ(::lseek(fd_.fileno(), 0, SEEK_CUR), 2);

    Recorded short_read;
    operations_->start(short_read, read(bytes, 10, 8));
    ASSERT_TRUE(run_until_done(short_read));
    EXPECT_EQ(short_read.result(), 2);

    Recorded at_end;
    operations_->start(at_end, read(bytes, 10, 100));
    ASSERT_TRUE(run_until_done(at_end));
    EXPECT_EQ(at_end.result(), 0);
}

TEST_F(FileOperationsTest, DoesEveryCall) {
    const auto result_of = [&](const FileRequest& request) {
        Recorded operation;
        operations_->start(operation, request);
        EXPECT_TRUE(run_until_done(operation));
        return operation.result().value_or(-1);
    };
    const std::string folder = path("folder");
    const std::string old_name = path("folder/a");
    const std::string new_name = path("folder/b");
    EXPECT_EQ(result_of(FileRequest::make_directory(folder.c_str(), 0700)), 0);
    EXPECT_EQ(result_of(FileRequest::make_directory(folder.c_str(), 0700)), -EEXIST);
    const auto fd =
        static_cast<int>(result_of(FileRequest::open(old_name.c_str(), O_CREAT | O_WRONLY, 0640)));
    ASSERT_GE(fd, 0);
    EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(result_of(FileRequest::write(fd, "abc", 3, 0)), 3);
    EXPECT_EQ(result_of(FileRequest::sync(fd, false)), 0);
    EXPECT_EQ(result_of(FileRequest::sync(fd, true)), 0);
    struct statx status {};
    EXPECT_EQ(result_of(FileRequest::stat(fd, status)), 0);
    EXPECT_EQ(status.stx_size, 3u);
    EXPECT_EQ(result_of(FileRequest::close(fd)), 0);
    EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
    EXPECT_EQ(result_of(FileRequest::close(fd)), -EBADF);
    EXPECT_EQ(result_of(FileRequest::rename(old_name.c_str(), new_name.c_str())), 0);
    EXPECT_EQ(result_of(FileRequest::stat(old_name.c_str(), 0, status)), -ENOENT);
    EXPECT_EQ(result_of(FileRequest::stat(new_name.c_str(), AT_SYMLINK_NOFOLLOW, status)), 0);
    EXPECT_EQ(result_of(FileRequest::unlink(new_name.c_str(), 0)), 0);
    EXPECT_EQ(result_of(FileRequest::unlink(folder.c_str(), AT_REMOVEDIR)), 0);
    std::thread::id thread;
    EXPECT_EQ(result_of(FileRequest::call(
                  [](void* context) noexcept -> std::int64_t {
                      *static_cast<std::thread::id*>(context) = std::this_thread::get_id();
                      return -EDOM;
                  },
                  &thread)),
              -EDOM);
    EXPECT_NE(thread, std::this_thread::get_id());
}

TEST_F(FileOperationsTest, TenThousandAtOnceAllComplete) {
    constexpr std::size_t count = 10'000;
    std::vector<char> bytes(count);
    std::vector<std::unique_ptr<Recorded>> all;
    for (std::size_t i = 0; i < count; ++i) {
        all.push_back(std::make_unique<Recorded>());
        operations_->start(*all.back(), read(&bytes[i], 1, static_cast<std::int64_t>(i % 10)));
    }
    ASSERT_TRUE(run_until(reactor_, [&] {
        return std::all_of(all.begin(), all.end(),
                           [](auto& one) { return one->result().has_value(); });
    }));
    for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(all[i]->result(), 1);
        ASSERT_EQ(all[i]->completions(), 1);
        ASSERT_EQ(bytes[i], static_cast<char>('0' + i % 10));
    }
}

TEST_F(FileOperationsTest, OneThatIsCancelledCompletesOnceInALaterTurn) {
    // Cancels at every point from start to completion: the read is either done or cancelled.
    bool was_done = false;
    for (int turns = 0; !was_done && turns < 1'000'000; turns += 1 + turns / 8) {
        char byte = '-';
        Recorded operation;
        operations_->start(operation, read(&byte, 1, 5));
        for (int i = 0; i < turns; ++i) {
            reactor_.poll(false);
            reactor_.run_ready();
        }
        was_done = operation.result().has_value();
        operation.request_cancel();
        operation.request_cancel(); // a second request
        ASSERT_TRUE(run_until_done(operation));
        run_turns(reactor_);
        EXPECT_EQ(operation.completions(), 1);
        EXPECT_TRUE(operation.result() == 1 || operation.result() == -ECANCELED)
            << *operation.result();
        EXPECT_EQ(byte, operation.result() == 1 ? '5' : '-');
    }
    EXPECT_TRUE(was_done);
}

TEST_F(FileOperationsTest, OneThatIsDestroyedNeverCompletes) {
    const std::size_t before = open_descriptors();
    for (int turns = 0; turns < 20; ++turns) {
        char byte = '-';
        auto reading = std::make_unique<Recorded>();
        auto opening = std::make_unique<Recorded>();
        const std::string name = path("a");
        operations_->start(*reading, read(&byte, 1, 5));
        operations_->start(*opening, FileRequest::open(name.c_str(), O_RDONLY, 0));
        for (int i = 0; i < turns && reading->is_pending() && opening->is_pending(); ++i) {
            reactor_.poll(false);
            reactor_.run_ready();
        }
        if (opening->result()) {
            ::close(static_cast<int>(*opening->result()));
        }
        reading.reset();
        opening.reset();
        const char then = byte;
        run_turns(reactor_);
        EXPECT_EQ(byte, then);
        EXPECT_LE(open_descriptors(),
                  before + 1); // descriptors of io_uring's workers are closed a little later
    }
}

TEST_F(FileOperationsTest, CompletingOneMayDestroyAnotherThatIsDoneToo) {
    char bytes[3];
    auto first = std::make_unique<Recorded>();
    auto second = std::make_unique<Recorded>();
    Recorded third;
    first->and_then = [&] { second.reset(); };
    second->and_then = [&] { first.reset(); };
    operations_->start(*first, read(&bytes[0], 1, 0));
    operations_->start(*second, read(&bytes[1], 1, 1));
    operations_->start(third, read(&bytes[2], 1, 2));
    ASSERT_TRUE(run_until_done(third));
    ASSERT_TRUE(run_until(reactor_, [&] { return !first || !second; }));
    EXPECT_NE(first == nullptr, second == nullptr);
}

TEST_F(FileOperationsTest, OneMayBeStartedAgainAsItCompletes) {
    char byte = 0;
    Recorded operation;
    operation.and_then = [&] {
        if (operation.completions() < 100) {
            operations_->start(operation, read(&byte, 1, operation.completions() % 10));
        }
    };
    operations_->start(operation, read(&byte, 1, 0));
    ASSERT_TRUE(run_until(reactor_, [&] { return operation.completions() == 100; }));
    EXPECT_EQ(byte, '9');
}

TEST_F(FileOperationsTest, OpeningAFifoWaitsForItsOtherEnd) {
    const std::string fifo = make_fifo();
    Recorded reading;
    Recorded writing;
    operations_->start(reading, FileRequest::open(fifo.c_str(), O_RDONLY, 0));
    run_turns(reactor_, 20);
    EXPECT_TRUE(reading.is_pending());
    operations_->start(writing, FileRequest::open(fifo.c_str(), O_WRONLY, 0));
    ASSERT_TRUE(run_until_done(reading));
    ASSERT_TRUE(run_until_done(writing));
    const FileDescriptor in(static_cast<int>(*reading.result()));
    const FileDescriptor out(static_cast<int>(*writing.result()));
    EXPECT_TRUE(in.is_open());
    EXPECT_TRUE(out.is_open());
    EXPECT_EQ(::fcntl(in.fileno(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(FileOperationsTest, OpeningAFifoCanBeCancelledOrDestroyed) {
    const std::string fifo = make_fifo();
    const std::size_t before = open_descriptors();
    for (const int flags : {O_RDONLY, O_WRONLY}) {
        Recorded cancelled;
        operations_->start(cancelled, FileRequest::open(fifo.c_str(), flags, 0));
        run_turns(reactor_, 20);
        cancelled.request_cancel();
        ASSERT_TRUE(run_until_done(cancelled));
        EXPECT_EQ(cancelled.result(), -ECANCELED);
        Recorded destroyed;
        operations_->start(destroyed, FileRequest::open(fifo.c_str(), flags, 0));
        run_turns(reactor_, 20);
    }
    EXPECT_TRUE(no_more_descriptors_than(before));
}

TEST_F(FileOperationsTest, ClosingWithOperationsOnTheirWayWithdrawsThem) {
    const std::string fifo = make_fifo();
    char bytes[100];
    std::vector<std::unique_ptr<Recorded>> all;
    for (char& byte : bytes) {
        all.push_back(std::make_unique<Recorded>());
        operations_->start(*all.back(), read(&byte, 1, 0));
    }
    all.push_back(std::make_unique<Recorded>());
    operations_->start(*all.back(), FileRequest::open(fifo.c_str(), O_RDONLY, 0));
    reactor_.poll(false);
    reactor_.run_ready();
    operations_->close();
    std::memset(bytes, '-', sizeof bytes);
    for (const auto& one : all) {
        EXPECT_FALSE(one->is_pending());
        EXPECT_LE(one->completions(), 1);
    }
    reactor_.discard_ready();
    EXPECT_EQ(std::string(bytes, sizeof bytes), std::string(sizeof bytes, '-'));
}

TEST_F(FileOperationsTest, WhatIsCachedIsReadAtOnceUpToATurnsWorth) {
    ::unlink(path("a").c_str());
    const std::string bytes(300'000, 'x');
    ASSERT_EQ(::pwrite(fd_.fileno(), bytes.data(), bytes.size(), 0), 300'000);
    std::vector<char> memory(bytes.size());
    CachedReads& cached = operations_->cached_reads();
    const std::int64_t first = cached.read(fd_.fileno(), memory.data(), memory.size(), 0);
    if (first == -EOPNOTSUPP) {
        GTEST_SKIP() << "this file system cannot tell what is cached";
    }
    EXPECT_EQ(first, 256 * 1024);
    EXPECT_TRUE(cached.is_exhausted());
    EXPECT_EQ(cached.read(fd_.fileno(), memory.data(), 1, 0), -EAGAIN);
    reactor_.poll(false);
    reactor_.run_ready();
    EXPECT_FALSE(cached.is_exhausted());
    EXPECT_EQ(cached.read(fd_.fileno(), memory.data(), memory.size(), 256 * 1024),
              300'000 - 262'144);
    EXPECT_EQ(cached.read(fd_.fileno(), memory.data(), 1, 300'000), 0);
}

} // namespace
} // namespace hocket::engine
