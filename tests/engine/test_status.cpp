#include <algorithm>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstring>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/status.hpp"
#include "engine/status_reading.hpp"
#include "engine/ticks.hpp"

namespace hocket::engine {
namespace {

TEST(TickHistogram, BucketsFollowEachOtherWithoutGaps) {
    for (std::size_t bucket = 0; bucket + 1 < TickHistogram::size; ++bucket) {
        const std::uint64_t least = TickHistogram::least_of(bucket);
        EXPECT_EQ(TickHistogram::bucket_of(least), bucket);
        EXPECT_EQ(TickHistogram::bucket_of(TickHistogram::least_of(bucket + 1) - 1), bucket);
    }
    EXPECT_EQ(TickHistogram::bucket_of(~std::uint64_t{0}), TickHistogram::size - 1);
}

TEST(TickHistogram, ABucketIsAtMostAQuarterOfItsDurationsWide) {
    for (std::size_t bucket = 4; bucket + 1 < TickHistogram::size; ++bucket) {
        const std::uint64_t least = TickHistogram::least_of(bucket);
        EXPECT_LE(4 * (TickHistogram::least_of(bucket + 1) - least), least);
    }
}

TEST(HistogramCounts, QuantilesAreThoseOfWhatWasRecordedSince) {
    TickHistogram histogram{};
    histogram.record(1'000'000);
    const HistogramCounts before(histogram);
    for (int i = 0; i < 99; ++i) {
        histogram.record(1000);
    }
    histogram.record(50'000);
    const HistogramCounts since = HistogramCounts(histogram).since(before);
    EXPECT_EQ(since.total(), 100U);
    EXPECT_NEAR(static_cast<double>(since.quantile(0.5)), 1000, 130);
    EXPECT_NEAR(static_cast<double>(since.quantile(1.0)), 50'000, 6500);
    EXPECT_GE(since.max(), 50'000U);
    EXPECT_LT(since.max(), 70'000U);
    EXPECT_EQ(HistogramCounts().quantile(0.99), 0U);
}

TEST(Status, ASlotIsOpenUntilItIsClosed) {
    LoopStatus& slot = open_loop_status();
    EXPECT_EQ(slot.is_open.load(), 1U);
    EXPECT_EQ(slot.turns.load(), 0U);
    close_status(slot);
    EXPECT_EQ(slot.is_open.load(), 0U);
}

TEST(Status, TheHeaderSaysWhereEverythingIs) {
    const StatusPage& page = status_page();
    const StatusHeader& header = page.header;
    EXPECT_EQ(header.magic.load(), StatusHeader::magic_number);
    EXPECT_EQ(std::memcmp(&header.magic, "HKTATUS", 8), 0);
    EXPECT_EQ(header.process, static_cast<std::uint32_t>(::getpid()));
    const auto* bytes = reinterpret_cast<const std::byte*>(&page);
    EXPECT_EQ(static_cast<const void*>(bytes + header.loops_offset + 3 * header.loop_size),
              &page.loops[3]);
    EXPECT_EQ(static_cast<const void*>(bytes + header.pools_offset + 5 * header.pool_size),
              &page.pools[5]);
    EXPECT_STREQ(header.program.data(), "test_status");
}

TEST(Status, IsFoundAmongTheDescriptorsOfTheProcess) {
    static_cast<void>(status_page());
    int found = 0;
    for (int fd = 0; fd < 256; ++fd) {
        char target[64] = {};
        const std::string link = "/proc/self/fd/" + std::to_string(fd);
        if (::readlink(link.c_str(), target, sizeof target - 1) > 0) {
            found += std::strcmp(target, "/memfd:hocket-status (deleted)") == 0 ? 1 : 0;
        }
    }
    EXPECT_EQ(found, 1);
}

TEST(Status, AForkedChildHasAPageOfItsOwnAndLeavesItsParentsAlone) {
    LoopStatus& status = open_loop_status();
    add(status.turns, 7);
    const pid_t child = ::fork();
    if (child == 0) {
        add(status.turns, 1000); // the parent's loop, which the child still has
        const bool own = status_page().header.process == static_cast<std::uint32_t>(::getpid()) &&
                         open_loop_status().turns.load() == 0;
        ::_exit(own ? 0 : 1);
    }
    int how = 0;
    ASSERT_EQ(::waitpid(child, &how, 0), child);
    EXPECT_EQ(how, 0);
    EXPECT_EQ(status.turns.load(), 7U);
    EXPECT_EQ(status_page().header.process, static_cast<std::uint32_t>(::getpid()));
}

TEST(Status, MoreLoopsThanSlotsStillWork) {
    std::vector<LoopStatus*> slots;
    for (std::size_t i = 0; i < StatusPage::max_loops + 2; ++i) {
        slots.push_back(&open_loop_status());
        add(slots.back()->turns, 1);
    }
    EXPECT_EQ(slots.back(), slots[slots.size() - 2]); // the one that nobody sees
    for (LoopStatus* slot : slots) {
        close_status(*slot);
    }
}

TEST(Status, ALongNameIsCut) {
    LoopStatus& slot = open_loop_status();
    set_status_name(slot, std::string(200, 'n'));
    EXPECT_EQ(status_name(slot), std::string(LoopStatus::name_size - 1, 'n'));
    set_status_name(slot, "short");
    EXPECT_EQ(status_name(slot), "short");
    close_status(slot);
}

/// In a child of this process, threads need the page first at the same moment. What they did not
/// keep must not be taken for the page by a child of the child, which would lose other memory.
bool child_keeps_its_memory() {
    const pid_t child = ::fork();
    if (child != 0) {
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    std::atomic<int> waiting{4};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&waiting] {
            --waiting;
            while (waiting > 0) {
            }
            static_cast<void>(status_page());
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    // Takes the place of what was unmapped.
    std::vector<std::span<char>> areas;
    for (int i = 0; i < 4; ++i) {
        void* const memory = ::mmap(nullptr, sizeof(StatusPage), PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        areas.emplace_back(static_cast<char*>(memory), sizeof(StatusPage));
        std::ranges::fill(areas.back(), 'x');
    }
    const pid_t grandchild = ::fork();
    if (grandchild == 0) {
        const bool kept = std::ranges::all_of(areas, [](std::span<char> area) {
            return std::ranges::all_of(area, [](char c) { return c == 'x'; });
        });
        ::_exit(kept ? 0 : 1);
    }
    int status = 0;
    ::waitpid(grandchild, &status, 0);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
}

TEST(Status, AForkLeavesOtherMemoryAloneWhenThreadsNeededThePageAtTheSameMoment) {
    for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(child_keeps_its_memory()) << i;
    }
}

TEST(TickLength, TurnsTicksIntoTime) {
    static_cast<void>(status_page()); // from now on, the length is known better and better
    // The best of several, because this thread may lose the processor between two clocks.
    double least_error = 1.0;
    for (int attempt = 0; attempt < 50 && least_error > 0.01; ++attempt) {
        const std::uint64_t ticks_before = ticks();
        const std::uint64_t before = ticks_of_the_clock();
        while (ticks_of_the_clock() - before < 5'000'000) {
        }
        const std::uint64_t passed = ticks() - ticks_before;
        const auto real = static_cast<double>(ticks_of_the_clock() - before);
        const auto measured =
            static_cast<double>(TickLength(status_page().header).duration(passed));
        least_error = std::min(least_error, std::abs(measured - real) / real);
    }
    EXPECT_LE(least_error, 0.01);
}

} // namespace
} // namespace hocket::engine
