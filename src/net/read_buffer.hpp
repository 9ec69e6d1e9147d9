#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/errors.hpp>

#include "engine/water_marks.hpp"

namespace hocket {

namespace engine {
class Stream;
}

namespace detail {

class ReadOperation;

/// The buffer of a StreamReader: the bytes received but not yet read, how the stream ended, and the
/// task that waits for more. While a task waits for any bytes, new ones go straight to that task.
class ReadBuffer {
public:
    /// Throws ValueError if `limit` is 0.
    explicit ReadBuffer(std::size_t limit);
    ~ReadBuffer();
    ReadBuffer(const ReadBuffer&) = delete;
    ReadBuffer& operator=(const ReadBuffer&) = delete;

    // Called by the connection.
    void feed_data(std::string_view data);
    void feed_eof() noexcept;
    void set_exception(std::exception_ptr error) noexcept;
    /// Like set_exception, but the data received before it can still be read.
    void set_exception_behind_data(std::exception_ptr error) noexcept;
    /// Memory that the next bytes may be read into directly. If it is empty, pass them to
    /// feed_data.
    [[nodiscard]] std::span<std::byte> direct_space() noexcept;
    void direct_filled(std::size_t count) noexcept;
    /// The transport to pause when too much is buffered; nullptr if there is none (any more).
    void set_transport(engine::Stream* transport) noexcept { transport_ = transport; }
    /// The owner of this buffer, kept by operations that outlive the expression they were made in.
    void set_owner(std::weak_ptr<ReadBuffer> owner) noexcept { owner_ = std::move(owner); }

    // Called by the readers.
    [[nodiscard]] std::string_view data() const noexcept {
        return std::string_view(bytes_).substr(begin_);
    }
    [[nodiscard]] bool at_eof() const noexcept { return eof_ && data().empty(); }
    [[nodiscard]] bool has_eof() const noexcept { return eof_; }
    [[nodiscard]] const std::exception_ptr& exception() const noexcept { return exception_; }
    /// Whether the exception is thrown only when the buffered data does not suffice.
    [[nodiscard]] bool is_exception_behind_data() const noexcept { return exception_behind_data_; }
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
    [[nodiscard]] std::shared_ptr<ReadBuffer> owner() const noexcept { return owner_.lock(); }

    /// Removes `count` bytes from the front, and resumes the transport if there is room again.
    void consume(std::size_t count) noexcept;
    /// Puts back bytes that an operation took but did not deliver.
    void put_back(std::string_view data);

    [[nodiscard]] ReadOperation* waiter() const noexcept { return waiter_; }
    /// Called when a task is about to wait for more. Resumes the transport, because the task would
    /// otherwise wait forever.
    void set_waiter(ReadOperation& waiter) noexcept;
    void forget_waiter() noexcept { waiter_ = nullptr; }

private:
    void append(std::string_view data);
    void resume_transport_at(std::size_t size) noexcept;
    void wake_waiter() noexcept;

    std::string bytes_;
    std::size_t begin_ = 0; // the bytes before it were read
    std::size_t limit_;
    engine::WaterMarks marks_; // for the data the transport delivers
    bool eof_ = false;
    bool exception_behind_data_ = false;
    ReadOperation* waiter_ = nullptr;
    engine::Stream* transport_ = nullptr;
    std::exception_ptr exception_;
    std::weak_ptr<ReadBuffer> owner_;
};

} // namespace detail
} // namespace hocket
