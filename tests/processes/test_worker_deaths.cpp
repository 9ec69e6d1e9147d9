// Guarantees of a process pool whose workers die: each test tries to break them.
// remote_worker_deaths.cpp has those of all executors.

#include <hocket/process_pool_executor.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/gather.hpp>
#include <hocket/run.hpp>
#include <hocket/shared_array.hpp>
#include <hocket/shared_value.hpp>
#include <hocket/sleep.hpp>
#include <hocket/task_group.hpp>

#include "support/open_descriptors.hpp"
#include "support/start_methods.hpp"
#include <fcntl.h>

using namespace hocket;
using namespace std::chrono_literals;

namespace {

int twice(int n) { return 2 * n; }

/// Runs `deadly` among other calls, which must not be affected. Returns the error of its future.
template <class F> WorkerDied die_among_others(StartMethod method, F deadly) {
    ProcessPoolExecutor pool(2, {.start_method = method});
    std::vector<Future<int>> others;
    for (int i = 0; i < 50; ++i) {
        others.push_back(pool.submit(twice, i));
    }
    const auto dying = pool.submit(deadly);
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

std::size_t files_in_shared_memory() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
        ++count;
    }
    return count;
}

// A worker that should fail during its start checks this before main.
constexpr const char* fail_at_start = "HOCKET_TEST_FAIL_AT_START";
const bool failed_at_start = [] {
    if (std::getenv("HOCKET_WORKER") != nullptr) {
        if (const char* path = std::getenv(fail_at_start)) {
            // The number of starts that still have to fail is the size of the file.
            std::error_code error;
            const auto left = std::filesystem::file_size(path, error);
            if (!error && left > 0) {
                std::filesystem::resize_file(path, left - 1, error);
                ::_exit(42);
            }
        }
    }
    return false;
}();

/// Makes the next `count` workers of this process end during their start.
class FailingStarts {
public:
    explicit FailingStarts(int count)
        : path_(std::filesystem::temp_directory_path() /
                ("hocket-test-" + std::to_string(::getpid()))) {
        std::ofstream(path_) << std::string(static_cast<std::size_t>(count), '.');
        ::setenv(fail_at_start, path_.c_str(), 1);
        end_fork_server(); // it has already started
    }
    ~FailingStarts() {
        ::unsetenv(fail_at_start);
        std::filesystem::remove(path_);
    }

private:
    std::filesystem::path path_;
};

class WorkerDeath : public EachStartMethod {
protected:
    /// Creates what is created only once. A fork server that was killed is reaped and replaced.
    static void start_once() {
        ProcessPoolExecutor pool(1, {.start_method = GetParam()});
        pool.submit(twice, 1).result();
    }
};
INSTANTIATE_FOR_EACH_START_METHOD(WorkerDeath);

} // namespace

TEST_P(WorkerDeath, BetweenCallsFailsNoCall) {
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    const pid_t worker = pool.submit([] { return ::getpid(); }).result();
    ::kill(worker, SIGKILL);
    EXPECT_EQ(pool.submit(twice, 21).result(), 42);
}

TEST_P(WorkerDeath, WhileStartingIsTriedAgain) {
    if (GetParam() == StartMethod::fork) {
        GTEST_SKIP() << "a forked worker does not construct statics, which could fail";
    }
    const FailingStarts failing(3);
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    EXPECT_EQ(pool.submit(twice, 21).result(), 42);
}

TEST_P(WorkerDeath, AtEveryStartBreaksThePoolWithTheReason) {
    if (GetParam() == StartMethod::fork) {
        GTEST_SKIP() << "a forked worker does not construct statics, which could fail";
    }
    const FailingStarts failing(1000);
    ProcessPoolExecutor pool(2, {.start_method = GetParam()});
    const auto call = pool.submit(twice, 21);
    try {
        call.result();
        FAIL();
    } catch (const BrokenExecutor& error) {
        EXPECT_NE(std::string(error.what()).find("exit code 42"), std::string::npos)
            << error.what();
    }
    EXPECT_THROW(static_cast<void>(pool.submit(twice, 1)), BrokenExecutor);
}

/// The path of a file beside this program, the same in every process.
std::string marker_of(StartMethod method) {
    return std::filesystem::read_symlink("/proc/self/exe").string() + ".marker" +
           std::to_string(static_cast<int>(method));
}

/// The first initializer that runs dies, the others do not.
template <StartMethod method> void die_if_first() {
    const int fd = ::open(marker_of(method).c_str(), O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        ::_exit(3);
    }
}

TEST_P(WorkerDeath, InTheInitializerOfOneWorkerIsTriedAgain) {
    void (*initializer)() = die_if_first<StartMethod::spawn>;
    if (GetParam() == StartMethod::forkserver) {
        initializer = die_if_first<StartMethod::forkserver>;
    } else if (GetParam() == StartMethod::fork) {
        initializer = die_if_first<StartMethod::fork>;
    }
    std::filesystem::remove(marker_of(GetParam()));
    {
        ProcessPoolExecutor pool(3, {.start_method = GetParam(), .initializer = initializer});
        std::vector<Future<int>> futures;
        for (int i = 0; i < 100; ++i) {
            futures.push_back(pool.submit(twice, i));
        }
        for (int i = 0; i < 100; ++i) {
            EXPECT_EQ(futures[static_cast<std::size_t>(i)].result(), 2 * i);
        }
    }
    EXPECT_TRUE(std::filesystem::remove(marker_of(GetParam())));
}

void close_everything() {
    for (int fd = 3; fd < 256; ++fd) {
        ::close(fd);
    }
}

TEST_P(WorkerDeath, ByClosingItsDescriptorsIsOneCallsFailure) {
    const WorkerDied error = die_among_others(GetParam(), close_everything);
    EXPECT_NE(std::string(error.what()).find("closed the descriptors of its worker"),
              std::string::npos)
        << error.what();
}

TEST_P(WorkerDeath, ByPuttingOtherDescriptorsInTheirPlaceIsOneCallsFailure) {
    die_among_others(GetParam(), [] {
        close_everything();
        for (int i = 0; i < 64; ++i) {
            static_cast<void>(::open("/dev/null", O_RDWR));
        }
    });
}

TEST_P(WorkerDeath, InTheMiddleOfALargeAnswerLeavesNothingHalf) {
    // Copying the result into shared memory takes some milliseconds; the kill happens during that
    // time.
    ProcessPoolExecutor pool(1, {.start_method = GetParam()});
    std::minstd_rand random(7);
    int died = 0;
    for (int round = 0; round < 30; ++round) {
        const pid_t worker = pool.submit([] { return ::getpid(); }).result();
        const auto large =
            pool.submit([] { return std::vector<double>(std::size_t{4} << 20, 1.0); });
        while (!large.running() && !large.done()) {
            std::this_thread::yield();
        }
        ::usleep(static_cast<useconds_t>(random() % 20'000));
        ::kill(worker, SIGKILL);
        try {
            const auto values = large.result();
            EXPECT_EQ(values.size(), std::size_t{4} << 20);
            EXPECT_EQ(std::ranges::count(values, 1.0), std::ptrdiff_t{4} << 20);
        } catch (const WorkerDied&) {
            ++died;
        }
    }
    EXPECT_GT(died, 0);
    EXPECT_EQ(pool.submit(twice, 21).result(), 42);
}

TEST_P(WorkerDeath, OfTheOwnerEndsTheWorkers) {
    SharedValue<int> pid_of_worker;
    // The owner itself is a worker, so that it can be killed.
    ProcessPoolExecutor outer(1, {.start_method = GetParam()});
    const auto owner = outer.submit(
        [](SharedValue<int> shared, StartMethod method) {
            ProcessPoolExecutor inner(1, {.start_method = method});
            inner
                .submit(
                    [](SharedValue<int> known) {
                        known.store(::getpid());
                        ::pause();
                    },
                    shared)
                .result();
        },
        pid_of_worker, GetParam());
    while (pid_of_worker.load() == 0) {
        std::this_thread::yield();
    }
    ASSERT_TRUE(owner.cancel()); // kills the owner
    while (!is_gone(pid_of_worker.load())) {
        std::this_thread::yield();
    }
}

TEST_P(WorkerDeath, LeaksNothing) {
    start_once();
    const std::size_t descriptors = open_descriptors();
    const std::size_t shared = files_in_shared_memory();
    {
        ProcessPoolExecutor pool(2, {.start_method = GetParam()});
        std::vector<Future<void>> dying;
        for (int i = 0; i < 10; ++i) {
            dying.push_back(pool.submit([] { ::raise(SIGKILL); }));
        }
        for (const auto& each : dying) {
            EXPECT_THROW(each.result(), WorkerDied);
        }
    }
    EXPECT_EQ(open_descriptors(), descriptors);
    EXPECT_EQ(files_in_shared_memory(), shared);
    EXPECT_TRUE(no_worker_is_left());
}

TEST_P(WorkerDeath, ManyPoolsLeakNothing) {
    start_once();
    const std::size_t descriptors = open_descriptors();
    const std::size_t shared = files_in_shared_memory();
    // An instrumented process takes thirty times as long to start.
    const int pools = sanitized ? 50 : GetParam() == StartMethod::spawn ? 1000 : 200;
    for (int i = 0; i < pools; ++i) {
        ProcessPoolExecutor pool(2, {.start_method = GetParam()});
        switch (i % 4) {
        case 0: break;
        case 1: EXPECT_EQ(pool.submit(twice, i).result(), 2 * i); break;
        case 2: static_cast<void>(pool.submit(twice, i)); break;
        default: static_cast<void>(pool.submit([] { ::_exit(1); })); break;
        }
    }
    EXPECT_EQ(open_descriptors(), descriptors);
    EXPECT_EQ(files_in_shared_memory(), shared);
    EXPECT_TRUE(no_worker_is_left());
}

namespace {

/// The outcomes of the calls while workers are killed. Every call must be counted in exactly one of
/// these.
struct Tally {
    std::atomic<int> results{0};
    std::atomic<int> deaths{0};
    std::atomic<int> wrong{0};

    void count(const Future<int>& call, int argument) {
        try {
            (call.result() == 2 * argument ? results : wrong).fetch_add(1);
        } catch (const WorkerDied&) {
            deaths.fetch_add(1);
        } catch (...) {
            wrong.fetch_add(1);
        }
    }
};

// Each worker writes its process id into its own slot when it starts a call.
constexpr std::size_t slots = 64;

int twice_as_target(SharedArray<pid_t> targets, int n) {
    targets[static_cast<std::size_t>(::getpid()) % slots] = ::getpid();
    std::atomic<int> work = 0;
    while (work.fetch_add(1, std::memory_order_relaxed) < (n % 64) * 500) {
    }
    return 2 * n;
}

} // namespace

TEST_P(WorkerDeath, UnderFullLoadLosesAndDoublesNothing) {
    const auto duration = GetParam() == StartMethod::spawn ? 20s : 5s;
    constexpr std::size_t in_flight = 200;
    const SharedArray<pid_t> targets(slots);
    Tally tally;
    std::atomic<int> submitted{0};
    start_once();
    const std::size_t descriptors = open_descriptors();
    {
        ProcessPoolExecutor pool(3, {.start_method = GetParam()});
        std::atomic<bool> over{false};

        std::thread killer([&] {
            std::minstd_rand random(42);
            while (!over) {
                ::usleep(static_cast<useconds_t>(random() % 20'000));
                const SeenProcess target = look_at(targets[random() % slots]);
                // If the pid was reused meanwhile, its process does not run this program.
                if (target.pid > 0 && runs_this_program(target.pid)) {
                    const SeenProcess parent = look_at(target.parent);
                    const bool is_servers_turn = parent.name == "forkserver" && random() % 8 == 0;
                    ::kill(is_servers_turn ? parent.pid : target.pid, SIGKILL);
                }
            }
        });
        const auto submit_from_thread = [&] {
            std::deque<std::pair<Future<int>, int>> calls;
            for (int n = 0; !over; ++n) {
                calls.emplace_back(pool.submit(twice_as_target, targets, n), n);
                submitted.fetch_add(1);
                if (calls.size() >= in_flight) {
                    tally.count(calls.front().first, calls.front().second);
                    calls.pop_front();
                }
            }
            for (const auto& [call, n] : calls) {
                tally.count(call, n);
            }
        };
        std::thread first(submit_from_thread);
        std::thread second(submit_from_thread);
        const auto submit_from_tasks = [&]() -> Coro<> {
            const auto worker = [&]() -> Coro<> {
                for (int n = 0; !over; ++n) {
                    const auto call = pool.submit(twice_as_target, targets, n);
                    submitted.fetch_add(1);
                    const auto outcomes = co_await gather_settled(call);
                    static_cast<void>(outcomes);
                    tally.count(call, n);
                }
            };
            const auto body = [&](TaskGroup& group) -> Coro<> {
                for (int i = 0; i < 50; ++i) {
                    group.create_task(worker);
                }
                co_await sleep(duration);
                over = true;
            };
            co_await with_task_group(body);
        };
        run(submit_from_tasks);
        first.join();
        second.join();
        killer.join();
    }
    EXPECT_EQ(tally.wrong, 0);
    EXPECT_EQ(tally.results + tally.deaths, submitted);
    EXPECT_GT(tally.deaths, GetParam() == StartMethod::spawn ? 10 : 0);
    EXPECT_GT(tally.results, 1000);
    start_once();
    EXPECT_EQ(open_descriptors(), descriptors);
    EXPECT_TRUE(no_worker_is_left());
    std::printf("%d calls: %d results, %d deaths\n", submitted.load(), tally.results.load(),
                tally.deaths.load());
}
