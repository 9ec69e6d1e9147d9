// files::watch. ctest runs this file twice: with io_uring, and with HOCKET_FILES=threads.
#include <hocket/hocket.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include "crawl/temporary_folder.hpp"
#include "support/end_of.hpp"
#include "support/open_descriptors.hpp"
#include "support/turns.hpp"

namespace hocket {
namespace {

using Kind = files::WatchEvent::Kind;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::IsSupersetOf;

class Watch : public testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }
    [[nodiscard]] std::string root() const { return folder_.path().string(); }
    void append(const std::string& name, std::string_view bytes) const {
        std::ofstream(path(name), std::ios::app) << bytes;
    }

private:
    crawl_tests::TemporaryFolder folder_;
};

auto is(Kind kind, const std::string& path) {
    return AllOf(Field(&files::WatchEvent::kind, kind), Field(&files::WatchEvent::path, path));
}

/// The next `count` events.
Coro<std::vector<files::WatchEvent>> take(AsyncGenerator<files::WatchEvent>& changes, int count) {
    std::vector<files::WatchEvent> events;
    for (int i = 0; i < count; ++i) {
        auto event = co_await changes.next();
        if (!event) {
            break;
        }
        events.push_back(std::move(*event));
    }
    co_return events;
}

/// Events up to and including the first of `kind` at `path`.
Coro<std::vector<files::WatchEvent>> take_until(AsyncGenerator<files::WatchEvent>& changes,
                                                Kind kind, std::string path) {
    std::vector<files::WatchEvent> events;
    while (auto event = co_await changes.next()) {
        events.push_back(std::move(*event));
        if (events.back().kind == kind && events.back().path == path) {
            break;
        }
    }
    co_return events;
}

TEST_F(Watch, ReportsWhatHappensInAFolder) {
    run([&]() -> Coro<> {
        auto changes = co_await files::watch(root());
        append("a", "x");
        std::filesystem::rename(path("a"), path("b"));
        std::filesystem::permissions(path("b"), std::filesystem::perms::owner_read);
        std::filesystem::remove(path("b"));
        const auto events = co_await take(changes, 7);
        EXPECT_THAT(events,
                    ElementsAre(is(Kind::created, path("a")), is(Kind::modified, path("a")),
                                is(Kind::closed, path("a")), is(Kind::moved_from, path("a")),
                                is(Kind::moved_to, path("b")), is(Kind::attributes, path("b")),
                                is(Kind::deleted, path("b"))));
        EXPECT_NE(events[3].cookie, 0u);
        EXPECT_EQ(events[3].cookie, events[4].cookie);
        EXPECT_FALSE(events[0].is_dir);
    });
}

TEST_F(Watch, WaitsForWhatIsYetToHappen) {
    run([&]() -> Coro<> {
        auto changes = co_await files::watch(root());
        auto next = create_task(take(changes, 1));
        co_await turns(10);
        EXPECT_FALSE(next.done());
        std::filesystem::create_directory(path("new"));
        const auto events = co_await next;
        EXPECT_THAT(events, ElementsAre(is(Kind::created, path("new"))));
        EXPECT_TRUE(events[0].is_dir);
    });
}

TEST_F(Watch, AWatchedFileThatGoesEndsTheWatch) {
    append("a", "x");
    run([&]() -> Coro<> {
        auto changes = co_await files::watch(path("a"));
        append("a", "y");
        std::filesystem::remove(path("a"));
        const auto events = co_await take(changes, 100);
        EXPECT_THAT(events, IsSupersetOf({is(Kind::modified, path("a")),
                                          is(Kind::closed, path("a")), is(Kind::gone, path("a"))}));
        EXPECT_EQ(events.back().kind, Kind::gone);
    });
}

TEST_F(Watch, AWatchedFolderThatGoesEndsTheWatch) {
    std::filesystem::create_directory(path("folder"));
    run([&]() -> Coro<> {
        auto changes = co_await files::watch(path("folder"));
        std::filesystem::rename(path("folder"), path("elsewhere"));
        const auto events = co_await take(changes, 100);
        EXPECT_THAT(events, ElementsAre(is(Kind::gone, path("folder"))));
    });
}

TEST_F(Watch, ARecursiveWatchSeesFoldersThatAreThereAndThoseThatCome) {
    std::filesystem::create_directories(path("old/deep"));
    run([&]() -> Coro<> {
        auto changes = co_await files::watch(root(), {.recursive = true});
        append("old/deep/a", "x");
        const auto first = co_await take_until(changes, Kind::closed, path("old/deep/a"));
        EXPECT_THAT(first, ElementsAre(is(Kind::created, path("old/deep/a")),
                                       is(Kind::modified, path("old/deep/a")),
                                       is(Kind::closed, path("old/deep/a"))));
        // All of this exists before the new folders can be watched.
        std::filesystem::create_directories(path("new/deeper"));
        append("new/deeper/b", "x");
        const auto second = co_await take_until(changes, Kind::created, path("new/deeper/b"));
        EXPECT_THAT(second, IsSupersetOf({is(Kind::created, path("new")),
                                          is(Kind::created, path("new/deeper"))}));
        append("new/deeper/b", "y");
        co_await take_until(changes, Kind::modified, path("new/deeper/b"));
        std::filesystem::remove_all(path("new"));
        const auto last = co_await take_until(changes, Kind::deleted, path("new"));
        EXPECT_THAT(last, IsSupersetOf({is(Kind::deleted, path("new/deeper/b")),
                                        is(Kind::deleted, path("new/deeper"))}));
    });
}

TEST_F(Watch, AMovedFolderReportsByItsNewName) {
    std::filesystem::create_directories(path("old/deep"));
    run([&]() -> Coro<> {
        auto changes = co_await files::watch(root(), {.recursive = true});
        std::filesystem::rename(path("old"), path("new"));
        co_await take_until(changes, Kind::created, path("new/deep"));
        append("new/deep/a", "x");
        const auto events = co_await take_until(changes, Kind::closed, path("new/deep/a"));
        for (const files::WatchEvent& event : events) {
            EXPECT_THAT(event.path, testing::StartsWith(path("new")));
        }
    });
}

TEST_F(Watch, WhatTheKernelCouldNotKeepIsReportedAsAnOverflow) {
    int most = 0;
    std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
    ASSERT_GT(most, 0);
    append("a", "");
    append("b", "");
    run([&]() -> Coro<> {
        auto changes = co_await files::watch(root(), {.recursive = true});
        for (int i = 0; i <= most / 2; ++i) {
            // Alternate between files, because the kernel merges identical events.
            ::chmod(path("a").c_str(), 0600);
            ::chmod(path("b").c_str(), 0600);
        }
        std::filesystem::create_directory(path("lost"));
        co_await take_until(changes, Kind::overflow, root());
        // The folder is watched in spite of the overflow.
        auto next = create_task(take_until(changes, Kind::created, path("lost/b")));
        co_await turns(2);
        while (!next.done()) {
            append("lost/b", "x");
            co_await turns(100);
            std::filesystem::remove(path("lost/b"));
        }
    });
}

TEST_F(Watch, ErrorsNameThePath) {
    try {
        static_cast<void>(run(files::watch(path("absent"))));
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::system_error& error) {
        EXPECT_EQ(std::string(error.what()),
                  "watch " + path("absent") + ": No such file or directory");
    }
}

TEST_F(Watch, ACancelledWatchLeaksNothing) {
    std::filesystem::create_directories(path("a/b/c"));
    run([&]() -> Coro<> {
        co_await files::exists(root()); // starts the ring or the threads
        const std::size_t before = open_descriptors();
        const auto watch_for_one = [&]() -> Coro<> {
            auto changes = co_await files::watch(root(), {.recursive = true});
            co_await take(changes, 1);
        };
        for (int step = 0; step < 40; ++step) {
            auto task = create_task(watch_for_one);
            co_await turns(step);
            task.cancel();
            co_await end_of(task);
            EXPECT_TRUE(task.cancelled());
            EXPECT_EQ(open_descriptors(), before) << "step " << step;
        }
    });
}

} // namespace
} // namespace hocket
