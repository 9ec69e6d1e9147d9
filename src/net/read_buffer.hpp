#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <hocket/errors.hpp>

#include "engine/water_marks.hpp"

namespace hocket {

namespace engine {
class Stream;
}

namespace detail {

class ReadOperation;

/// What a StreamReader reads from: the bytes that came and were not read yet, how the stream ended,
/// and the task that waits for more. What comes while that task wants any bytes goes straight to
/// it.
class ReadBuffer {
public:
    /// Throws ValueError when `limit` is 0.
    explicit ReadBuffer(std::size_t limit);
    ~ReadBuffer();
    ReadBuffer(const ReadBuffer&) = delete;
    ReadBuffer& operator=(const ReadBuffer&) = delete;

    // What the connection says.
    void feed_data(std::string_view data);
    void feed_eof() noexcept;
    void set_exception(std::exception_ptr error) noexcept;
    /// As set_exception, but what came before it can still be read.
    void set_exception_behind_data(std::exception_ptr error) noexcept;
    /// Where the next bytes may go without passing through here; empty: through feed_data.
    [[nodiscard]] std::span<std::byte> direct_space() noexcept;
    void direct_filled(std::size_t count) noexcept;
    /// The transport to pause when too much is buffered; nullptr: none (any more).
    void set_transport(engine::Stream* transport) noexcept { transport_ = transport; }
    /// What keeps this alive, for operations that outlive the expression they were made in.
    void set_owner(std::weak_ptr<ReadBuffer> owner) noexcept { owner_ = std::move(owner); }

    // What the readers ask.
    [[nodiscard]] std::string_view data() const noexcept {
        return std::string_view(bytes_).substr(begin_);
    }
    [[nodiscard]] bool at_eof() const noexcept { return eof_ && data().empty(); }
    [[nodiscard]] bool has_eof() const noexcept { return eof_; }
    [[nodiscard]] const std::exception_ptr& exception() const noexcept { return exception_; }
    /// The exception counts only where the data is not enough.
    [[nodiscard]] bool is_exception_behind_data() const noexcept { return exception_behind_data_; }
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
    [[nodiscard]] std::shared_ptr<ReadBuffer> owner() const noexcept { return owner_.lock(); }

    /// Takes `count` bytes from the front; reading goes on when enough room is left.
    void consume(std::size_t count) noexcept;
    /// Puts back what an operation took and then did not deliver.
    void put_back(std::string_view data);

    [[nodiscard]] ReadOperation* waiter() const noexcept { return waiter_; }
    /// A task is about to wait for more: resumes the transport, or it would wait for ever.
    void set_waiter(ReadOperation& waiter) noexcept;
    void forget_waiter() noexcept { waiter_ = nullptr; }

private:
    void append(std::string_view data);
    void resume_transport_at(std::size_t size) noexcept;
    void wake_waiter() noexcept;

    std::string bytes_;
    std::size_t begin_ = 0; // what is before it was read
    std::size_t limit_;
    engine::WaterMarks marks_; // of what the transport may deliver
    bool eof_ = false;
    bool exception_behind_data_ = false;
    ReadOperation* waiter_ = nullptr;
    engine::Stream* transport_ = nullptr;
    std::exception_ptr exception_;
    std::weak_ptr<ReadBuffer> owner_;
};

} // namespace detail
} // namespace hocket
