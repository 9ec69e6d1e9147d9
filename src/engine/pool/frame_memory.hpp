#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>

namespace hocket::engine {

/// Memory for the bodies of frames. Keeps that of large bodies when they are not needed any more:
/// receiving into fresh pages takes about twice as long as receiving into pages that were used
/// before. May be used from any thread, and must outlive the bodies.
class FrameMemory {
public:
    /// Gives the memory of a body back.
    struct Return {
        FrameMemory* to = nullptr; // nullptr: the memory is freed
        std::size_t size = 0;

        void operator()(char* bytes) const noexcept;
    };
    using Body = std::unique_ptr<char[], Return>;

    /// `size` bytes or more. Returns nullptr if there is no memory.
    [[nodiscard]] Body take(std::size_t size) noexcept;
    /// The same without a FrameMemory, for readers that have none.
    [[nodiscard]] static Body allocate(std::size_t size) noexcept;
    /// How many bytes it keeps: at most 256 MiB.
    [[nodiscard]] std::size_t size_of_kept() noexcept {
        const std::scoped_lock lock(mutex_);
        return size_of_kept_;
    }

private:
    static constexpr std::size_t least_kept = std::size_t{4} << 20;
    static constexpr std::size_t most_kept = std::size_t{256} << 20; // in total

    void give_back(Body body) noexcept;

    std::mutex mutex_;
    std::deque<Body> kept_; // the oldest first
    std::size_t size_of_kept_ = 0;
};

} // namespace hocket::engine
