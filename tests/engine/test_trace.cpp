#include "engine/trace.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/engine/file_descriptor.hpp>

#include "engine/reactor.hpp"
#include "engine/ticks.hpp"

namespace {

using namespace hocket::engine;
using testing::ElementsAre;
using testing::Pair;

using Events = std::vector<std::pair<TraceKind, std::uint64_t>>;

/// The area of this process, as another process would map it.
class MappedArea {
public:
    MappedArea() {
        for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
            std::error_code error;
            if (std::filesystem::read_symlink(entry.path(), error) ==
                "/memfd:hocket-trace (deleted)") {
                FileDescriptor file(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC));
                std::uint32_t owner = 0;
                if (::pread(file.fileno(), &owner, sizeof owner, offsetof(TraceHeader, process)) ==
                        sizeof owner &&
                    owner == static_cast<std::uint32_t>(::getpid())) {
                    memory_ =
                        ::mmap(nullptr, sizeof(TraceArea), PROT_READ, MAP_SHARED, file.fileno(), 0);
                }
            }
        }
    }
    ~MappedArea() {
        if (is_there()) {
            ::munmap(memory_, sizeof(TraceArea));
        }
    }
    MappedArea(const MappedArea&) = delete;
    MappedArea& operator=(const MappedArea&) = delete;

    [[nodiscard]] bool is_there() const { return memory_ != MAP_FAILED; }
    [[nodiscard]] const TraceArea& operator*() const {
        return *static_cast<const TraceArea*>(memory_);
    }

    /// The ring that `thread` has now; -1 if it has none.
    [[nodiscard]] int ring_of(pid_t thread) const {
        for (std::size_t i = 0; i < TraceArea::max_rings; ++i) {
            const TraceRing& ring = (**this).rings[i];
            if (ring.is_open.load() == 1 &&
                ring.thread.load() == static_cast<std::uint32_t>(thread)) {
                return static_cast<int>(i);
            }
        }
        return -1;
    }
    [[nodiscard]] Events events_of(int ring, std::uint64_t since = 0) const {
        Events events;
        const auto index = static_cast<std::size_t>(ring);
        const std::uint64_t written = (**this).rings[index].written.load();
        for (std::uint64_t i = since; i < written; ++i) {
            const TraceEvent& event = (**this).events[index][i % TraceArea::events_in_ring];
            events.emplace_back(static_cast<TraceKind>(event.what.load() & 0xff),
                                event.value.load());
        }
        return events;
    }
    [[nodiscard]] std::uint64_t written(int ring) const {
        return (**this).rings[static_cast<std::size_t>(ring)].written.load();
    }

private:
    void* memory_ = MAP_FAILED;
};

/// What `act` records on a new thread, without the event that names the thread.
Events recorded_on_a_thread(const std::function<void()>& act) {
    Events events;
    std::thread([&] {
        act();
        const MappedArea area;
        const int ring = area.is_there() ? area.ring_of(::gettid()) : -1;
        if (ring < 0) {
            return;
        }
        // Another thread may have had the ring before.
        events = area.events_of(ring);
        for (std::size_t i = events.size(); i-- > 0;) {
            if (events[i].first == TraceKind::thread) {
                EXPECT_EQ(events[i].second, static_cast<std::uint64_t>(::gettid()));
                events.erase(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(i) + 1);
                break;
            }
        }
    }).join();
    return events;
}

/// Runs `act` in a child; returns its exit code.
int in_child(const std::function<int()>& act) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(act());
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Trace, NothingIsRecordedUnlessSomebodyAsks) {
    ASSERT_FALSE(is_traced());
    EXPECT_THAT(recorded_on_a_thread([] { trace(TraceKind::step, 7); }), ElementsAre());
}

TEST(Trace, EventsAreInTheRingOfTheirThreadInOrder) {
    const Recording recording;
    EXPECT_THAT(recorded_on_a_thread([] {
                    trace(TraceKind::step, 7);
                    trace(TraceKind::asleep);
                }),
                ElementsAre(Pair(TraceKind::step, 7U), Pair(TraceKind::asleep, 0U)));
}

TEST(Trace, TimesOfEventsAreThoseOfTheirMomentsInTicks) {
    const Recording recording;
    std::thread([] {
        const std::uint64_t before = ticks();
        trace(TraceKind::step, 1);
        const std::uint64_t after = ticks();
        const MappedArea area;
        const auto ring = static_cast<std::size_t>(area.ring_of(::gettid()));
        const std::uint64_t last = (*area).rings[ring].written.load() - 1;
        const std::uint64_t time =
            (*area).events[ring][last % TraceArea::events_in_ring].what.load() >> 8;
        EXPECT_GE(time, before);
        EXPECT_LE(time, after);
    }).join();
}

TEST(Trace, RecordingEndsWithTheLastOneThatAskedForIt) {
    auto first = std::make_unique<Recording>();
    auto second = std::make_unique<Recording>();
    const MappedArea area;
    EXPECT_EQ((*area).header.recordings.load(), 2U);
    first.reset();
    EXPECT_TRUE(is_traced());
    second.reset();
    EXPECT_FALSE(is_traced());
    EXPECT_EQ((*area).header.recordings.load(), 0U);
}

TEST(Trace, TheNewestEventsOverwriteTheOldest) {
    const Recording recording;
    std::thread([] {
        for (std::uint64_t i = 0; i < TraceArea::events_in_ring + 10; ++i) {
            trace(TraceKind::step, i);
        }
        const MappedArea area;
        const int ring = area.ring_of(::gettid());
        const std::uint64_t written = area.written(ring);
        EXPECT_GE(written, TraceArea::events_in_ring + 10);
        const Events events = area.events_of(ring, written - TraceArea::events_in_ring);
        EXPECT_EQ(events.front().second, 10U);
        EXPECT_EQ(events.back().second, TraceArea::events_in_ring + 9);
    }).join();
}

TEST(Trace, LongNamesTakeSeveralEventsAndAreCutOff) {
    const Recording recording;
    const Events events = recorded_on_a_thread([] { trace_text("fetch /index.html"); });
    std::string text;
    for (const auto& [kind, value] : events) {
        EXPECT_EQ(kind, TraceKind::text);
        std::array<char, 8> characters{};
        std::memcpy(characters.data(), &value, sizeof value);
        text.append(characters.data(), ::strnlen(characters.data(), characters.size()));
    }
    EXPECT_EQ(text, "fetch /index.html");
    EXPECT_EQ(recorded_on_a_thread([] { trace_text(std::string(1000, 'x')); }).size(), 8U);
}

TEST(Trace, AThreadThatEndsLeavesItsRingToAnother) {
    const Recording recording;
    const MappedArea area;
    const std::uint32_t before = (*area).header.left_out.load();
    for (std::size_t i = 0; i < 2 * TraceArea::max_rings; ++i) {
        std::thread([] { trace(TraceKind::step, 1); }).join();
    }
    EXPECT_EQ((*area).header.left_out.load(), before);
    EXPECT_EQ(recorded_on_a_thread([] { trace(TraceKind::step, 1); }).size(), 1U);
}

TEST(Trace, ThreadsWithoutAFreeRingAreCounted) {
    const Recording recording;
    const MappedArea area;
    const std::uint32_t before = (*area).header.left_out.load();
    std::atomic<bool> may_end{false};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < TraceArea::max_rings + 3; ++i) {
        threads.emplace_back([&may_end] {
            trace(TraceKind::step, 1);
            trace(TraceKind::step, 2); // counted once
            may_end.wait(false);
        });
    }
    while ((*area).header.left_out.load() < before + 3) {
        std::this_thread::yield();
    }
    may_end.store(true);
    may_end.notify_all();
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_LE((*area).header.left_out.load(), before + 4); // this thread may have a ring
}

TEST(Trace, AForkedChildRecordsOnlyWhatItAsksForItself) {
    const Recording recording;
    trace(TraceKind::step, 1); // this thread has a ring
    const MappedArea area;
    const int ring = area.ring_of(::gettid());
    ASSERT_GE(ring, 0);
    const std::uint64_t before = area.written(ring);
    EXPECT_EQ(in_child([] {
                  trace(TraceKind::step, 2);
                  record_event(ticks(), TraceKind::step, 3); // as a thread that was about to
                  if (is_traced()) {
                      return 1;
                  }
                  const Recording own;
                  trace(TraceKind::step, 4);
                  const MappedArea childs;
                  const int childs_ring = childs.is_there() ? childs.ring_of(::gettid()) : -1;
                  if (childs_ring < 0) {
                      return 2;
                  }
                  const Events events = childs.events_of(childs_ring);
                  return events.size() == 2 && events.back().second == 4 ? 0 : 3;
              }),
              0);
    EXPECT_EQ(area.written(ring), before);
    EXPECT_EQ((*area).header.recordings.load(), 1U);
}

TEST(Trace, ALoopRecordsWhatItRuns) {
    struct Item final : Runnable {
        explicit Item(std::uint64_t number) : number(number) {}
        void run() noexcept override {}
        [[nodiscard]] std::uint64_t task_id() const noexcept override { return number; }
        std::uint64_t number;
    };
    const Recording recording;
    const Events events = recorded_on_a_thread([] {
        Reactor reactor;
        Item task(5);
        Item callback(0);
        reactor.ready().push(task);
        reactor.ready().push(callback);
        reactor.poll(false);
        reactor.run_ready_traced();
    });
    EXPECT_THAT(events, ElementsAre(Pair(TraceKind::step, 5U), Pair(TraceKind::callback, 0U),
                                    Pair(TraceKind::turn_end, 0U)));
}

} // namespace
