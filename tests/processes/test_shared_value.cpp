#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/shared_value.hpp>

#include "support/other_process.hpp"

using namespace hocket;
using namespace other_process;

namespace {

enum class Colour : std::uint8_t { red, green };

struct Range {
    std::int32_t first;
    std::int32_t last;
};

TEST(SharedValue, LoadsWhatWasStored) {
    const SharedValue<int> value(4);
    EXPECT_EQ(value.load(), 4);
    value.store(5);
    EXPECT_EQ(value.exchange(6), 5);
    EXPECT_EQ(value.fetch_add(10), 6);
    EXPECT_EQ(value.fetch_sub(1), 16);
    EXPECT_EQ(value.load(), 15);
    EXPECT_EQ(SharedValue<double>().load(), 0.0);
}

TEST(SharedValue, ComparesAndExchanges) {
    const SharedValue<int> value(4);
    int expected = 3;
    EXPECT_FALSE(value.compare_exchange(expected, 9));
    EXPECT_EQ(expected, 4);
    EXPECT_TRUE(value.compare_exchange(expected, 9));
    EXPECT_EQ(value.load(), 9);
}

TEST(SharedValue, MayBeAnythingOfEightBytes) {
    const SharedValue<Range> range(Range{1, 2});
    range.store({3, 4});
    EXPECT_EQ(cross(range).load().last, 4);
    Range expected{3, 4};
    EXPECT_TRUE(range.compare_exchange(expected, {5, 6}));
    EXPECT_EQ(range.exchange({7, 8}).first, 5);
    EXPECT_EQ(cross(SharedValue<Colour>(Colour::green)).load(), Colour::green);
    EXPECT_TRUE(cross(SharedValue<bool>(true)).load());
    const SharedValue<double> sum(0.5);
    EXPECT_EQ(sum.fetch_add(0.25), 0.5);
    EXPECT_EQ(cross(sum).load(), 0.75);
}

TEST(SharedValue, LosesNoAdditionOfAnyProcess) {
    constexpr int processes = 4;
    constexpr int additions = 20'000;
    const SharedValue<std::int64_t> value(0);
    std::vector<OtherProcess> others;
    for (int i = 0; i < processes; ++i) {
        others.emplace_back([](Channel& channel) {
            const auto shared = channel.receive<SharedValue<std::int64_t>>();
            for (int each = 0; each < additions; ++each) {
                shared.fetch_add(1);
            }
        });
        others.back().send(value);
    }
    for (OtherProcess& other : others) {
        EXPECT_EQ(other.join(), 0);
    }
    EXPECT_EQ(value.load(), processes * additions);
}

TEST(SharedValue, OfAnotherSizeIsRefused) {
    auto message = detail::pack_message(SharedValue<char>('x'));
    EXPECT_THROW(detail::unpack_message<SharedValue<int>>(
                     {message.bytes.data(), message.bytes.size()}, message.descriptors),
                 ValueError);
}

} // namespace
