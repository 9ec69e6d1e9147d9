#pragma once

#include <cstddef>
#include <string>

#include <hocket/engine/pool_call.hpp>

namespace hocket::engine {

/// The content of a call that is being sent to a worker: pieces that belong to the caller, or bytes
/// that the pool has kept. Exists only while it is passed on.
class CallBody {
public:
    explicit CallBody(ByteRanges ranges) noexcept : ranges_(ranges) {
        for (const auto& range : ranges) {
            size_ += range.size();
        }
    }
    explicit CallBody(std::string& kept) noexcept : kept_(&kept), size_(kept.size()) {}

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    void copy_to(std::byte* to) const noexcept;
    /// All of it in one string: the bytes that were kept, without a copy.
    [[nodiscard]] std::string take() const;

private:
    ByteRanges ranges_;
    std::string* kept_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace hocket::engine
