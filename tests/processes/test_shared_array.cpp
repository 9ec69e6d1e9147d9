#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/shared_array.hpp>

#include "support/other_process.hpp"

using namespace hocket;
using namespace other_process;

namespace {

struct Point {
    double x;
    float y;
    std::int8_t z;
};

TEST(SharedArray, IsZeroUnlessItIsFilled) {
    const SharedArray<int> zero(3);
    EXPECT_EQ(std::vector<int>(zero.begin(), zero.end()), (std::vector{0, 0, 0}));
    const SharedArray<int> nine(3, 9);
    EXPECT_EQ(std::vector<int>(nine.begin(), nine.end()), (std::vector{9, 9, 9}));
    EXPECT_EQ(nine.size(), 3U);
    EXPECT_EQ(nine.span().size_bytes(), 12U);
}

TEST(SharedArray, IsWrittenThroughAnyCopy) {
    SharedArray<double> array(10);
    const SharedArray<double> copy = array;
    copy[4] = 2.5;
    EXPECT_EQ(array[4], 2.5);
    EXPECT_EQ(array.data(), copy.data());
}

TEST(SharedArray, IsTheSameInAnotherProcess) {
    OtherProcess other([](Channel& channel) {
        const auto field = channel.receive<SharedArray<std::int64_t>>();
        for (std::size_t i = 0; i < field.size(); ++i) {
            field[i] = static_cast<std::int64_t>(i);
        }
        channel.send(true);
    });
    const SharedArray<std::int64_t> field(100'000);
    other.send(field);
    EXPECT_TRUE(other.receive<bool>());
    EXPECT_EQ(std::accumulate(field.begin(), field.end(), std::int64_t{0}), 4'999'950'000);
    EXPECT_EQ(other.join(), 0);
}

TEST(SharedArray, OfAGibibyteCrossesAsOneOfAKibibyte) {
    const SharedArray<char> small(std::size_t{1} << 10U);
    const SharedArray<char> large(std::size_t{1} << 30U);
    EXPECT_EQ(detail::pack_message(small).bytes.size(), detail::pack_message(large).bytes.size());
    const auto crossed = cross(large);
    crossed[crossed.size() - 1] = 'x';
    EXPECT_EQ(large[large.size() - 1], 'x');
}

TEST(SharedArray, CrossesInsideOfOtherValues) {
    const SharedArray<Point> points(2, Point{1.5, 2.5F, 3});
    const auto crossed =
        cross(std::map<std::string, std::vector<SharedArray<Point>>>{{"both", {points, points}}});
    const auto& both = crossed.at("both");
    ASSERT_EQ(both.size(), 2U);
    both[0][1].x = 4.5;
    EXPECT_EQ(both[1][1].x, 4.5);
    EXPECT_EQ(points[1].x, 4.5);
    EXPECT_EQ(points[0].z, 3);
}

TEST(SharedArray, OfNothingCrosses) {
    const auto crossed = cross(SharedArray<int>());
    EXPECT_TRUE(crossed.empty());
    EXPECT_EQ(crossed.begin(), crossed.end());
    EXPECT_TRUE(SharedArray<int>(0, 5).empty());
}

TEST(SharedArray, TooLargeToBeCountedSaysHowLarge) {
    const std::size_t size = std::numeric_limits<std::size_t>::max() / 4;
    try {
        const SharedArray<double> array(size);
        FAIL();
    } catch (const ValueError& error) {
        EXPECT_NE(std::string(error.what()).find(std::to_string(size)), std::string::npos);
    }
}

TEST(SharedArray, OfAnotherElementIsRefused) {
    auto message = detail::pack_message(SharedArray<char>(7));
    EXPECT_THROW(detail::unpack_message<SharedArray<int>>(
                     {message.bytes.data(), message.bytes.size()}, message.descriptors),
                 ValueError);
}

} // namespace
