#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <csignal>

#include <sys/eventfd.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "engine/reactor.hpp"
#include "support/drive_reactor.hpp"

namespace hocket::engine {
namespace {

using namespace hocket::engine::testing;

struct Call final : Runnable {
    std::function<void()> body;
    explicit Call(std::function<void()> what) : body(std::move(what)) {}
    void run() noexcept override { body(); }
};

struct AtEnd final : TurnEnd {
    std::function<void()> body;
    explicit AtEnd(std::function<void()> what) : body(std::move(what)) {}
    void on_turn_end() noexcept override { body(); }
};

struct Seen final : Watcher {
    std::function<void(std::uint32_t)> body;
    void on_ready(std::uint32_t events) noexcept override { body(events); }
};

TEST(Reactor, ATurnRunsWhatWasReadyAsItBegan) {
    Reactor reactor;
    std::vector<int> order;
    Call second([&] { order.push_back(2); });
    Call first([&] {
        order.push_back(1);
        reactor.ready().push(second);
    });
    reactor.ready().push(first);
    reactor.run_ready();
    EXPECT_EQ(order, std::vector<int>{1});
    reactor.run_ready();
    EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(ReadyQueue, TheRestOfABatchIsPutBackBeforeWhatBecameReadySince) {
    std::vector<int> order;
    Call first([&] { order.push_back(1); });
    Call second([&] { order.push_back(2); });
    Call third([&] { order.push_back(3); });
    ReadyQueue queue;
    queue.push(first);
    queue.push(second);
    ReadyQueue batch = queue.take_all();
    batch.pop().run();
    queue.push(third);
    queue.put_back(batch);
    EXPECT_TRUE(batch.empty());
    EXPECT_EQ(queue.front(), &second);
    EXPECT_EQ(ReadyQueue::after(second), &third);
    EXPECT_EQ(ReadyQueue::after(third), nullptr);
    // Into an empty queue, to which more can be added then.
    batch = queue.take_all();
    queue.put_back(batch);
    queue.push(first);
    while (!queue.empty()) {
        queue.pop().run();
    }
    EXPECT_EQ(order, (std::vector{1, 2, 3, 1}));
    queue.put_back(batch);
    EXPECT_TRUE(queue.empty());
}

TEST(Reactor, AsksTheKernelInTheNextTurnIfItShould) {
    Reactor reactor;
    Seen seen;
    const Socket event(::eventfd(1, EFD_NONBLOCK));
    int events = 0;
    seen.body = [&](std::uint32_t) { ++events; };
    ASSERT_FALSE(reactor.poller().add(seen, event.fileno(), Watcher::readable));
    Call call([] {});
    for (int turn = 1; turn <= 100; ++turn) {
        reactor.ready().push(call);
        reactor.poll_next_turn();
        reactor.poll(true);
        reactor.run_ready();
        ASSERT_EQ(events, turn);
    }
    reactor.poller().remove(seen);
}

TEST(Reactor, WhatIsAskedForAtATurnsEndRunsInTheNextTurnWithoutWaiting) {
    Reactor reactor;
    int runs = 0;
    AtEnd again([&] {
        if (++runs < 3) {
            reactor.at_turn_end(again);
        }
    });
    reactor.at_turn_end(again);
    ASSERT_TRUE(run_until(reactor, [&] { return runs == 3; }));
}

TEST(Reactor, CancelledTurnEndsDoNotRun) {
    Reactor reactor;
    AtEnd never([] { ADD_FAILURE(); });
    AtEnd canceller([&] { reactor.cancel_turn_end(never); });
    reactor.at_turn_end(canceller);
    reactor.at_turn_end(never);
    reactor.end_turn();
}

/// A loop that counts how often it slept, and an eventfd that it watches.
struct BusyPolling {
    explicit BusyPolling(Nanoseconds time) {
        reactor.set_busy_poll(time);
        reactor.set_blocking_hooks(
            {[](void* count) noexcept { ++*static_cast<int*>(count); }, nullptr, &sleeps});
        seen.body = [this](std::uint32_t) {
            eventfd_t value = 0;
            ::eventfd_read(event, &value);
            ++events;
        };
        EXPECT_FALSE(reactor.poller().add(seen, event, Watcher::readable));
        ::eventfd_write(event, 1);
        EXPECT_TRUE(run_until(reactor, [&] { return events == 1; }));
        sleeps = 0;
    }
    ~BusyPolling() {
        reactor.poller().remove(seen);
        ::close(event);
    }

    Reactor reactor;
    Seen seen;
    int event = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    int events = 0;
    int sleeps = 0;
};

constexpr Nanoseconds very_long = 20'000'000'000;

TEST(Reactor, DoesNotSleepForWhatArrivesDuringABusyPoll) {
    BusyPolling loop(very_long);
    std::thread other([&] { ::eventfd_write(loop.event, 1); });
    EXPECT_TRUE(run_until(loop.reactor, [&] { return loop.events == 2; }));
    other.join();
    bool posted = false;
    Call call([&] { posted = true; });
    other = std::thread([&] { loop.reactor.post(call); });
    EXPECT_TRUE(run_until(loop.reactor, [&] { return posted; }));
    other.join();
    EXPECT_EQ(loop.sleeps, 0);
}

TEST(Reactor, EndsABusyPollAtTheNextTimer) {
    BusyPolling loop(very_long);
    const auto began = Reactor::now();
    EXPECT_FALSE(run_until(
        loop.reactor, [] { return false; }, std::chrono::milliseconds(1)));
    EXPECT_LT(Reactor::now() - began, very_long);
}

TEST(Reactor, SleepsAfterABusyPollInVain) {
    BusyPolling loop(1000);
    while (loop.sleeps == 0) { // on a busy machine the limit may be over before the sleep begins
        EXPECT_FALSE(run_until(
            loop.reactor, [] { return false; }, std::chrono::milliseconds(1)));
    }
}

struct Expiry final : Timer {
    explicit Expiry(Reactor& loop) : reactor(loop) {}
    ~Expiry() {
        if (is_armed()) {
            reactor.timers().cancel(*this);
        }
    }
    void arm(std::chrono::nanoseconds after) {
        reactor.timers().arm(*this, Reactor::now() + after.count());
    }
    void expire() noexcept override { late_by = Reactor::now() - deadline(); }

    Reactor& reactor;
    Nanoseconds late_by = -1; // not expired
};

TEST(TimerFd, WakesTheLoopForADeadlineThatIsFar) {
    Reactor reactor;
    Expiry far(reactor);
    far.arm(std::chrono::milliseconds(150));
    EXPECT_TRUE(run_until(reactor, [&] { return far.late_by >= 0; }));
}

TEST(TimerFd, IsSetAgainForAnEarlierDeadline) {
    Reactor reactor;
    Expiry far(reactor);
    Expiry nearer(reactor);
    far.arm(std::chrono::hours(1));
    Call call([&] { nearer.arm(std::chrono::milliseconds(150)); });
    std::thread other([&] { reactor.post(call); }); // the loop may already be sleeping
    EXPECT_TRUE(run_until(reactor, [&] { return nearer.late_by >= 0; }));
    other.join();
    EXPECT_TRUE(far.is_armed());
}

TEST(TimerFd, OfADeadlineThatWasCancelledWakesTheLoopForNothing) {
    BusyPolling loop(0);
    Expiry cancelled(loop.reactor);
    Expiry later(loop.reactor);
    cancelled.arm(std::chrono::seconds(1));
    ::eventfd_write(loop.event, 1);
    loop.reactor.poll(true); // sets the timerfd and does not sleep
    EXPECT_EQ(loop.events, 2);
    loop.reactor.timers().cancel(cancelled);
    later.arm(std::chrono::milliseconds(1200));
    EXPECT_TRUE(run_until(loop.reactor, [&] { return later.late_by >= 0; }));
    EXPECT_EQ(cancelled.late_by, -1);
    EXPECT_GE(loop.sleeps, 2);
}

TEST(Poller, AnEventOfAClosedDescriptorDoesNotReachTheOneThatGotItsNumber) {
    Reactor reactor;
    Seen first;
    Seen second;
    Seen newcomer;
    int events = 0;
    Socket one(::eventfd(1, EFD_NONBLOCK));
    Socket other(::eventfd(1, EFD_NONBLOCK));
    Socket reborn;
    // The first watcher in the batch closes the other one's descriptor, whose event is in the same
    // batch. The number is reused at once, for a descriptor that is not ready.
    const auto replace = [&](Seen& victim, Socket& its) {
        ++events;
        const int number = its.fileno();
        reactor.poller().remove(victim);
        its.close();
        reborn = Socket(::eventfd(0, EFD_NONBLOCK));
        ASSERT_EQ(reborn.fileno(), number);
        newcomer.body = [](std::uint32_t) { ADD_FAILURE() << "got another descriptor's event"; };
        ASSERT_FALSE(reactor.poller().add(newcomer, reborn.fileno(), Watcher::readable));
    };
    first.body = [&](std::uint32_t) { replace(second, other); };
    second.body = [&](std::uint32_t) { replace(first, one); };
    ASSERT_FALSE(reactor.poller().add(first, one.fileno(), Watcher::readable));
    ASSERT_FALSE(reactor.poller().add(second, other.fileno(), Watcher::readable));
    reactor.poller().wait(0);
    EXPECT_EQ(events, 1);
    reactor.poller().remove(first);
    reactor.poller().remove(second);
    reactor.poller().remove(newcomer);
}

TEST(Poller, WatchesTheFileThatHasTheNumberOfAClosedDescriptor) {
    Reactor reactor;
    Seen seen;
    int events = 0;
    seen.body = [&](std::uint32_t) { ++events; };
    const int number = ::eventfd(0, EFD_NONBLOCK);
    ASSERT_FALSE(reactor.poller().add(seen, number, Watcher::readable));
    ::close(number);
    Socket reborn(::eventfd(1, EFD_NONBLOCK));
    ASSERT_EQ(reborn.fileno(), number);
    reactor.poller().wait(0);
    EXPECT_EQ(events, 0);
    ASSERT_FALSE(reactor.poller().renew(seen, Watcher::readable));
    reactor.poller().wait(0);
    EXPECT_EQ(events, 1);
    reactor.poller().remove(seen);
}

TEST(Poller, WatchesADescriptorThatComesBackWithoutHavingBeenRemoved) {
    Reactor reactor;
    Seen forgotten;
    Seen seen;
    int events = 0;
    forgotten.body = [](std::uint32_t) { ADD_FAILURE() << "was removed"; };
    seen.body = [&](std::uint32_t) { ++events; };
    const Socket copy(::eventfd(1, EFD_NONBLOCK));
    const Socket original(::dup(copy.fileno()));
    const int number = original.fileno();
    ASSERT_FALSE(reactor.poller().add(forgotten, number, Watcher::readable));
    ::close(number);
    reactor.poller().remove(forgotten); // in vain: the number is closed
    ASSERT_EQ(::dup2(copy.fileno(), number), number);
    ASSERT_FALSE(reactor.poller().add(seen, number, Watcher::readable));
    reactor.poller().wait(0);
    EXPECT_EQ(events, 1);
    reactor.poller().remove(seen);
}

TEST(Poller, ForgetsAClosedDescriptorWhoseFileIsOpenElsewhere) {
    Reactor reactor;
    Seen closed;
    Seen open;
    int events = 0;
    closed.body = [](std::uint32_t) { ADD_FAILURE() << "was removed"; };
    open.body = [&](std::uint32_t) { ++events; };
    const Socket copy(::eventfd(1, EFD_NONBLOCK));
    Socket original(::dup(copy.fileno()));
    const Socket other(::eventfd(0, EFD_NONBLOCK));
    ASSERT_FALSE(reactor.poller().add(closed, original.fileno(), Watcher::readable));
    ASSERT_FALSE(reactor.poller().add(open, other.fileno(), Watcher::readable));
    original.close();
    reactor.poller().remove(closed);
    int turns = 0;
    while (reactor.poller().collect(0) != 0) {
        reactor.poller().dispatch(1);
        ASSERT_LT(++turns, 10) << "the kernel reports it again and again";
    }
    ::eventfd_write(other.fileno(), 1);
    reactor.poller().wait(0);
    EXPECT_EQ(events, 1);
    reactor.poller().remove(open);
}

TEST(Poller, HandlesMoreEventsThanFitIntoOneBatch) {
    Reactor reactor;
    constexpr std::size_t count = 300;
    std::vector<Socket> sockets;
    std::vector<Seen> watchers(count);
    std::size_t seen = 0;
    for (Seen& watcher : watchers) {
        sockets.emplace_back(::eventfd(1, EFD_NONBLOCK));
        watcher.body = [&](std::uint32_t) {
            ++seen;
            reactor.poller().remove(watcher);
        };
        ASSERT_FALSE(reactor.poller().add(watcher, sockets.back().fileno(), Watcher::readable));
    }
    ASSERT_TRUE(run_until(reactor, [&] { return seen == count; }));
    EXPECT_EQ(reactor.poller().size(), 2U); // the inbox and the timerfd
}

TEST(Inbox, PostsFromManyThreadsAllArriveEachThreadsInOrder) {
    constexpr int threads = 4;
    constexpr int posts = 20'000;
    Reactor reactor;
    std::atomic<int> arrived{0};
    std::vector<std::vector<std::unique_ptr<Call>>> calls(threads);
    std::vector<int> next(threads, 0);
    for (int t = 0; t < threads; ++t) {
        for (int i = 0; i < posts; ++i) {
            calls[static_cast<std::size_t>(t)].push_back(std::make_unique<Call>([&, t, i] {
                EXPECT_EQ(next[static_cast<std::size_t>(t)]++, i);
                arrived.fetch_add(1, std::memory_order_relaxed);
            }));
        }
    }
    std::vector<std::thread> posters;
    for (int t = 0; t < threads; ++t) {
        posters.emplace_back([&, t] {
            for (int i = 0; i < posts; ++i) {
                reactor.post(*calls[static_cast<std::size_t>(t)][static_cast<std::size_t>(i)]);
                if (i % 1000 == 0) {
                    // Let the loop fall asleep now and then, because the wake-up is what is tested.
                    while (arrived.load(std::memory_order_relaxed) < i) {
                        std::this_thread::yield();
                    }
                }
            }
        });
    }
    EXPECT_TRUE(run_until(reactor, [&] { return arrived.load() == threads * posts; }));
    for (std::thread& poster : posters) {
        poster.join();
    }
}

TEST(Inbox, WakeEndsAWaitWithoutADeadline) {
    Reactor reactor;
    for (int i = 0; i < 200; ++i) {
        std::thread waker([&] { reactor.wake(); });
        reactor.poll(true); // hangs if a wake-up is lost
        waker.join();
        reactor.run_ready();
        // A wake-up from before the wait counts for one wait only: the rest of it ends the next
        // wait.
        reactor.wake();
        reactor.poll(true);
    }
}

struct CountingSink final : SignalSink {
    std::atomic<int> count{0};
    void on_signal(int) noexcept override { count.fetch_add(1); }
};

TEST(Signals, ASignalReachesTheLoopThatTookIt) {
    Reactor reactor;
    CountingSink sink;
    reactor.set_signal_sink(&sink);
    ASSERT_TRUE(reactor.signals().take(SIGUSR2));
    for (int i = 1; i <= 100; ++i) {
        ::raise(SIGUSR2);
        ASSERT_TRUE(run_until(reactor, [&] { return sink.count == i; }));
    }
    EXPECT_TRUE(reactor.signals().give_back(SIGUSR2));
    EXPECT_FALSE(reactor.signals().give_back(SIGUSR2));
}

TEST(Signals, NoSignalOfAnotherThreadIsLost) {
    Reactor reactor;
    CountingSink sink;
    reactor.set_signal_sink(&sink);
    ASSERT_TRUE(reactor.signals().take(SIGUSR2));
    constexpr int rounds = 2000;
    std::thread killer([&] {
        for (int i = 0; i < rounds; ++i) {
            const int before = sink.count.load();
            ::pthread_kill(::pthread_self(), SIGUSR2);
            while (sink.count.load() == before) { // forever if the loop misses the signal
                std::this_thread::yield();
            }
        }
    });
    EXPECT_TRUE(run_until(reactor, [&] { return sink.count == rounds; }));
    killer.join();
}

TEST(Signals, ASignalBelongsToOneLoopAtATime) {
    Reactor first;
    Reactor second;
    ASSERT_TRUE(first.signals().take(SIGUSR2));
    EXPECT_FALSE(second.signals().take(SIGUSR2));
    EXPECT_EQ(errno, EBUSY);
    EXPECT_TRUE(first.signals().give_back(SIGUSR2));
    EXPECT_TRUE(second.signals().take(SIGUSR2));
    EXPECT_FALSE(first.signals().take(SIGKILL));
    EXPECT_FALSE(first.signals().take(0));
    EXPECT_EQ(errno, EINVAL);
}

} // namespace
} // namespace hocket::engine
