#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/process_pool_executor.hpp>

#include "support/stream_pool.hpp"

using namespace hocket;

namespace {

std::string make_text(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        text[i] = static_cast<char>(i * 31 % 251);
    }
    return text;
}

std::vector<double> make_numbers(std::size_t count) {
    std::vector<double> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 0.5);
    return numbers;
}

std::vector<unsigned char> make_bytes(std::size_t count) {
    const std::string text = make_text(count);
    return {text.begin(), text.end()};
}

// Around the sizes from which results are kept instead of packed, and get large pages.
constexpr std::size_t sizes[] = {0, 1, 65'535, 65'536, 65'537, 5'000'001};

template <class Pool> void return_all(Pool& pool) {
    for (const std::size_t size : sizes) {
        EXPECT_EQ(pool.submit(make_text, size).result(), make_text(size)) << size;
        EXPECT_EQ(pool.submit(make_numbers, size / 8).result(), make_numbers(size / 8)) << size;
        EXPECT_EQ(pool.submit(make_bytes, size).result(), make_bytes(size)) << size;
    }
}

TEST(LargeResults, OfAProcessPoolAreWhatWasReturned) {
    ProcessPoolExecutor pool(1);
    return_all(pool);
}

TEST(LargeResults, OfWorkersBehindStreamsAreWhatWasReturned) {
    StreamPool pool(1);
    return_all(pool);
}

} // namespace
