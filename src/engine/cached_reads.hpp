#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/reactor.hpp"

namespace hocket::engine {

/// Reads of what is in the page cache, on the loop's own thread: a copy, which costs less than
/// handing it to anybody. A quarter of a megabyte a turn, so that who reads a large file does not
/// keep the loop for himself.
class CachedReads final : private TurnEnd {
public:
    explicit CachedReads(Reactor& reactor) noexcept : reactor_(reactor) {}
    ~CachedReads() { reactor_.cancel_turn_end(*this); }
    CachedReads(const CachedReads&) = delete;
    CachedReads& operator=(const CachedReads&) = delete;

    /// Enough was read in this turn: the next may read again.
    [[nodiscard]] bool is_exhausted() const noexcept { return left_ == 0; }
    /// As many of `size` bytes at `offset` (-1: the file's own position) as are cached; 0 at the
    /// end of the file. -EAGAIN: none are (or it is exhausted). -EOPNOTSUPP: this file system
    /// cannot tell. Otherwise -errno.
    [[nodiscard]] std::int64_t read(int fd, void* memory, std::size_t size,
                                    std::int64_t offset) noexcept;

private:
    static constexpr std::size_t most_in_a_turn = std::size_t{256} * 1024;

    void on_turn_end() noexcept override { left_ = most_in_a_turn; }

    Reactor& reactor_;
    std::size_t left_ = most_in_a_turn;
};

} // namespace hocket::engine
