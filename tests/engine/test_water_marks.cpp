#include <cstddef>
#include <limits>
#include <optional>

#include <gtest/gtest.h>

#include "engine/water_marks.hpp"

namespace hocket::engine {
namespace {

TEST(WaterMarks, PausesOnceAboveTheHighWaterMark) {
    WaterMarks marks(100, 25);
    EXPECT_FALSE(marks.pause_at(100));
    EXPECT_TRUE(marks.pause_at(101));
    EXPECT_TRUE(marks.is_paused());
    EXPECT_FALSE(marks.pause_at(200));
}

TEST(WaterMarks, ResumesOnceAtTheLowWaterMark) {
    WaterMarks marks(100, 25);
    EXPECT_FALSE(marks.resume_at(0)); // it is not paused
    ASSERT_TRUE(marks.pause_at(101));
    EXPECT_FALSE(marks.resume_at(26));
    EXPECT_TRUE(marks.resume_at(25));
    EXPECT_FALSE(marks.is_paused());
    EXPECT_FALSE(marks.resume_at(0));
}

TEST(WaterMarks, DoNotPauseOrResumeBetweenTheTwo) {
    WaterMarks marks(100, 25);
    EXPECT_FALSE(marks.pause_at(50));
    ASSERT_TRUE(marks.pause_at(101));
    EXPECT_FALSE(marks.resume_at(50));
    EXPECT_TRUE(marks.is_paused());
}

TEST(WaterMarks, PauseForOneByteWhenBothAreZero) {
    WaterMarks marks(0, 0);
    EXPECT_FALSE(marks.pause_at(0));
    EXPECT_TRUE(marks.pause_at(1));
    EXPECT_FALSE(marks.resume_at(1));
    EXPECT_TRUE(marks.resume_at(0));
}

TEST(WaterMarks, DeriveWhatIsNotGivenAsAsyncioDoes) {
    WaterMarks marks;
    EXPECT_EQ(marks.high(), 65536U);
    EXPECT_EQ(marks.low(), 16384U);
    EXPECT_TRUE(marks.set(std::nullopt, 100));
    EXPECT_EQ(marks.high(), 400U);
    EXPECT_TRUE(marks.set(100, std::nullopt));
    EXPECT_EQ(marks.low(), 25U);
    EXPECT_TRUE(marks.set(std::nullopt, std::nullopt));
    EXPECT_EQ(marks.high(), 65536U);
}

TEST(WaterMarks, StayWhenTheLowOneWouldBeAboveTheHighOne) {
    WaterMarks marks(100, 25);
    EXPECT_FALSE(marks.set(10, 11));
    EXPECT_EQ(marks.high(), 100U);
    EXPECT_EQ(marks.low(), 25U);
}

TEST(WaterMarks, TakeAnyLowWaterMarkAlone) {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    WaterMarks marks;
    EXPECT_TRUE(marks.set(std::nullopt, most / 2));
    EXPECT_EQ(marks.low(), most / 2);
    EXPECT_EQ(marks.high(), most);
}

} // namespace
} // namespace hocket::engine
