// open and File. ctest runs this file twice: with io_uring, and with HOCKET_FILES=threads.
#include <hocket/engine/sanitizers.hpp>
#include <hocket/hocket.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crawl/temporary_folder.hpp"
#include "loop/event_loop_state.hpp"
#include "support/end_of.hpp"
#include "support/open_descriptors.hpp"
#include "support/turns.hpp"

namespace hocket {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Removes a file from the page cache, so that reading it has to wait for the disk.
void drop_from_cache(const std::filesystem::path& path) {
    const engine::FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    ::fsync(fd.fileno());
    ::posix_fadvise(fd.fileno(), 0, 0, POSIX_FADV_DONTNEED);
}

/// Bytes that differ at different positions.
std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<char>((i * 2654435761U) >> 13);
    }
    return bytes;
}

template <class E> std::string thrown_by(Coro<> (*body)(std::string), std::string path) {
    try {
        run(body(std::move(path)));
    } catch (const E& error) {
        return error.what();
    }
    return "nothing was thrown";
}

class FileTest : public testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }
    void write(const std::string& name, std::string_view bytes) const {
        folder_.write(name, bytes);
    }
    [[nodiscard]] std::string make_fifo() const {
        const std::string fifo = path("fifo");
        EXPECT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
        return fifo;
    }

private:
    crawl_tests::TemporaryFolder folder_;
};

TEST_F(FileTest, ReadsWhatIsThere) {
    write("a", "one two");
    run([&]() -> Coro<> {
        const File file = co_await open(path("a"));
        EXPECT_EQ(file.name(), path("a"));
        EXPECT_TRUE(file.readable());
        EXPECT_FALSE(file.writable());
        const std::string first = co_await file.read(3);
        const std::string rest = co_await file.read();
        const std::string end = co_await file.read();
        EXPECT_EQ(first, "one");
        EXPECT_EQ(rest, " two");
        EXPECT_EQ(end, "");
        co_await file.close();
        EXPECT_TRUE(file.closed());
        co_await file.close(); // does nothing, as in Python
    });
}

TEST_F(FileTest, WritesCreatesAppendsAndUpdates) {
    run([&]() -> Coro<> {
        const File created = co_await open(path("a"), "x");
        const std::size_t count = co_await created.write("abcdef");
        EXPECT_EQ(count, 6u);
        co_await created.close();

        const File appended = co_await open(path("a"), "ab");
        co_await appended.write("ghi");
        const std::int64_t position = co_await appended.tell();
        EXPECT_EQ(position, 9);
        co_await appended.close();

        const File updated = co_await open(path("a"), "r+");
        co_await updated.seek(2);
        co_await updated.write("CD");
        const std::string rest = co_await updated.read();
        EXPECT_EQ(rest, "efghi");
        co_await updated.close();
        EXPECT_EQ(content(path("a")), "abCDefghi");

        const File emptied = co_await open(path("a"), "wt");
        co_await emptied.close();
    });
    EXPECT_EQ(content(path("a")), "");
}

TEST_F(FileTest, CreatesWithTheGivenPermissionsLessTheUmask) {
    const mode_t before = ::umask(027);
    run([&]() -> Coro<> {
        co_await open(path("usual"), "w");
        co_await open(path("private"), "w", {.permissions = 0600});
    });
    ::umask(before);
    struct ::stat status {};
    ::stat(path("usual").c_str(), &status);
    EXPECT_EQ(status.st_mode & 07777, 0640u);
    ::stat(path("private").c_str(), &status);
    EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST_F(FileTest, RefusesTheModesThatPythonRefuses) {
    const auto refusal = [&](const char* mode) -> std::string {
        try {
            open(path("a"), mode).close();
        } catch (const ValueError& error) {
            return error.what();
        }
        return "accepted";
    };
    EXPECT_EQ(refusal("q"), "invalid mode: 'q'");
    EXPECT_EQ(refusal("rr"), "invalid mode: 'rr'");
    EXPECT_EQ(refusal("r++"), "invalid mode: 'r++'");
    EXPECT_EQ(refusal("rU"), "invalid mode: 'rU'");
    EXPECT_EQ(refusal("rbt"), "can't have text and binary mode at once");
    for (const char* mode : {"", "b", "+", "rw", "r+w", "ax"}) {
        EXPECT_EQ(refusal(mode), "must have exactly one of create/read/write/append mode") << mode;
    }
    for (const char* mode : {"r", "rb", "rb+", "w+b", "at", "x"}) {
        EXPECT_EQ(refusal(mode), "accepted") << mode;
    }
    EXPECT_THROW(open(std::string("a\0b", 3)).close(), ValueError);
}

TEST_F(FileTest, ErrorsNameTheCallAndThePath) {
    const auto open_it = +[](std::string path) -> Coro<> { co_await open(path); };
    EXPECT_EQ(thrown_by<std::system_error>(open_it, path("absent")),
              "open " + path("absent") + ": No such file or directory");
    EXPECT_EQ(thrown_by<std::system_error>(open_it, path("")),
              "open " + path("") + ": Is a directory");
    write("a", "");
    const auto create = +[](std::string path) -> Coro<> { co_await open(path, "x"); };
    EXPECT_EQ(thrown_by<std::system_error>(create, path("a")),
              "open " + path("a") + ": File exists");
    const auto seek = +[](std::string path) -> Coro<> {
        const File file = co_await open(path);
        co_await file.seek(-1);
    };
    EXPECT_EQ(thrown_by<std::system_error>(seek, path("a")),
              "seek " + path("a") + ": Invalid argument");
}

TEST_F(FileTest, AWriteOnAFullDiskThrows) {
    const auto fill = +[](std::string path) -> Coro<> {
        const File file = co_await open(path, "w");
        co_await file.write("x");
    };
    EXPECT_EQ(thrown_by<std::system_error>(fill, "/dev/full"),
              "write /dev/full: No space left on device");
}

TEST_F(FileTest, MisuseIsAValueError) {
    write("a", "abc");
    const auto write_it = +[](std::string path) -> Coro<> {
        const File file = co_await open(path);
        co_await file.write("x");
    };
    EXPECT_THAT(thrown_by<ValueError>(write_it, path("a")), HasSubstr("not writable"));
    const auto read_it = +[](std::string path) -> Coro<> {
        const File file = co_await open(path, "a");
        co_await file.read();
    };
    EXPECT_THAT(thrown_by<ValueError>(read_it, path("a")), HasSubstr("not readable"));
    const auto closed = +[](std::string path) -> Coro<> {
        const File file = co_await open(path);
        co_await file.close();
        co_await file.read();
    };
    EXPECT_EQ(thrown_by<ValueError>(closed, path("a")), "I/O operation on closed file");
    const auto negative = +[](std::string path) -> Coro<> {
        const File file = co_await open(path);
        co_await file.read(-5);
    };
    EXPECT_EQ(thrown_by<ValueError>(negative, path("a")), "read length must be non-negative or -1");
    EXPECT_THROW(static_cast<void>(File().fileno()), ValueError);
    EXPECT_TRUE(File().closed());
}

TEST_F(FileTest, LinesKeepTheirEndsAndTheLastMayHaveNone) {
    write("a", "first\n\nthird\nlast");
    run([&]() -> Coro<> {
        const File file = co_await open(path("a"));
        const std::string first = co_await file.readline();
        EXPECT_EQ(first, "first\n");
        const std::int64_t position = co_await file.tell();
        EXPECT_EQ(position, 6);
        Log rest;
        auto lines = file.lines();
        while (auto line = co_await lines.next()) {
            rest.push_back(*line);
        }
        EXPECT_THAT(rest, ElementsAre("\n", "third\n", "last"));
        const std::string end = co_await file.readline();
        EXPECT_EQ(end, "");
    });
}

TEST_F(FileTest, LinesMayBeLongerThanWhatIsReadAhead) {
    const std::string longest = std::string(200'000, 'x') + "\n";
    write("a", longest + "short\n" + longest);
    run([&]() -> Coro<> {
        const File file = co_await open(path("a"));
        std::vector<std::size_t> sizes;
        auto lines = file.lines();
        while (auto line = co_await lines.next()) {
            sizes.push_back(line->size());
        }
        EXPECT_THAT(sizes, ElementsAre(200'001u, 6u, 200'001u));
    });
}

TEST_F(FileTest, WritingAfterReadingLinesContinuesWhereTheReadingStopped) {
    write("a", "one\ntwo\nthree\n");
    run([&]() -> Coro<> {
        const File file = co_await open(path("a"), "r+");
        const std::string line = co_await file.readline();
        co_await file.write("TWO");
        const std::string rest = co_await file.read();
        EXPECT_EQ(rest, "\nthree\n");
        co_await file.seek(-6, Whence::end);
        const std::int64_t size = co_await file.truncate();
        EXPECT_EQ(size, 8);
    });
    EXPECT_EQ(content(path("a")), "one\nTWO\n");
}

TEST_F(FileTest, TruncateMakesLongerToo) {
    run([&]() -> Coro<> {
        const File file = co_await open(path("a"), "w");
        co_await file.write("ab");
        const std::int64_t size = co_await file.truncate(4);
        EXPECT_EQ(size, 4);
        const std::int64_t position = co_await file.tell();
        EXPECT_EQ(position, 2);
        co_await file.fsync();
        co_await file.fdatasync();
        const files::StatResult status = co_await file.stat();
        EXPECT_EQ(status.size, 4);
        EXPECT_TRUE(status.is_file());
        EXPECT_LT(std::chrono::system_clock::now() - status.mtime, 1h);
    });
    EXPECT_EQ(content(path("a")), std::string("ab\0\0", 4));
}

TEST_F(FileTest, BigFilesComeWhole) {
    const std::string bytes = pattern(40'000'000);
    run([&]() -> Coro<> {
        const File out = co_await open(path("big"), "w");
        co_await out.write(bytes);
        co_await out.close();
        drop_from_cache(path("big"));
        const File in = co_await open(path("big"));
        const std::string part = co_await in.read(7);
        const std::string rest = co_await in.read();
        EXPECT_TRUE(part + rest == bytes);
    });
}

TEST_F(FileTest, SixtyFourReadsGoSideBySide) {
    constexpr std::size_t size = 4096;
    const std::string bytes = pattern(64 * size);
    write("a", bytes);
    drop_from_cache(path("a"));
    run([&]() -> Coro<> {
        const File file = co_await open(path("a"));
        std::vector<Task<std::string>> reads;
        for (std::size_t i = 0; i < 64; ++i) {
            // Spread over the whole file.
            reads.push_back(
                create_task(file.pread(size, static_cast<std::int64_t>(i * 37 % 64 * size))));
        }
        for (std::size_t i = 0; i < 64; ++i) {
            const std::string page = co_await reads[i];
            EXPECT_TRUE(page == bytes.substr(i * 37 % 64 * size, size)) << i;
        }
        std::string space(100, '-');
        const std::size_t count = co_await file.pread_into(
            std::as_writable_bytes(std::span(space)), static_cast<std::int64_t>(bytes.size()) - 10);
        EXPECT_EQ(count, 10u);
        EXPECT_EQ(space.substr(0, 11), bytes.substr(bytes.size() - 10) + "-");
        const std::int64_t position = co_await file.tell();
        EXPECT_EQ(position, 0);
    });
}

TEST_F(FileTest, PwriteLeavesThePositionAlone) {
    run([&]() -> Coro<> {
        const File file = co_await open(path("a"), "w+");
        co_await file.write("abc");
        co_await file.pwrite("XYZ", 5);
        co_await file.write("d");
        const std::string all = co_await file.pread(100, 0);
        EXPECT_EQ(all, std::string("abcd\0XYZ", 8));
    });
}

TEST_F(FileTest, LinesThatManyTasksWriteDoNotMix) {
    const std::string line = std::string(50'000, 'x') + "\n";
    run([&]() -> Coro<> {
        const File file = co_await open(path("a"), "w");
        std::vector<Task<std::size_t>> writes;
        for (int i = 0; i < 20; ++i) {
            writes.push_back(create_task(file.write(line)));
        }
        for (auto& written : writes) {
            co_await written;
        }
    });
    std::string expected;
    for (int i = 0; i < 20; ++i) {
        expected += line;
    }
    EXPECT_TRUE(content(path("a")) == expected);
}

TEST_F(FileTest, FilesOfProcHaveNoSizeAndContentAllTheSame) {
    run([&]() -> Coro<> {
        const File file = co_await open("/proc/self/status");
        const files::StatResult status = co_await file.stat();
        EXPECT_EQ(status.size, 0);
        const std::string all = co_await file.read();
        EXPECT_THAT(all, HasSubstr("VmPeak"));
        EXPECT_EQ(all.back(), '\n');
    });
}

TEST_F(FileTest, APipeIsReadAsItsWriterWrites) {
    const std::string fifo = make_fifo();
    run([&]() -> Coro<> {
        // Each open waits for the other end to be opened.
        auto opening = create_task(open(fifo));
        const File out = co_await open(fifo, "w");
        const File in = co_await opening;
        auto reading = create_task(in.read(6));
        co_await out.write("abc");
        co_await turns(3);
        EXPECT_FALSE(reading.done());
        co_await out.write("defghi");
        const std::string first = co_await reading;
        EXPECT_EQ(first, "abcdef");
        co_await out.close();
        const std::string rest = co_await in.read();
        EXPECT_EQ(rest, "ghi");
        try {
            co_await in.pread(1, 0);
            ADD_FAILURE() << "pread of a pipe";
        } catch (const std::system_error& error) {
            EXPECT_EQ(error.code(), std::errc::invalid_seek);
        }
    });
}

TEST_F(FileTest, AWriteLargerThanAPipeWaitsForTheReader) {
    const std::string fifo = make_fifo();
    const std::string bytes = pattern(1'000'000);
    run([&]() -> Coro<> {
        auto opening = create_task(open(fifo));
        const File out = co_await open(fifo, "w");
        const File in = co_await opening;
        auto writing = create_task(out.write(bytes));
        const std::string all = co_await in.read(static_cast<std::ptrdiff_t>(bytes.size()));
        EXPECT_TRUE(all == bytes);
        co_await writing;
    });
}

TEST_F(FileTest, WhatACancelledReadHadGatheredComesWithTheNext) {
    const std::string fifo = make_fifo();
    run([&]() -> Coro<> {
        auto opening = create_task(open(fifo));
        const File out = co_await open(fifo, "w");
        const File in = co_await opening;
        auto reading = create_task(in.read(6));
        co_await out.write("abc");
        co_await turns(50);
        reading.cancel();
        co_await end_of(reading);
        EXPECT_TRUE(reading.cancelled());
        co_await out.write("def");
        const std::string all = co_await in.read(6);
        EXPECT_EQ(all, "abcdef");
    });
}

TEST_F(FileTest, OpeningAFifoWithoutAnotherEndCanBeCancelled) {
    const std::string fifo = make_fifo();
    const std::size_t before = open_descriptors();
    run([&]() -> Coro<> {
        auto opening = create_task(open(fifo));
        co_await turns(5);
        opening.cancel();
        co_await end_of(opening);
        EXPECT_TRUE(opening.cancelled());
    });
    EXPECT_TRUE(no_more_descriptors_than(before));
}

TEST_F(FileTest, ALoopThatClosesOverAnOpeningPipeDoesNotHang) {
    const std::string fifo = make_fifo();
    const std::size_t before = open_descriptors();
    {
        EventLoop loop;
        auto opening = loop.create_task(open(fifo));
        loop.call_later(1ms, [&] { loop.stop(); });
        loop.run_forever();
        EXPECT_FALSE(opening.done());
        loop.close();
    }
    EXPECT_TRUE(no_more_descriptors_than(before));
}

TEST_F(FileTest, OpeningAFifoThatIsRemovedMeanwhileCanBeCancelled) {
    const std::size_t before = open_descriptors();
    for (const char* mode : {"r", "w"}) {
        const std::string fifo = make_fifo();
        run([&]() -> Coro<> {
            auto opening = create_task(open(fifo, mode));
            co_await sleep(2ms); // so that it blocks, most of the time
            ::unlink(fifo.c_str());
            opening.cancel();
            co_await end_of(opening);
            EXPECT_TRUE(opening.cancelled());
        });
    }
    EXPECT_TRUE(no_more_descriptors_than(before));
}

TEST_F(FileTest, ALoopThatClosesWhileARemovedFifoIsOpenedDoesNotHang) {
    const std::size_t before = open_descriptors();
    for (const char* mode : {"r", "w"}) {
        const std::string fifo = make_fifo();
        EventLoop loop;
        auto opening = loop.create_task(open(fifo, mode));
        loop.call_later(2ms, [&] { loop.stop(); });
        loop.run_forever();
        ::unlink(fifo.c_str());
        EXPECT_FALSE(opening.done());
        loop.close();
    }
    EXPECT_TRUE(no_more_descriptors_than(before));
}

TEST_F(FileTest, CloseWaitsForTheCallsUnderWay) {
    const std::string fifo = make_fifo();
    run([&]() -> Coro<> {
        auto opening = create_task(open(fifo));
        const File out = co_await open(fifo, "w");
        const File in = co_await opening;
        auto reading = create_task(in.read(2));
        co_await turns(3);
        auto closing = create_task(in.close());
        co_await turns(3);
        EXPECT_TRUE(in.closed());
        EXPECT_FALSE(closing.done());
        EXPECT_THROW(static_cast<void>(in.fileno()), ValueError);
        co_await out.write("ab");
        const std::string bytes = co_await reading;
        EXPECT_EQ(bytes, "ab");
        co_await closing;
    });
}

TEST_F(FileTest, AFileThatIsDroppedIsClosed) {
    write("a", "");
    const std::size_t before = open_descriptors();
    run([&]() -> Coro<> {
        for (const char* mode : {"r", "w"}) {
            co_await open(path("a"), mode);
        }
    });
    EXPECT_TRUE(no_more_descriptors_than(before));
}

TEST_F(FileTest, AFileOutlivesItsLoop) {
    write("a", "abc");
    File file;
    run([&]() -> Coro<> { file = co_await open(path("a")); });
    const std::string all = run(file.read());
    EXPECT_EQ(all, "abc");
}

TEST_F(FileTest, ThirtyTwoLoopsHaveFilesOfTheirOwn) {
    if (const char* const way = std::getenv("HOCKET_FILES");
        detail::thread_sanitized && (way == nullptr || std::string_view(way) != "threads")) {
        GTEST_SKIP() << "liburing maps and unmaps by system calls that ThreadSanitizer does not "
                        "see: the next ring at the same address looks like a race to it";
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < 32; ++i) {
        threads.emplace_back([this, i] {
            const std::string name = path(std::to_string(i));
            run([name]() -> Coro<> {
                const File file = co_await open(name, "w+");
                for (int round = 0; round < 20; ++round) {
                    co_await file.write("0123456789");
                }
                const std::string all = co_await file.pread(1000, 0);
                EXPECT_EQ(all.size(), 200u);
                co_await file.close();
            });
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

/// Uses every operation of File, so that a test can cancel each of them.
Coro<> use_everything(std::string path) {
    const File file = co_await open(path, "w+");
    co_await file.write("one\ntwo\nthree\n");
    co_await file.fdatasync();
    co_await file.seek(0);
    const std::string line = co_await file.readline();
    co_await file.pwrite("X", 1);
    const std::string bytes = co_await file.pread(3, 0);
    co_await file.truncate(9);
    const std::string rest = co_await file.read();
    co_await file.stat();
    co_await file.fsync();
    co_await file.close();
    EXPECT_EQ(line + rest, "one\ntwo\nt");
}

TEST_F(FileTest, CancellingAtAnyStepLeaksNothing) {
    run([&]() -> Coro<> {
        // This starts the threads and rings.
        co_await use_everything(path("warm"));
        const std::size_t before = open_descriptors();
        bool was_cancelled = true;
        int step = 0;
        for (; was_cancelled && step < 50'000'000; step = next_step(step)) {
            auto task = create_task(use_everything(path("a")));
            co_await turns(step);
            task.cancel();
            co_await end_of(task);
            was_cancelled = task.cancelled();
            if (!was_cancelled) {
                EXPECT_EQ(ending(task), "done");
            }
        }
        EXPECT_GT(step, 10);
        EXPECT_FALSE(was_cancelled);
        EXPECT_TRUE(no_more_descriptors_than(before));
    });
}

TEST_F(FileTest, ALoopThatClosesAtAnyStepLeaksNothing) {
    run(use_everything(path("warm")));
    const std::size_t before = open_descriptors();
    bool is_done = false;
    for (int step = 0; !is_done && step < 50'000'000; step = next_step(step)) {
        EventLoop loop;
        auto task = loop.create_task(use_everything(path("a")));
        loop.run_until_complete(loop.create_task(turns(step)));
        is_done = task.done();
    }
    EXPECT_TRUE(is_done);
    EXPECT_TRUE(no_more_descriptors_than(before));
}

TEST_F(FileTest, WithoutDescriptorsOpenThrows) {
    write("a", "");
    run([&]() -> Coro<> {
        co_await open(path("a"));
        std::vector<engine::FileDescriptor> all;
        for (;;) {
            engine::FileDescriptor fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
            if (!fd.is_open()) {
                break;
            }
            all.push_back(std::move(fd));
        }
        std::error_code code;
        try {
            co_await open(path("a"));
        } catch (const std::system_error& error) {
            code = error.code();
        }
        EXPECT_EQ(code, std::errc::too_many_files_open);
        all.pop_back();
        const File file = co_await open(path("a"));
        EXPECT_FALSE(file.closed());
    });
}

TEST_F(FileTest, BlockedOpensOfFifosKeepNoOtherCallWaiting) {
    std::vector<std::string> fifos;
    for (int i = 0; i < 40; ++i) {
        fifos.push_back(path("fifo" + std::to_string(i)));
        ASSERT_EQ(::mkfifo(fifos.back().c_str(), 0600), 0);
    }
    const std::string other = path("other");
    run([&]() -> Coro<> {
        std::vector<Task<File>> opening;
        for (std::size_t i = 0; i < fifos.size(); ++i) {
            opening.push_back(create_task(open(fifos[i], i % 2 == 0 ? "r" : "w")));
        }
        co_await sleep(std::chrono::milliseconds(20)); // all have begun to block
        co_await files::write_text(other, "text");
        EXPECT_EQ((co_await files::stat(other)).size, 4);
        for (Task<File>& each : opening) {
            EXPECT_FALSE(each.done());
            each.cancel();
        }
        for (Task<File>& each : opening) {
            EXPECT_THROW(co_await each, CancelledError);
        }
    });
}

TEST_F(FileTest, ALoopThatEndsDoesNotWaitForBlockedOpens) {
    std::vector<std::string> fifos;
    for (int i = 0; i < 20; ++i) {
        fifos.push_back(path("fifo" + std::to_string(i)));
        ASSERT_EQ(::mkfifo(fifos.back().c_str(), 0600), 0);
    }
    std::vector<Task<File>> opening;
    run([&]() -> Coro<> {
        for (std::size_t i = 0; i < fifos.size(); ++i) {
            opening.push_back(create_task(open(fifos[i], i % 2 == 0 ? "r" : "w")));
        }
        co_await sleep(std::chrono::milliseconds(5));
    });
    for (const Task<File>& each : opening) {
        EXPECT_TRUE(each.cancelled());
    }
}

} // namespace
} // namespace hocket
