// hocket::files. ctest runs this file twice: with io_uring, and with HOCKET_FILES=threads.
#include <hocket/hocket.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crawl/temporary_folder.hpp"
#include "support/end_of.hpp"
#include "support/open_descriptors.hpp"
#include "support/turns.hpp"

namespace hocket {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::string content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

unsigned permissions_of(const std::string& path) {
    struct ::stat status {};
    ::stat(path.c_str(), &status);
    return status.st_mode & 07777;
}

/// The message of the exception that the task running `coro` throws; "nothing" if it does not
/// throw.
template <class T> std::string error_of(Coro<T> coro) {
    try {
        run(std::move(coro));
    } catch (const std::exception& error) {
        return error.what();
    }
    return "nothing";
}

class PathFunctions : public testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }
    void write(const std::string& name, std::string_view bytes) const {
        folder_.write(name, bytes);
    }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
            found.push_back(entry.path().filename());
        }
        return found;
    }
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

private:
    crawl_tests::TemporaryFolder folder_;
};

TEST_F(PathFunctions, ReadsAWholeFile) {
    write("a", "text");
    EXPECT_EQ(run(files::read_text(path("a"))), "text");
    EXPECT_EQ(run(files::read_bytes(folder() / "a")), "text");
    EXPECT_EQ(error_of(files::read_text(path("b"))),
              "open " + path("b") + ": No such file or directory");
}

TEST_F(PathFunctions, WritesAWholeFileAndNothingElse) {
    const mode_t before = ::umask(022);
    EXPECT_EQ(run(files::write_text(path("a"), "one")), 3u);
    EXPECT_EQ(content(path("a")), "one");
    EXPECT_EQ(permissions_of(path("a")), 0644u);
    run(files::write_bytes(path("b"), "two", {.permissions = 0600, .durable = false}));
    EXPECT_EQ(content(path("b")), "two");
    EXPECT_EQ(permissions_of(path("b")), 0600u);
    EXPECT_THAT(names(), UnorderedElementsAre("a", "b"));
    ::umask(before);
}

TEST_F(PathFunctions, AReplacedFileKeepsItsPermissions) {
    write("a", "old and longer");
    ::chmod(path("a").c_str(), 0751);
    run(files::write_text(path("a"), "new"));
    EXPECT_EQ(content(path("a")), "new");
    EXPECT_EQ(permissions_of(path("a")), 0751u);
}

TEST_F(PathFunctions, AReaderOfTheOldFileGoesOnReadingIt) {
    write("a", "old");
    run([&]() -> Coro<> {
        const File old = co_await open(path("a"));
        co_await files::write_text(path("a"), "new");
        const std::string bytes = co_await old.read();
        EXPECT_EQ(bytes, "old");
    });
}

TEST_F(PathFunctions, ASymbolicLinkStaysAndWhatItLeadsToIsReplaced) {
    write("target", "old");
    std::filesystem::create_symlink("target", path("link"));
    std::filesystem::create_symlink("absent", path("dangling"));
    run(files::write_text(path("link"), "new"));
    run(files::write_text(path("dangling"), "made"));
    EXPECT_TRUE(std::filesystem::is_symlink(path("link")));
    EXPECT_EQ(content(path("target")), "new");
    EXPECT_EQ(content(path("absent")), "made");
    std::filesystem::create_symlink("circle", path("circle"));
    EXPECT_EQ(error_of(files::write_text(path("circle"), "x")),
              "open " + path("circle") + ": Too many levels of symbolic links");
}

TEST_F(PathFunctions, WritesADeviceInPlaceAndReportsFailures) {
    EXPECT_EQ(run(files::write_text("/dev/null", "gone")), 4u);
    EXPECT_EQ(error_of(files::write_text("/dev/full", "x")),
              "write /dev/full: No space left on device");
    EXPECT_EQ(error_of(files::write_text(folder(), "x")),
              "open " + folder().string() + ": Is a directory");
    EXPECT_EQ(error_of(files::write_text(path("no/a"), "x")),
              "open " + path("no/a") + ": No such file or directory");
}

TEST_F(PathFunctions, AWriteThatFailsLeavesTheOldFileAndNothingElse) {
    write("a", "old");
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{100'000, before.rlim_max};
    ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &small);
    const std::string big(1'000'000, 'x');
    const std::string error = error_of(files::write_text(path("a"), big));
    ::setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_EQ(error, "write " + path("a") + ": File too large");
    EXPECT_EQ(content(path("a")), "old");
    EXPECT_THAT(names(), ElementsAre("a"));
}

/// Runs the coroutine that `make` returns again and again, cancelled a little later each time,
/// until it completes before that. After each run calls `check(was_cancelled)`.
template <class Make, class Check> void cancel_at_each_step(Make make, Check check) {
    run([&]() -> Coro<> {
        static_cast<void>(co_await make()); // starts the threads and rings
        const std::size_t before = open_descriptors();
        bool was_cancelled = true;
        int times = 0;
        for (int step = 0; was_cancelled && step < 50'000'000; step = next_step(step)) {
            auto task = create_task(make());
            co_await turns(step);
            task.cancel();
            co_await end_of(task);
            was_cancelled = task.cancelled();
            times += was_cancelled ? 1 : 0;
            EXPECT_THAT(ending(task), AnyOf("done", "cancelled")) << "step " << step;
            EXPECT_TRUE(no_more_descriptors_than(before)) << "step " << step;
            check(was_cancelled);
        }
        EXPECT_GT(times, 0);
        EXPECT_FALSE(was_cancelled);
    });
}

TEST_F(PathFunctions, AWriteThatIsCancelledAtAnyStepIsWholeOrNotThere) {
    cancel_at_each_step(
        [&] {
            write("a", "old");
            return files::write_text(path("a"), "new");
        },
        [&](bool was_cancelled) {
            const std::string found = content(path("a"));
            EXPECT_TRUE(found == "new" || (was_cancelled && found == "old")) << found;
            EXPECT_THAT(names(), ElementsAre("a"));
        });
}

TEST_F(PathFunctions, ARenameThatIsCancelledAtAnyStepIsDoneOrNot) {
    cancel_at_each_step(
        [&] {
            std::filesystem::remove(path("b"));
            write("a", "it");
            return files::rename(path("a"), path("b"));
        },
        [&](bool was_cancelled) {
            ASSERT_EQ(names().size(), 1u);
            EXPECT_TRUE(names().front() == "b" || was_cancelled);
            EXPECT_EQ(content(path(names().front())), "it");
        });
}

TEST_F(PathFunctions, FoldersAreMadeAndListedAndRemovedOrNotWhenCancelledAtAnyStep) {
    const auto exists = [&](const char* name) { return std::filesystem::exists(path(name)); };
    cancel_at_each_step(
        [&] {
            std::filesystem::remove_all(path("a"));
            return files::makedirs(path("a/b/c"));
        },
        [&](bool was_cancelled) {
            EXPECT_TRUE(was_cancelled || exists("a/b/c"));
            EXPECT_THAT(names(), AnyOf(IsEmpty(), ElementsAre("a")));
        });
    cancel_at_each_step([&] { return files::listdir(path("a")); },
                        [&](bool) { EXPECT_TRUE(exists("a/b/c")); });
    cancel_at_each_step(
        [&] {
            std::filesystem::create_directories(path("a/b/c"));
            return files::rmdir(path("a/b/c"));
        },
        [&](bool was_cancelled) {
            EXPECT_TRUE(was_cancelled || !exists("a/b/c"));
            EXPECT_TRUE(exists("a/b"));
        });
}

TEST_F(PathFunctions, AWriteIsWholeOrAbsentWhenItsLoopCloses) {
    bool is_done = false;
    for (int step = 0; !is_done && step < 50'000'000; step = next_step(step)) {
        write("a", "old");
        EventLoop loop;
        auto task = loop.create_task(files::write_text(path("a"), "new"));
        loop.run_until_complete(loop.create_task(turns(step)));
        is_done = task.done();
        loop.close();
        const std::string found = content(path("a"));
        EXPECT_TRUE(found == "new" || (!is_done && found == "old")) << found;
        EXPECT_THAT(names(), ElementsAre("a")) << "step " << step;
    }
    EXPECT_TRUE(is_done);
}

TEST_F(PathFunctions, StatFollowsLinksAndLstatDoesNot) {
    write("a", "12345");
    std::filesystem::create_symlink("a", path("link"));
    run([&]() -> Coro<> {
        const files::StatResult file = co_await files::stat(path("link"));
        EXPECT_EQ(file.size, 5);
        EXPECT_TRUE(file.is_file());
        EXPECT_EQ(file.uid, ::getuid());
        EXPECT_EQ(file.nlink, 1u);
        struct ::stat native {};
        ::stat(path("a").c_str(), &native);
        EXPECT_EQ(file.ino, native.st_ino);
        EXPECT_EQ(file.dev, native.st_dev);
        EXPECT_EQ(file.mode, native.st_mode);
        EXPECT_EQ(std::chrono::system_clock::to_time_t(file.mtime), native.st_mtim.tv_sec);
        const files::StatResult link = co_await files::lstat(path("link"));
        EXPECT_TRUE(link.is_symlink());
        const files::StatResult above = co_await files::stat(folder());
        EXPECT_TRUE(above.is_dir());
        const bool is_there = co_await files::exists(path("a"));
        const bool is_not = co_await files::exists(path("b"));
        EXPECT_TRUE(is_there);
        EXPECT_FALSE(is_not);
    });
    EXPECT_EQ(error_of(files::stat(path("b"))),
              "stat " + path("b") + ": No such file or directory");
}

TEST_F(PathFunctions, MakesListsRenamesAndRemoves) {
    run([&]() -> Coro<> {
        co_await files::mkdir(path("folder"), 0700);
        EXPECT_EQ(permissions_of(path("folder")), 0700u);
        co_await files::makedirs(path("deep/er/est/"));
        co_await files::makedirs(path("deep/er"), 0777, true);
        co_await files::write_text(path("folder/a"), "");
        co_await files::write_text(path("folder/b"), "");
        co_await files::rename(path("folder/a"), path("folder/c"));
        co_await files::replace(path("folder/c"), path("folder/b"));
        co_await files::fsync(path("folder"));
        const std::vector<std::string> left = co_await files::listdir(path("folder"));
        EXPECT_THAT(left, ElementsAre("b"));
        co_await files::unlink(path("folder/b"));
        co_await files::rmdir(path("folder"));
    });
    EXPECT_THAT(names(), ElementsAre("deep"));
    EXPECT_TRUE(std::filesystem::is_directory(path("deep/er/est")));
}

TEST_F(PathFunctions, ErrorsNameTheCallAndThePath) {
    write("a", "");
    EXPECT_EQ(error_of(files::mkdir(path("a"))), "mkdir " + path("a") + ": File exists");
    EXPECT_EQ(error_of(files::makedirs(path("a"))), "mkdir " + path("a") + ": File exists");
    EXPECT_EQ(error_of(files::makedirs(path("a"), 0777, true)),
              "mkdir " + path("a") + ": File exists");
    EXPECT_EQ(error_of(files::makedirs(path("a/b/c"))),
              "mkdir " + path("a/b/c") + ": Not a directory");
    EXPECT_EQ(error_of(files::unlink(path("b"))),
              "unlink " + path("b") + ": No such file or directory");
    EXPECT_EQ(error_of(files::rmdir(path("a"))), "rmdir " + path("a") + ": Not a directory");
    EXPECT_EQ(error_of(files::rename(path("b"), path("c"))),
              "rename " + path("b") + " to " + path("c") + ": No such file or directory");
    EXPECT_EQ(error_of(files::listdir(path("a"))), "listdir " + path("a") + ": Not a directory");
    EXPECT_THROW(files::unlink(std::string_view("a\0b", 3)).close(), ValueError);
}

Coro<Log> walked(std::string path, files::WalkOptions options = {}) {
    Log log;
    auto tree = files::walk(path, std::move(options));
    while (auto entry = co_await tree.next()) {
        std::string line = entry->dirpath.substr(path.size()) + ":";
        std::sort(entry->dirnames.begin(), entry->dirnames.end());
        for (const std::string& name : entry->dirnames) {
            line += " " + name + "/";
        }
        std::vector<std::string> sorted = entry->filenames;
        std::sort(sorted.begin(), sorted.end());
        for (const std::string& name : sorted) {
            line += " " + name;
        }
        log.push_back(line);
    }
    co_return log;
}

TEST_F(PathFunctions, WalksATreeFromTheTopOrFromTheBottom) {
    write("a/1", "");
    write("a/deep/2", "");
    write("b/3", "");
    write("4", "");
    EXPECT_THAT(run(walked(folder())),
                ElementsAre(": a/ b/ 4", "/a: deep/ 1", "/a/deep: 2", "/b: 3"));
    const Log from_below = run(walked(folder(), {.topdown = false}));
    ASSERT_EQ(from_below.size(), 4u);
    EXPECT_EQ(from_below.back(), ": a/ b/ 4");
    EXPECT_LT(std::find(from_below.begin(), from_below.end(), "/a/deep: 2"),
              std::find(from_below.begin(), from_below.end(), "/a: deep/ 1"));
}

TEST_F(PathFunctions, AWalkCanBeCancelledAtAnyStepAndLeavesNothingOpen) {
    write("a/1", "");
    write("a/deep/2", "");
    write("b/3", "");
    cancel_at_each_step([&] { return walked(folder()); }, [](bool) {});
}

TEST_F(PathFunctions, WalkLeavesOutWhatIsTakenFromDirnames) {
    write("a/1", "");
    write("b/2", "");
    run([&]() -> Coro<> {
        Log visited;
        auto tree = files::walk(folder());
        while (auto entry = co_await tree.next()) {
            visited.push_back(std::filesystem::path(entry->dirpath).filename());
            std::erase(entry->dirnames, "a");
        }
        EXPECT_THAT(visited, ElementsAre(folder().filename().string(), "b"));
    });
}

TEST_F(PathFunctions, WalkFollowsLinksOnlyWhenAskedAndNeverInCircles) {
    write("a/1", "");
    std::filesystem::create_directory_symlink("..", path("a/up"));
    std::filesystem::create_directory_symlink("a", path("b"));
    EXPECT_THAT(run(walked(folder())), ElementsAre(": a/ b/", "/a: up/ 1"));
    EXPECT_THAT(run(walked(folder(), {.followlinks = true})),
                ElementsAre(": a/ b/", "/a: up/ 1", "/b: up/ 1"));
}

TEST_F(PathFunctions, WalkTellsOnerrorWhatCannotBeRead) {
    write("a/1", "");
    run([&]() -> Coro<> {
        Log errors;
        auto tree = files::walk(folder(), {.onerror = [&](const std::system_error& error) {
                                    errors.emplace_back(error.what());
                                }});
        while (auto entry = co_await tree.next()) {
            std::filesystem::remove_all(path("a")); // before it is visited
        }
        EXPECT_THAT(errors, ElementsAre("walk " + path("a") + ": No such file or directory"));
        auto silent = files::walk(path("absent"));
        const auto nothing = co_await silent.next();
        EXPECT_FALSE(nothing.has_value());
    });
}

} // namespace
} // namespace hocket
