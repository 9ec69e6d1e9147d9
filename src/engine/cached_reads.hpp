#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/reactor.hpp"

namespace hocket::engine {

/// Reads data that is in the page cache on the loop's own thread: that is only a copy, which costs
/// less than passing the request to another thread. Limited to 256 KiB per turn, so that reading a
/// large file does not block the loop.
class CachedReads final : private TurnEnd {
public:
    explicit CachedReads(Reactor& reactor) noexcept : reactor_(reactor) {}
    ~CachedReads() { reactor_.cancel_turn_end(*this); }
    CachedReads(const CachedReads&) = delete;
    CachedReads& operator=(const CachedReads&) = delete;

    /// Whether this turn's limit is reached; the next turn may read again.
    [[nodiscard]] bool is_exhausted() const noexcept { return left_ == 0; }
    /// Reads those of `size` bytes at `offset` (-1: the file's own position) that are cached and
    /// returns their number; 0 at the end of the file. Returns -EAGAIN if none are cached or this
    /// turn's limit is reached, -EOPNOTSUPP if the file system does not support this, otherwise
    /// -errno.
    [[nodiscard]] std::int64_t read(int fd, void* memory, std::size_t size,
                                    std::int64_t offset) noexcept;

private:
    static constexpr std::size_t most_in_a_turn = std::size_t{256} * 1024;

    void on_turn_end() noexcept override { left_ = most_in_a_turn; }

    Reactor& reactor_;
    std::size_t left_ = most_in_a_turn;
};

} // namespace hocket::engine
