#include "processes/pool/message_segments.hpp"

#include <bit>
#include <utility>

#include "engine/worker_link.hpp"

namespace hocket::detail {

namespace {

using engine::SegmentHeader;

SegmentHeader& header_of(const engine::MemoryMapping& segment) noexcept {
    return *reinterpret_cast<SegmentHeader*>(segment.data());
}

std::byte* body_of(const engine::MemoryMapping& segment) noexcept {
    return segment.data() + sizeof(SegmentHeader);
}

} // namespace

OutgoingSegments::Segment OutgoingSegments::take(std::size_t size, std::size_t limit) {
    const std::size_t needed = size + sizeof(SegmentHeader);
    std::size_t in_use = 0;
    for (std::uint32_t number = 0; number < segments_.size(); ++number) {
        const engine::MemoryMapping& region = segments_[number].region;
        std::uint32_t expected = 0;
        if (region.size() >= needed &&
            header_of(region).in_use.compare_exchange_strong(expected, 1)) {
            return {number, body_of(region)};
        }
        in_use += header_of(region).in_use.load() != 0 ? region.size() : 0;
    }
    if (needed > limit || in_use > limit - needed) {
        return {};
    }
    segments_.push_back({engine::MemoryMapping::create(name_, std::bit_ceil(needed))});
    const engine::MemoryMapping& region = segments_.back().region;
    header_of(region).in_use.store(1);
    return {static_cast<std::uint32_t>(segments_.size() - 1), body_of(region)};
}

void OutgoingSegments::free(std::uint32_t number) noexcept {
    header_of(segments_[number].region).in_use.store(0);
}

const std::byte* OutgoingSegments::body(std::uint32_t number) const noexcept {
    return body_of(segments_[number].region);
}

std::span<const char> IncomingSegments::open(std::uint32_t number, std::size_t size,
                                             Descriptors& descriptors) {
    auto found = segments_.find(number);
    if (found == segments_.end()) {
        auto region = engine::MemoryMapping::of_received(std::move(descriptors.back()));
        descriptors.pop_back();
        found = segments_.emplace(number, std::move(region)).first;
    }
    return {reinterpret_cast<const char*>(body_of(found->second)), size};
}

void IncomingSegments::free(std::uint32_t number) noexcept {
    if (const auto found = segments_.find(number); found != segments_.end()) {
        header_of(found->second).in_use.store(0, std::memory_order_release);
    }
}

} // namespace hocket::detail
