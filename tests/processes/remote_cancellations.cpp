// Cancellation, timeouts and the shutdown of every kind of RemoteExecutor.

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <hocket/errors.hpp>
#include <hocket/run.hpp>
#include <hocket/wait.hpp>

#include "support/remote_pool.hpp"
#include "support/temporary_folder.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }

/// Says that it runs, by creating a file, and never returns.
void run_without_end(const std::string& sign) {
    std::ofstream{sign};
    for (;;) {
        ::pause();
    }
}

class RemoteCancellations : public EachRemotePool {};
INSTANTIATE_FOR_EACH_REMOTE_POOL(RemoteCancellations);

} // namespace

TEST_P(RemoteCancellations, ACallThatRunsCanBeCancelledAndItsWorkerIsReplaced) {
    const auto pool = make(1);
    const TemporaryFolder folder;
    const std::string sign = folder.path() / "sign";
    const int first = pool->submit([] { return ::getpid(); }).result();
    const auto endless = pool->submit(run_without_end, sign);
    const auto next = pool->submit([] { return ::getpid(); });
    while (!std::filesystem::exists(sign) &&
           !endless.done()) { // a call that was only sent is dropped by its worker
        std::this_thread::yield();
    }
    EXPECT_TRUE(endless.running());
    EXPECT_TRUE(endless.cancel());
    EXPECT_TRUE(endless.cancelled());
    EXPECT_THROW(endless.result(), CancelledError);
    EXPECT_NE(next.result(), first);
}

TEST_P(RemoteCancellations, ACallThatWaitsCanBeCancelledAndNothingElseIsLost) {
    const auto pool = make(1);
    const auto endless = pool->submit([] { ::pause(); });
    const auto waiting = pool->submit(add, 1, 1);
    const auto next = pool->submit(add, 2, 2);
    EXPECT_TRUE(waiting.cancel());
    EXPECT_TRUE(endless.cancel());
    EXPECT_EQ(next.result(), 4);
    EXPECT_FALSE(next.cancel());
}

TEST_P(RemoteCancellations, CancellingTheTaskThatAwaitsEndsTheCall) {
    const auto main = []() -> Coro<bool> {
        const auto pool = make(1);
        const auto endless = pool->submit([] { ::pause(); });
        bool late = false;
        try {
            co_await wait_for(endless, 20ms);
        } catch (const TimeoutError&) {
            late = true;
        }
        co_return late&& endless.cancelled();
    };
    EXPECT_TRUE(run(main));
}

TEST_P(RemoteCancellations, ACallThatRunsTooLongIsEnded) {
    const auto pool = make(1);
    const auto quick = pool->submit({.timeout = 10s}, add, 1, 2);
    const auto late = pool->submit({.timeout = 20ms}, [] { ::pause(); });
    const auto next = pool->submit({.timeout = 10s}, add, 3, 4);
    EXPECT_EQ(quick.result(), 3);
    EXPECT_THROW(late.result(), TimeoutError);
    EXPECT_EQ(next.result(), 7);
}

TEST_P(RemoteCancellations, ATimeoutHoldsForACallThatHadToWait) {
    const auto pool = make(1);
    const auto nap = [] { std::this_thread::sleep_for(1ms); };
    for (int i = 0; i < 300; ++i) { // more than a worker gets ahead
        pool->submit(nap);
    }
    const auto late = pool->submit({.timeout = 20ms}, [] { std::this_thread::sleep_for(60s); });
    EXPECT_THROW(late.result(), TimeoutError);
}

TEST_P(RemoteCancellations, RefusesWorkAfterItsShutdown) {
    const auto pool = make(1);
    const auto before = pool->submit(add, 1, 1);
    pool->shutdown();
    EXPECT_EQ(before.result(), 2);
    EXPECT_THROW(static_cast<void>(pool->submit(add, 1, 1)), RuntimeError);
    pool->shutdown();
}

TEST_P(RemoteCancellations, ShutdownCanCancelWhatHasNotStarted) {
    const auto pool = make(1);
    const auto running = pool->submit([] { ::usleep(50'000); });
    while (!running.running() && !running.done()) {
        std::this_thread::yield();
    }
    std::vector<Future<int>> waiting;
    for (int i = 0; i < 500; ++i) {
        waiting.push_back(pool->submit(add, i, 1));
    }
    pool->shutdown({.cancel_futures = true});
    EXPECT_NO_THROW(running.result());
    for (const auto& future : waiting) {
        EXPECT_TRUE(future.cancelled());
    }
}

TEST_P(RemoteCancellations, ShutdownWithAFullQueueAndExceptionsInFlightLosesNothing) {
    std::vector<Future<int>> calls;
    {
        const auto pool = make(2);
        for (int i = 0; i < 2'000; ++i) {
            calls.push_back(pool->submit(
                [](int n) { return n % 2 == 0 ? n : throw std::domain_error("odd"); }, i));
        }
        pool->shutdown({.wait = false});
    } // and the destructor waits
    for (int i = 0; i < 2'000; ++i) {
        ASSERT_TRUE(calls[static_cast<std::size_t>(i)].done());
        if (i % 2 == 0) {
            EXPECT_EQ(calls[static_cast<std::size_t>(i)].result(), i);
        } else {
            EXPECT_THROW(calls[static_cast<std::size_t>(i)].result(), std::domain_error);
        }
    }
}

TEST_P(RemoteCancellations, KillWorkersEndsItWithWhateverRuns) {
    const auto pool = make(2);
    const auto endless = pool->submit([] { ::pause(); });
    while (!endless.running() && !endless.done()) {
        std::this_thread::yield();
    }
    pool->kill_workers();
    EXPECT_THROW(endless.result(), WorkerDied);
}

TEST_P(RemoteCancellations, WorkersLeaveCtrlCToTheirOwner) {
    const auto pool = make(1);
    const pid_t worker = pool->submit([] { return ::getpid(); }).result();
    ::kill(worker, SIGINT);
    EXPECT_EQ(pool->submit([] { return ::getpid(); }).result(), worker);
}

TEST_P(RemoteCancellations, ACallbackMayDestroyThePool) {
    auto pool = make(1);
    std::promise<void> destroyed;
    pool->submit(add, 1, 2).add_done_callback([&] {
        pool.reset();
        destroyed.set_value();
    });
    destroyed.get_future().wait();
    EXPECT_EQ(pool, nullptr);
}
