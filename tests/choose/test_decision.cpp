#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "choose/decision.hpp"
#include "choose/interval.hpp"

using namespace hocket;
using namespace hocket::choosing;
using enum ConcurrencyModel;

TEST(Interval, QuantilesAreInterpolated) {
    EXPECT_DOUBLE_EQ(median({3, 1, 2}), 2);
    EXPECT_DOUBLE_EQ(median({1, 2}), 1.5);
    EXPECT_DOUBLE_EQ(quantile({0, 100}, 0.99), 99);
}

TEST(Interval, ASingleMeasurementIsItsOwnInterval) {
    const Choice::Interval interval = bootstrap_interval({5});
    EXPECT_EQ(interval.low, 5);
    EXPECT_EQ(interval.high, 5);
}

TEST(Interval, ContainsTheMedianAndIsTheSameEachTime) {
    const std::vector<double> values{9, 10, 10, 10, 11, 12, 9, 10};
    const Choice::Interval interval = bootstrap_interval(values);
    EXPECT_LE(interval.low, 10);
    EXPECT_GE(interval.high, 10);
    EXPECT_GE(interval.low, 9);
    EXPECT_LE(interval.high, 12);
    EXPECT_EQ(bootstrap_interval(values).low, interval.low);
}

TEST(Interval, WhatChangesSlowlyCancelsOutInPairs) {
    const Ratio ratio = paired_ratio({20, 40, 80}, {10, 20, 40});
    EXPECT_NEAR(ratio.median, 2, 1e-9);
    EXPECT_NEAR(ratio.interval.low, 2, 1e-9);
    EXPECT_NEAR(ratio.interval.high, 2, 1e-9);
}

TEST(Decision, TheOnlyModelIsChosen) {
    const Decision decision = decide({{threads, {100}}});
    EXPECT_EQ(decision.chosen, threads);
    EXPECT_EQ(decision.rival, none);
}

TEST(Decision, ADearerModelMustWinByItsMargin) {
    EXPECT_EQ(decide({{sequential, {100, 100, 100}}, {threads, {114, 114, 114}}}).chosen,
              sequential);
    EXPECT_EQ(decide({{sequential, {100, 100, 100}}, {threads, {116, 116, 116}}}).chosen, threads);
}

TEST(Decision, ProcessesMustWinByMore) {
    EXPECT_EQ(decide({{sequential, {100, 100, 100}}, {processes, {129, 129, 129}}}).chosen,
              sequential);
    EXPECT_EQ(decide({{threads, {100, 100, 100}}, {processes, {131, 131, 131}}}).chosen, processes);
}

TEST(Decision, ADearerModelIsComparedWithTheCheaperOneThatWon) {
    const Decision decision = decide(
        {{sequential, {10, 10, 10}}, {coroutines, {100, 100, 100}}, {threads, {110, 110, 110}}});
    EXPECT_EQ(decision.chosen, coroutines);
    EXPECT_EQ(decision.rival, none);
    EXPECT_TRUE(decision.settled);
}

TEST(Decision, TheLowerEndOfTheIntervalMustWin) {
    const Decision decision =
        decide({{sequential, {100, 100, 100, 100, 100}}, {threads, {80, 150, 150, 150, 80}}});
    EXPECT_EQ(decision.chosen, sequential);
    EXPECT_EQ(decision.rival, threads); // it may be half as fast again
    EXPECT_FALSE(decision.settled);
}

TEST(Decision, IsClearButNotSettledIfTheIntervalReachesLittleAcrossTheMargin) {
    const Decision decision =
        decide({{sequential, {100, 100, 100, 100, 100}}, {threads, {105, 120, 105, 120, 105}}});
    EXPECT_EQ(decision.chosen, sequential);
    EXPECT_EQ(decision.rival, none);
    EXPECT_FALSE(decision.settled);
}
