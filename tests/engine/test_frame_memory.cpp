#include "engine/pool/frame_memory.hpp"

#include <cstddef>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

using hocket::engine::FrameMemory;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

TEST(FrameMemory, OfALargeBodyIsUsedAgain) {
    FrameMemory memory;
    FrameMemory::Body first = memory.take(100 * mebibyte);
    const char* const where = first.get();
    first.reset();
    EXPECT_EQ(memory.size_of_kept(), 100 * mebibyte);
    const FrameMemory::Body second = memory.take(90 * mebibyte);
    EXPECT_EQ(second.get(), where);
    EXPECT_EQ(memory.size_of_kept(), 0u);
}

TEST(FrameMemory, IsNotUsedForALargerBody) {
    FrameMemory memory;
    memory.take(10 * mebibyte).reset();
    const FrameMemory::Body larger = memory.take(20 * mebibyte);
    EXPECT_EQ(memory.size_of_kept(), 10 * mebibyte);
    EXPECT_EQ(larger.get_deleter().size, 20 * mebibyte);
}

TEST(FrameMemory, OfSmallBodiesIsFreed) {
    FrameMemory memory;
    memory.take(1000).reset();
    EXPECT_EQ(memory.size_of_kept(), 0u);
}

TEST(FrameMemory, KeepsTheLatestUpTo256Mebibytes) {
    FrameMemory memory;
    std::vector<FrameMemory::Body> bodies;
    for (const std::size_t size : {50, 100, 100}) {
        bodies.push_back(memory.take(size * mebibyte));
    }
    bodies.push_back(memory.take(300 * mebibyte));
    for (FrameMemory::Body& body : bodies) {
        body.reset();
    }
    EXPECT_EQ(memory.size_of_kept(), 250 * mebibyte);
    memory.take(101 * mebibyte).reset(); // the oldest one is freed, and one more
    EXPECT_EQ(memory.size_of_kept(), 201 * mebibyte);
}

} // namespace
