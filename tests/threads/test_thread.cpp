#include <hocket/thread.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>
#include <unistd.h>

#include <hocket/context.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>

namespace {

using namespace hocket;
using namespace std::chrono_literals;

/// A thread's function that runs until `open` is called.
class Latch {
public:
    void open() { promise_.set_result(); }
    void pass() const { future_.result(); }

private:
    Promise<> promise_;
    Future<> future_ = promise_.get_future();
};

TEST(Thread, RunsItsFunctionOnAThreadOfItsOwn) {
    std::thread::id where;
    Thread thread([&] { where = std::this_thread::get_id(); });
    thread.start();
    thread.join();
    EXPECT_NE(where, std::thread::id());
    EXPECT_NE(where, std::this_thread::get_id());
}

TEST(Thread, DoesNotStartByItself) {
    bool ran = false;
    {
        Thread thread([&] { ran = true; });
    }
    EXPECT_FALSE(ran);
}

TEST(Thread, KeepsCopiesOfItsArguments) {
    std::string seen;
    std::string word = "first";
    Thread thread(
        [&](const std::string& a, std::unique_ptr<int> b) { seen = a + std::to_string(*b); }, word,
        std::make_unique<int>(2));
    word = "second";
    thread.start();
    thread.join();
    EXPECT_EQ(seen, "first2");
}

TEST(Thread, DropsItsFunctionBeforeAnybodyHearsOfTheEnd) {
    auto kept = std::make_shared<int>(1);
    Thread thread([kept] {});
    thread.start();
    thread.future().result();
    EXPECT_EQ(kept.use_count(), 1);
}

TEST(Thread, IsAliveFromStartToTheFunctionsEnd) {
    Latch latch;
    Thread thread([&] { latch.pass(); });
    EXPECT_FALSE(thread.is_alive());
    thread.start();
    EXPECT_TRUE(thread.is_alive());
    latch.open();
    thread.join();
    EXPECT_FALSE(thread.is_alive());
}

TEST(Thread, HasIdentitiesOnceItIsStarted) {
    std::uint64_t ident = 0;
    pid_t native_id = 0;
    Thread thread([&] {
        ident = static_cast<std::uint64_t>(::pthread_self());
        native_id = ::gettid();
    });
    EXPECT_FALSE(thread.ident().has_value());
    EXPECT_FALSE(thread.native_id().has_value());
    thread.start();
    thread.join();
    EXPECT_EQ(thread.ident(), ident);
    EXPECT_EQ(thread.native_id(), native_id);
}

TEST(Thread, IsNumberedUnlessItIsNamed) {
    const Thread unnamed([] {});
    EXPECT_EQ(unnamed.name().substr(0, 7), "Thread-");
    const Thread named({.name = "reader"}, [] {});
    EXPECT_EQ(named.name(), "reader");
    EXPECT_FALSE(named.daemon());
}

TEST(Thread, ShowsTheKernelFifteenCharactersOfItsName) {
    std::string comm;
    Thread thread({.name = "a name of more than fifteen"},
                  [&] { std::getline(std::ifstream("/proc/thread-self/comm"), comm); });
    thread.start();
    thread.join();
    EXPECT_EQ(comm, "a name of more ");
    EXPECT_EQ(thread.name(), "a name of more than fifteen");
}

TEST(Thread, JoinThrowsTheFunctionsExceptionEveryTime) {
    Thread thread([] { throw std::out_of_range("far"); });
    thread.start();
    EXPECT_THROW(thread.join(), std::out_of_range);
    EXPECT_THROW(thread.join(), std::out_of_range);
    EXPECT_THROW(thread.join(1h), std::out_of_range);
}

TEST(Thread, JoinWithATimeoutSaysWhetherItEnded) {
    Latch latch;
    Thread thread([&] { latch.pass(); });
    thread.start();
    EXPECT_FALSE(thread.join(1ms));
    EXPECT_FALSE(thread.join(0s));
    latch.open();
    EXPECT_TRUE(thread.join(1h));
    EXPECT_TRUE(thread.join(0s));
}

TEST(Thread, StartsOnce) {
    Thread thread([] {});
    thread.start();
    EXPECT_THROW(thread.start(), RuntimeError);
    thread.join();
    EXPECT_THROW(thread.start(), RuntimeError);
}

TEST(Thread, CannotBeJoinedBeforeItStarts) {
    Thread thread([] {});
    EXPECT_THROW(thread.join(), RuntimeError);
    EXPECT_THROW(thread.join(1ms), RuntimeError);
}

TEST(Thread, CannotJoinItself) {
    std::unique_ptr<Thread> thread;
    thread = std::make_unique<Thread>([&] { thread->join(); });
    thread->start();
    try {
        thread->join();
        FAIL();
    } catch (const RuntimeError& error) {
        EXPECT_NE(std::string(error.what()).find("cannot join itself"), std::string::npos);
    }
}

TEST(Thread, IsJoinedByAnyNumber) {
    Latch latch;
    Thread thread([&] { latch.pass(); });
    thread.start();
    std::vector<Thread> joiners;
    for (int i = 0; i < 4; ++i) {
        joiners.emplace_back([&] { thread.join(); }).start();
    }
    latch.open();
    thread.join();
    for (Thread& joiner : joiners) {
        joiner.join();
    }
}

TEST(Thread, ReportsAnExceptionThatWasNeverJoined) {
    testing::internal::CaptureStderr();
    {
        Thread thread({.name = "careless"}, [] { throw std::runtime_error("lost"); });
        thread.start();
    }
    const std::string report = testing::internal::GetCapturedStderr();
    EXPECT_NE(report.find("thread 'careless'"), std::string::npos);
    EXPECT_NE(report.find("lost"), std::string::npos);
}

TEST(Thread, ReportsNothingWhenTheExceptionWasSeen) {
    testing::internal::CaptureStderr();
    {
        Thread joined([] { throw std::runtime_error("seen"); });
        joined.start();
        EXPECT_THROW(joined.join(), std::runtime_error);
        Thread watched([] { throw std::runtime_error("seen"); });
        watched.start();
        EXPECT_THROW(watched.future().result(), std::runtime_error);
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Thread, ItsDestructorWaits) {
    Latch latch;
    bool ended = false;
    Thread opener([&] { latch.open(); });
    {
        Thread thread([&] {
            latch.pass();
            ended = true;
        });
        thread.start();
        opener.start();
    }
    EXPECT_TRUE(ended);
}

TEST(Thread, IsNotWaitedForWhenItIsADaemon) {
    auto latch = std::make_shared<Latch>();
    Future<> end;
    {
        Thread thread({.daemon = true}, [latch] { latch->pass(); });
        EXPECT_TRUE(thread.daemon());
        thread.start();
        end = thread.future();
    }
    EXPECT_FALSE(end.done());
    latch->open();
    end.result();
}

TEST(Thread, MayDestroyItsOwnHandle) {
    auto thread = std::make_shared<std::unique_ptr<Thread>>();
    Promise<> ready;
    Future<> is_ready = ready.get_future();
    *thread = std::make_unique<Thread>([thread, is_ready] {
        is_ready.result();
        thread->reset();
    });
    (*thread)->start();
    const Future<> end = (*thread)->future();
    ready.set_result();
    end.result();
}

TEST(Thread, MovesAndWaitsForWhatItReplaces) {
    bool first_ended = false;
    Thread thread([&] { first_ended = true; });
    thread.start();
    Thread other({.name = "other"}, [] {});
    thread = std::move(other);
    EXPECT_TRUE(first_ended);
    EXPECT_EQ(thread.name(), "other");
    EXPECT_THROW(other.start(), RuntimeError); // NOLINT(bugprone-use-after-move)
    thread.start();
    thread.join();
}

TEST(Thread, StartsWithACopyOfItsCreatorsContext) {
    static ContextVar<int> var("var", 0);
    int seen = 0;
    std::unique_ptr<Thread> thread;
    copy_context().run([&] {
        var.set(1);
        thread = std::make_unique<Thread>([&] {
            seen = var.get();
            var.set(2);
        });
        var.set(3);
        thread->start();
        thread->join();
        EXPECT_EQ(var.get(), 3);
    });
    EXPECT_EQ(seen, 1);
    EXPECT_EQ(var.get(), 0);
}

TEST(Thread, RunsALoopWhoseTasksHaveTheirOwnContexts) {
    static ContextVar<int> var("var", 0);
    copy_context().run([&] {
        var.set(1);
        const auto main = []() -> Coro<> {
            EXPECT_EQ(var.get(), 1);
            const auto child = []() -> Coro<> {
                var.set(2);
                co_return;
            };
            co_await create_task(child);
            EXPECT_EQ(var.get(), 1);
        };
        Thread thread([&] { run(main); });
        thread.start();
        thread.join();
    });
}

TEST(Thread, IsAwaitedByATask) {
    const auto main = []() -> Coro<int> {
        int value = 0;
        Thread thread([&] { value = 7; });
        thread.start();
        co_await thread.future();
        co_return value;
    };
    EXPECT_EQ(run(main), 7);
}

TEST(Thread, DoesNotCallItsFunctionWhenItsFutureWasCancelledBefore) {
    bool called = false;
    Thread thread([&] { called = true; });
    EXPECT_TRUE(thread.future().cancel());
    thread.start();
    EXPECT_THROW(thread.join(), CancelledError);
    EXPECT_FALSE(called);
}

} // namespace
