#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "choose/estimate.hpp"
#include "choose/prediction.hpp"
#include "choose/widths.hpp"

using namespace hocket;
using namespace hocket::choosing;
using enum ConcurrencyModel;
using testing::ElementsAre;

namespace {

const Demands computing{.cpu = 10e-3};
const Demands waiting{.cpu = 1e-3, .wait = 99e-3};

Profile profile_of(const Demands& demands) {
    Profile profile;
    profile.cpu = demands.cpu;
    profile.wait = demands.wait;
    profile.item_seconds = demands.cpu + demands.wait;
    return profile;
}

} // namespace

TEST(Prediction, SequentialCallsNeedTheirCpuTimeAndTheirWait) {
    EXPECT_DOUBLE_EQ(predict(sequential, waiting, 1, 8), 10);
}

TEST(Prediction, CoroutinesOverlapWaitsButUseOneCpu) {
    EXPECT_DOUBLE_EQ(predict(coroutines, waiting, 10, 8), 100);
    EXPECT_DOUBLE_EQ(predict(coroutines, waiting, 1000, 8), 1000);
    EXPECT_DOUBLE_EQ(predict(coroutines, computing, 10, 8), 100);
}

TEST(Prediction, PoolsUseAllCpus) {
    EXPECT_DOUBLE_EQ(predict(threads, computing, 8, 4), 400);
    EXPECT_DOUBLE_EQ(predict(threads, computing, 2, 4), 200);
    EXPECT_DOUBLE_EQ(predict(processes, computing, 8, 2.5), 250);
}

TEST(Prediction, TheCallerBoundsAPool) {
    Demands demands = computing;
    demands.caller = 10e-3;
    EXPECT_DOUBLE_EQ(predict(processes, demands, 64, 64), 100);
}

TEST(Prediction, WhatIsSerialisedBoundsEverything) {
    Demands demands = waiting;
    demands.serial = 50e-3;
    EXPECT_DOUBLE_EQ(predict(threads, demands, 64, 64), 20);
}

TEST(Widths, TheSmallestGoodWidthIsWithinSevenPercentOfTheBest) {
    EXPECT_EQ(smallest_good_width({{2, 90}, {4, 94}, {8, 100}}), 4U);
    EXPECT_EQ(smallest_good_width({{2, 90}, {4, 92}, {8, 100}}), 8U);
    EXPECT_EQ(smallest_good_width({{2, 100}, {4, 50}}), 2U);
}

TEST(Widths, ArePowersOfTwoAndTheCpusButNoMoreThanItems) {
    EXPECT_THAT(width_grid(sequential, 8, 100), ElementsAre(1));
    EXPECT_THAT(width_grid(threads, 3, 10), ElementsAre(2, 3, 4, 6, 8));
    EXPECT_THAT(width_grid(processes, 1.5, 1000), ElementsAre(2, 4, 8, 16, 32));
    EXPECT_THAT(width_grid(threads, 1, 1), ElementsAre(2));
}

TEST(Widths, ChunksAreLargeForShortItemsAndLeaveSomeForEachWorker) {
    Profile profile;
    profile.item_seconds = 1e-6;
    EXPECT_EQ(chunk_for(threads, profile, 100'000, 4), 100U);
    EXPECT_EQ(chunk_for(processes, profile, 100'000, 4), 1000U);
    EXPECT_EQ(chunk_for(processes, profile, 160, 4), 10U);
    EXPECT_EQ(chunk_for(processes, profile, 10, 4), 1U);
    EXPECT_EQ(chunk_for(coroutines, profile, 100'000, 4), 1U);
    profile.packed_bytes = 1 << 19;
    EXPECT_EQ(chunk_for(processes, profile, 100'000, 4), 2U);
    profile.item_seconds = 1;
    EXPECT_EQ(chunk_for(processes, profile, 100'000, 4), 1U);
}

TEST(Widths, ARunConsistsOfWholeWaves) {
    for (const double rate : {1.0, 333.0, 10'000.0}) {
        EXPECT_EQ(count_for(rate, 0.3, 1e-3, 7, 3) % 21, 0U) << rate;
        EXPECT_GE(count_for(rate, 0.3, 1e-3, 7, 3), 21U);
    }
    EXPECT_EQ(count_for(0.1, 0.3, 10, 4, 1), 4U); // one wave of very long items
}

TEST(Estimate, ACleanRunIsWhatTheClockSays) {
    const choosing::Run run{.model = threads,
                            .width = 2,
                            .count = 100,
                            .usage = {.wall = 1, .cpu = 1, .delay = 1, .others = 0.01}};
    EXPECT_DOUBLE_EQ(quiet_throughput(run, profile_of(computing), 2), 100);
}

TEST(Estimate, TheTimeThatOthersTookDoesNotCount) {
    // One item after the other, half of the time without a CPU.
    const choosing::Run run{
        .model = sequential,
        .count = 50,
        .usage = {.wall = 1, .cpu = 0.5, .process_cpu = 0.5, .delay = 0.5, .others = 0.5}};
    EXPECT_DOUBLE_EQ(quiet_throughput(run, profile_of(computing), 2), 100);
}

TEST(Estimate, CpuTimeBoundsWhatAnIdleMachineWouldDo) {
    // Four threads on two CPUs are delayed by each other, too.
    const choosing::Run run{
        .model = threads,
        .width = 4,
        .count = 100,
        .usage = {.wall = 1, .cpu = 1, .process_cpu = 1, .delay = 3, .others = 0.5}};
    EXPECT_DOUBLE_EQ(quiet_throughput(run, profile_of(computing), 2), 200);
}
