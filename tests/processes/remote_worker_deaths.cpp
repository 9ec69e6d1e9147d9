// What becomes of calls whose worker dies, with every kind of RemoteExecutor.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include <hocket/errors.hpp>

#include "support/remote_pool.hpp"

using namespace hocket;

namespace {

int twice(int n) { return 2 * n; }

[[gnu::noinline]] int overflow_the_stack(int depth) {
    volatile char frame[4096];
    frame[0] = static_cast<char>(depth);
    if (depth < 0) {
        return 0; // not reached: the stack is too small
    }
    return overflow_the_stack(depth + 1) + frame[0];
}

/// Runs `deadly` among other calls, which must not be affected. Returns the error of its future.
template <class F> WorkerDied die_among_others(RemoteExecutor& pool, F deadly) {
    std::vector<Future<int>> others;
    for (int i = 0; i < 50; ++i) {
        others.push_back(pool.submit(twice, i));
    }
    const auto dying = pool.submit({.name = "the deadly one"}, deadly);
    for (int i = 50; i < 100; ++i) {
        others.push_back(pool.submit(twice, i));
    }
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(others[static_cast<std::size_t>(i)].result(), 2 * i);
    }
    try {
        dying.result();
    } catch (const WorkerDied& error) {
        return error;
    }
    ADD_FAILURE() << "the call survived";
    return WorkerDied("", 0, 0, "");
}

/// A pool whose workers die in their initializer breaks, and all its futures complete.
void expect_broken(RemoteExecutor& pool, const std::string& reason) {
    std::vector<Future<int>> futures;
    for (int i = 0; i < 10; ++i) {
        futures.push_back(pool.submit(twice, i));
    }
    for (const Future<int>& future : futures) {
        try {
            future.result();
            ADD_FAILURE() << "a worker whose initializer failed handled a call";
        } catch (const BrokenExecutor& error) {
            EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
        }
    }
    EXPECT_THROW(static_cast<void>(pool.submit(twice, 1)), BrokenExecutor);
    pool.shutdown();
}

class RemoteWorkerDeaths : public EachRemotePool {};
INSTANTIATE_FOR_EACH_REMOTE_POOL(RemoteWorkerDeaths);

} // namespace

// Clang makes noreturn part of the function's type.
TEST_P(RemoteWorkerDeaths, ByAFunctionThatDoesNotReturn) {
    const auto pool = make(1);
    try {
        pool->submit(::_exit, 9).result();
        FAIL();
    } catch (const WorkerDied& error) {
        EXPECT_EQ(error.exitcode(), 9);
    }
}

TEST_P(RemoteWorkerDeaths, ByAKillIsOneCallsFailure) {
    const WorkerDied error = die_among_others(*make(2), [] { ::raise(SIGKILL); });
    EXPECT_EQ(error.exitcode(), -SIGKILL);
    EXPECT_GT(error.pid(), 0);
    EXPECT_THAT(error.what(), testing::HasSubstr("was ended by SIGKILL"));
    EXPECT_THAT(error.what(), testing::HasSubstr("while running 'the deadly one'"));
}

TEST_P(RemoteWorkerDeaths, ByACrashIsOneCallsFailure) {
    const WorkerDied error = die_among_others(*make(2), [] {
        std::signal(SIGSEGV, SIG_DFL); // sanitizers install a handler
        ::raise(SIGSEGV);
    });
    EXPECT_EQ(error.exitcode(), -SIGSEGV);
}

TEST_P(RemoteWorkerDeaths, ByExitIsOneCallsFailure) {
    const WorkerDied error = die_among_others(*make(2), [] { ::_exit(3); });
    EXPECT_EQ(error.exitcode(), 3);
    EXPECT_THAT(error.what(), testing::HasSubstr("ended with exit code 3"));
    EXPECT_EQ(die_among_others(*make(2), [] { ::_exit(0); }).exitcode(), 0);
}

TEST_P(RemoteWorkerDeaths, ByAStackOverflowIsOneCallsFailure) {
    const WorkerDied error = die_among_others(*make(2), [] {
        std::signal(SIGSEGV, SIG_DFL);
        return overflow_the_stack(0);
    });
    EXPECT_LT(error.exitcode(), 0);
}

TEST_P(RemoteWorkerDeaths, TellsItsLastWords) {
    if (!GetParam().reads_output) {
        GTEST_SKIP() << "the workers write to this process's stderr";
    }
    const WorkerDied error = die_among_others(*make(2), [] {
        std::fputs("the disk is on fire\n", stderr);
        ::abort();
    });
    EXPECT_EQ(error.exitcode(), -SIGABRT);
    EXPECT_THAT(error.last_words(), testing::HasSubstr("the disk is on fire"));
    EXPECT_THAT(error.what(), testing::HasSubstr("the disk is on fire"));
}

TEST_P(RemoteWorkerDeaths, OutOfMemoryIsAnExceptionOrADeathOfThatCallOnly) {
    if (sanitized) {
        GTEST_SKIP() << "sanitizers reserve more address space than the limit";
    }
    const auto pool = make(1);
    const auto hungry = pool->submit([] {
        const rlimit limit{std::size_t{256} << 20, std::size_t{256} << 20};
        ::setrlimit(RLIMIT_AS, &limit);
        return std::string(std::size_t{1} << 30, 'x');
    });
    EXPECT_THROW(hungry.result(), std::bad_alloc);
    EXPECT_EQ(pool->submit(twice, 4).result(), 8);
}

TEST_P(RemoteWorkerDeaths, InTheInitializerByExitBreaksThePool) {
    for (const std::size_t workers : {1U, 3U}) {
        expect_broken(*make(workers, {.initializer = [] { ::_exit(3); }}), "exit code 3");
    }
}

TEST_P(RemoteWorkerDeaths, InTheInitializerByACrashBreaksThePool) {
    expect_broken(*make(2, {.initializer = [] { ::raise(SIGKILL); }}), "SIGKILL");
}

TEST_P(RemoteWorkerDeaths, InTheInitializerByAnExceptionBreaksThePool) {
    expect_broken(*make(3, {.initializer = [] { throw std::runtime_error("no licence"); }}),
                  "no licence");
}
