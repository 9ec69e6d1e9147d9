// Measures functions whose best model is beyond doubt on any machine, and functions that cannot be
// measured.

#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>

#include "support/open_descriptors.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

const ChooseOptions brief{.budget = 2s};

std::vector<int> numbers(int count) {
    std::vector<int> items(static_cast<std::size_t>(count));
    std::iota(items.begin(), items.end(), 0);
    return items;
}

int add_one(int x) { return x + 1; }
int wait_20_ms(int x) {
    std::this_thread::sleep_for(20ms);
    return x;
}
Coro<int> await_20_ms(int x) {
    co_await sleep(20ms);
    co_return x;
}
int process_number(int) { return ::getpid(); }

struct Refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};
int refuse_three(int x) { return x == 3 ? throw Refused("three") : x; }

/// No ==, and cannot be packed.
struct Opaque {
    int value = 0;
};

std::size_t threads_of_this_process() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

template <class E, class F> std::string message_of(F&& call) {
    try {
        call();
    } catch (const E& error) {
        return error.what();
    }
    return "nothing was thrown";
}

} // namespace

TEST(Choose, OverlapsWaitsWithCoroutines) {
    const Choice choice = choose(numbers(64), wait_20_ms, await_20_ms, {.budget = 5s});
    EXPECT_EQ(choice.answer, ConcurrencyModel::coroutines) << choice.text();
    EXPECT_GE(choice.workers, 8U);
    EXPECT_GT(choice.speedup, 4.0);
    EXPECT_LE(choice.interval.low, choice.speedup);
    EXPECT_GE(choice.interval.high, choice.speedup);
    EXPECT_EQ(choice.models.size(), 4U);
    for (const Choice::Row& row : choice.models) {
        EXPECT_TRUE(row.items_per_second) << to_string(row.model) << ": " << row.reason;
        EXPECT_GT(row.memory, 0U);
    }
}

TEST(Choose, OverlapsWaitsWithThreadsIfThereIsNoCoroutine) {
    const Choice choice = choose(numbers(64), wait_20_ms, {.budget = 5s});
    EXPECT_EQ(choice.answer, ConcurrencyModel::threads) << choice.text();
    EXPECT_GT(choice.speedup, 4.0);
    EXPECT_THAT(choice.row(ConcurrencyModel::coroutines).reason, HasSubstr("coroutine version"));
}

TEST(Choose, CallsShortFunctionsSequentially) {
    const Choice choice = choose(numbers(1000), add_one, brief);
    EXPECT_EQ(choice.answer, ConcurrencyModel::sequential) << choice.text();
    EXPECT_EQ(choice.workers, 1U);
    EXPECT_EQ(choice.speedup, 1.0);
    for (const Choice::Prediction& prediction : choice.on_cores) {
        EXPECT_EQ(prediction.model, ConcurrencyModel::sequential) << prediction.cores;
    }
}

TEST(Choose, LeavesNoThreadProcessOrDescriptorBehind) {
    const auto measure = [] { return choose(numbers(8), add_one, {.budget = 500ms}); };
    EXPECT_NE(measure().answer, ConcurrencyModel::none); // the first call opens what stays open
    const std::size_t threads = threads_of_this_process();
    const std::size_t descriptors = open_descriptors();
    EXPECT_NE(measure().answer, ConcurrencyModel::none);
    EXPECT_EQ(threads_of_this_process(), threads);
    EXPECT_TRUE(no_more_descriptors_than(descriptors));
    EXPECT_TRUE(has_no_children());
}

TEST(Choose, UsesNoMoreWorkersThanThereAreItems) {
    const Choice choice = choose(numbers(4), wait_20_ms, await_20_ms, {.budget = 5s});
    for (const Choice::Row& row : choice.models) {
        EXPECT_LE(row.workers, 4U) << to_string(row.model);
    }
}

TEST(Choose, RestoresTheAffinityAfterMeasuringOnFewerCores) {
    const auto usable = cpu_count();
    const Choice choice = choose(numbers(8), add_one, {.budget = 500ms, .cores = 1});
    EXPECT_EQ(choice.cores, 1.0);
    EXPECT_EQ(cpu_count(), usable);
}

TEST(Choose, RefusesToRecommendIfAModelGivesOtherResults) {
    const Choice choice = choose(numbers(8), process_number, brief);
    EXPECT_EQ(choice.answer, ConcurrencyModel::none);
    EXPECT_EQ(choice.reason, "processes gave a different result for item 0");
    EXPECT_THAT(choice.text(), HasSubstr("No answer: processes gave a different result"));
}

TEST(Choose, RefusesToRecommendIfTwoSequentialRunsDiffer) {
    std::atomic<int> calls{0};
    const auto count = [&calls](int item) { return item == 2 ? ++calls : 0; };
    const Choice choice = choose(numbers(8), count, brief);
    EXPECT_EQ(choice.answer, ConcurrencyModel::none);
    EXPECT_THAT(choice.reason, HasSubstr("item 2 gave different results in two sequential runs"));
    const Choice unchecked = choose(numbers(8), count, {.budget = 500ms, .check_results = false});
    EXPECT_NE(unchecked.reason, choice.reason);
}

TEST(Choose, TakesNotANumberForEqualToItself) {
    const auto not_a_number = [](int) { return std::numeric_limits<double>::quiet_NaN(); };
    const Choice choice = choose(numbers(8), not_a_number, brief);
    EXPECT_EQ(choice.answer, ConcurrencyModel::sequential) << choice.reason;
}

TEST(Choose, SaysWhyProcessesAreNotPossible) {
    const auto reason = [](const auto& items, const auto& function) {
        const Choice choice = choose(items, function, {.budget = 500ms});
        EXPECT_TRUE(choice.row(ConcurrencyModel::threads).items_per_second) << choice.text();
        EXPECT_FALSE(choice.row(ConcurrencyModel::processes).items_per_second);
        return choice.row(ConcurrencyModel::processes).reason;
    };
    int one = 1;
    EXPECT_THAT(reason(numbers(4), [&one](int x) { return x + one; }), HasSubstr("captured"));
    EXPECT_THAT(reason(std::vector<Opaque>(4), [](const Opaque& x) { return x.value; }),
                HasSubstr("the items cannot be sent"));
    EXPECT_THAT(reason(numbers(4), [](int x) { return Opaque{x}; }),
                HasSubstr("the results cannot be sent"));
    EXPECT_THAT(reason(numbers(4), [](int x) { return std::vector<Opaque>{{x}}; }),
                HasSubstr("the results cannot be sent"));
}

TEST(Choose, AcceptsFunctionsThatReturnNothingAndInfiniteRanges) {
    const auto nothing = [](int) {};
    const auto coroutine = [](int) -> Coro<> { co_return; };
    const Choice choice = choose(std::views::iota(0), nothing, coroutine, brief);
    EXPECT_EQ(choice.answer, ConcurrencyModel::sequential) << choice.text();
    EXPECT_TRUE(choice.row(ConcurrencyModel::processes).items_per_second);
    EXPECT_THAT(choice.notes, testing::Contains(HasSubstr("not compared")));
}

TEST(Choose, SaysForWhichItemTheFunctionThrew) {
    try {
        static_cast<void>(choose(numbers(8), refuse_three, brief));
        FAIL() << "it throws for item 3";
    } catch (const WorkloadError& error) {
        EXPECT_EQ(error.item(), 3U);
        EXPECT_THAT(error.what(), HasSubstr("the function threw for item 3"));
        EXPECT_THAT(error.what(), HasSubstr("three"));
        EXPECT_THROW(std::rethrow_if_nested(error), Refused);
    }
    EXPECT_TRUE(has_no_children());
}

TEST(Choose, SaysForWhichLaterItemTheFunctionThrew) {
    const auto refuse_100 = [](int x) { return x == 100 ? throw Refused("late") : x; };
    EXPECT_THAT(message_of<WorkloadError>(
                    [&] { static_cast<void>(choose(numbers(200), refuse_100, brief)); }),
                HasSubstr("item 100"));
}

TEST(Choose, MeasuresTheOthersIfTheFunctionFailsInOneModel) {
    const auto only_in_this_process = [](int parent) {
        return ::getpid() == parent ? 1 : throw Refused("another process");
    };
    const std::vector<int> items(8, ::getpid());
    const auto refuse = [](int) -> Coro<int> { throw Refused("in a coroutine"); };
    const Choice choice = choose(items, only_in_this_process, refuse, brief);
    EXPECT_NE(choice.answer, ConcurrencyModel::none) << choice.text();
    EXPECT_THAT(choice.row(ConcurrencyModel::processes).reason, HasSubstr("another process"));
    EXPECT_THAT(choice.row(ConcurrencyModel::coroutines).reason, HasSubstr("in a coroutine"));
}

TEST(Choose, RefusesBadInput) {
    const std::vector<int> none;
    EXPECT_THROW(static_cast<void>(choose(none, add_one)), std::invalid_argument);
    EXPECT_THAT(message_of<ValueError>([&] { static_cast<void>(choose(none, add_one)); }),
                HasSubstr("there are no items"));
    EXPECT_THAT(message_of<ValueError>(
                    [] { static_cast<void>(choose(numbers(4), wait_20_ms, {.budget = 30ms})); }),
                HasSubstr("the budget of 30 ms is too short, because an item takes"));
    EXPECT_THAT(message_of<ValueError>(
                    [] { static_cast<void>(choose(numbers(4), add_one, {.budget = 0s})); }),
                HasSubstr("more than zero"));
    EXPECT_THAT(message_of<ValueError>(
                    [] { static_cast<void>(choose(numbers(4), add_one, {.cores = 100'000})); }),
                HasSubstr("cores is 100,000, but this process may use"));
}

TEST(Choose, RefusesToBlockARunningLoop) {
    const auto in_loop = []() -> Coro<> {
        static_cast<void>(choose(numbers(4), add_one));
        co_return;
    };
    EXPECT_THAT(message_of<RuntimeError>([&] { run(in_loop); }), HasSubstr("event loop"));
}

TEST(Choose, ChoosesNoModelThatIsTooLate) {
    const Choice choice = choose(numbers(64), wait_20_ms, {.budget = 4s, .p99 = 1ms});
    EXPECT_EQ(choice.answer, ConcurrencyModel::none) << choice.text();
    EXPECT_EQ(choice.reason, "no model keeps the 99th percentile of latency below 1 ms");
}
