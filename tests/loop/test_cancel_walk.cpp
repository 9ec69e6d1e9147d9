// Cancels tasks that await each other, in chains of any length and in circles.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <hocket/hocket.hpp>

#include "support/trace.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using testing::HasSubstr;
using trace::turns;

namespace {

constexpr int long_chain = 100'000;

enum class How { directly, by_gather, by_wait_for };

Coro<> await_task(Task<> task, How how) {
    switch (how) {
    case How::directly: co_await task; break;
    case How::by_gather: co_await gather(task); break;
    case How::by_wait_for: co_await wait_for(task, 1h); break;
    }
}

/// A chain of tasks in which each awaits the one before it; the first one sleeps.
std::vector<Task<>> make_chain(int length, How how) {
    std::vector<Task<>> tasks{create_task(sleep(1h))};
    for (int i = 1; i < length; ++i) {
        tasks.push_back(create_task(await_task(tasks.back(), how)));
    }
    return tasks;
}

class CancelChain : public testing::TestWithParam<How> {};

TEST_P(CancelChain, OfAnyLengthIsCancelled) {
    const How how = GetParam();
    run([how]() -> Coro<> {
        const std::vector<Task<>> tasks = make_chain(long_chain, how);
        co_await turns(3);
        Task<> last = tasks.back();
        EXPECT_TRUE(last.cancel());
        EXPECT_THROW(co_await last, CancelledError);
        for (const Task<>& task : tasks) {
            EXPECT_TRUE(task.cancelled());
            EXPECT_EQ(task.cancelling(), 1);
        }
    });
}

TEST_P(CancelChain, IsCancelledAtTheEndOfTheRun) {
    const How how = GetParam();
    std::vector<Task<>> tasks;
    run([&]() -> Coro<> {
        tasks = make_chain(long_chain, how);
        co_await turns(3);
    });
    for (const Task<>& task : tasks) {
        EXPECT_TRUE(task.cancelled());
    }
}

TEST_P(CancelChain, IsFinishedFromItsEnd) {
    const How how = GetParam();
    run([how]() -> Coro<> {
        Event event;
        std::vector<Task<>> tasks{create_task([&]() -> Coro<> { co_await event.wait(); })};
        for (int i = 1; i < long_chain; ++i) {
            tasks.push_back(create_task(await_task(tasks.back(), how)));
        }
        co_await turns(3);
        event.set();
        co_await tasks.back();
    });
}

/// `a` awaits `b`, and `b` awaits `a`.
struct Circle {
    explicit Circle(How how) {
        a = create_task({.name = "a"}, [this, how]() -> Coro<> { co_await await_task(b, how); });
        b = create_task({.name = "b"}, [this, how]() -> Coro<> { co_await await_task(a, how); });
    }
    /// The tasks are destroyed while they wait, so they cannot be locals of a test's coroutine.
    Task<> a, b;
};

TEST_P(CancelChain, ThatIsACircleIsARuntimeError) {
    const How how = GetParam();
    testing::internal::CaptureStderr(); // both tasks are destroyed pending
    std::string what;
    const auto program = [&]() -> Coro<> {
        Circle circle(how);
        co_await turns(3);
        try {
            circle.a.cancel();
        } catch (const RuntimeError& error) {
            what = error.what();
        }
        EXPECT_FALSE(circle.a.done());
    };
    EXPECT_THROW(run(program), RuntimeError); // run cannot cancel the remaining tasks either
    testing::internal::GetCapturedStderr();
    EXPECT_THAT(what, HasSubstr("in a cycle: a awaits b awaits a"));
}

std::string name_of(const testing::TestParamInfo<How>& how) {
    switch (how.param) {
    case How::directly: return "Directly";
    case How::by_gather: return "ByGather";
    case How::by_wait_for: return "ByWaitFor";
    }
    return "";
}

INSTANTIATE_TEST_SUITE_P(Awaited, CancelChain,
                         testing::Values(How::directly, How::by_gather, How::by_wait_for), name_of);

TEST(CancelWalk, CancelsATaskThatIsAwaitedTwiceForEachTime) {
    run([]() -> Coro<> {
        Task<> shared = create_task(sleep(1h));
        Task<> both = create_task([&]() -> Coro<> {
            co_await gather([&]() -> Coro<> { co_await shared; },
                            [&]() -> Coro<> { co_await shared; });
        });
        co_await turns(3);
        both.cancel("stop");
        EXPECT_THROW(co_await both, CancelledError);
        EXPECT_EQ(shared.cancelling(), 2); // as with asyncio
    });
}

TEST(CancelWalk, CancelsTheFirstOfAGatherFirst) {
    std::string order;
    run([&]() -> Coro<> {
        const auto note = [&](char name) -> Coro<> {
            try {
                co_await sleep(1h);
            } catch (const CancelledError&) {
                order += name;
                throw;
            }
        };
        Task<> all =
            create_task([&]() -> Coro<> { co_await gather(note('1'), note('2'), note('3')); });
        co_await turns(3);
        all.cancel();
        EXPECT_THROW(co_await all, CancelledError);
    });
    EXPECT_EQ(order, "123");
}

TEST(CancelWalk, ACircleThatATaskEntersByItselfIsReported) {
    std::string reported;
    const auto program = [&]() -> Coro<> {
        get_running_loop().set_exception_handler(
            [&](EventLoop&, const ExceptionContext& context) { reported = context.message; });
        Task<> a, b;
        a = create_task([&]() -> Coro<> { co_await b; });
        b = create_task([&]() -> Coro<> {
            current_task().cancel();
            co_await a;
        });
        co_await turns(3);
    };
    testing::internal::CaptureStderr();
    EXPECT_THROW(run(program), RuntimeError);
    testing::internal::GetCapturedStderr();
    EXPECT_EQ(reported, "a task cannot be cancelled");
}

TEST(CancelWalk, ACallbackOfTheOperationMayCancelOtherTasks) {
    run([]() -> Coro<> {
        Promise<void> promise;
        const Future<void> future = promise.get_future();
        Task<> other = create_task(sleep(1h));
        future.add_done_callback([&] { other.cancel(); });
        Task<> task = create_task([&]() -> Coro<> { co_await future; });
        co_await turns(3);
        task.cancel();
        EXPECT_EQ(other.cancelling(), 1);
        EXPECT_THROW(co_await other, CancelledError);
        EXPECT_THROW(co_await task, CancelledError);
    });
}

} // namespace
