#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/task_base.hpp>
#include <hocket/detail/net/separator_search.hpp>
#include <hocket/engine/operation.hpp>

namespace hocket::detail {

class ReadBuffer;

/// What is read from a StreamReader.
struct ReadRequest {
    enum class Kind : std::uint8_t { some, all, exactly, until, line, into };

    Kind kind = Kind::some;
    std::size_t size = 0;            // of some and exactly: bytes
    std::span<std::byte> space = {}; // of into
    // Of until. Elsewhere than in the frame of whoever waits: most reads have none.
    std::unique_ptr<SeparatorSearch> separators = nullptr;
};

/// One read from a StreamReader, as an awaiter: ready at once when the bytes are there.
class ReadOperation : public Operation {
public:
    using hocket_awaitable = void;

    /// Throws what broke the stream; RuntimeError when another task waits on it already.
    bool await_ready();
    template <class P> void await_suspend(std::coroutine_handle<P> caller) noexcept {
        task_ = caller.promise().task;
        wait();
        task_->suspend(caller.promise(), *this);
    }

    // For the ReadBuffer.
    /// Bytes that may go straight to this: how many of them did.
    [[nodiscard]] std::size_t offer(std::string_view data);
    [[nodiscard]] std::span<std::byte> direct_space() const noexcept { return request_.space; }
    void direct_filled(std::size_t count) noexcept { count_ = count; }
    /// Whether there is an answer by now: enough bytes, too many, or the end.
    [[nodiscard]] bool is_satisfied();
    void wake() noexcept { task_->wake(); }
    /// The buffer goes away while this waits on it: as a closing loop destroys its tasks.
    void lose_buffer() noexcept { buffer_ = nullptr; }

protected:
    /// `bytes` is where they go, unless they are read `into` the caller's memory.
    ReadOperation(ReadBuffer& buffer, ReadRequest request, std::string* bytes);
    ~ReadOperation();

    /// On resuming: throws, or leaves what was read in `bytes`; of `into`, how much in `count_`.
    void finish();
    [[nodiscard]] std::shared_ptr<ReadBuffer> owner() const;
    [[nodiscard]] ReadRequest& request() noexcept { return request_; }

    std::size_t count_ = 0;

private:
    bool cancel(std::string_view message) noexcept override;
    void wait() noexcept;
    void search();
    void give_back();
    void finish_exactly();
    void finish_until();
    [[nodiscard]] const char* name() const noexcept;

    ReadBuffer* buffer_;
    std::string* bytes_;
    TaskBase* task_ = nullptr;
    ReadRequest request_;
    std::size_t searched_ = 0; // up to here no separator begins
    SeparatorMatch match_;
    bool overrun_ = false;
};

/// A read that yields bytes.
class [[nodiscard]] ReadBytes final : public ReadOperation {
public:
    using value_type = std::string;

    ReadBytes(ReadBuffer& buffer, ReadRequest request)
        : ReadOperation(buffer, std::move(request), &result_) {}

    operator Coro<std::string>() &&; // NOLINT(google-explicit-constructor): what Python's would be
    std::string await_resume() {
        finish();
        return std::move(result_);
    }

private:
    std::string result_;
};

/// A read into the caller's memory, which yields how much.
class [[nodiscard]] ReadInto final : public ReadOperation {
public:
    using value_type = std::size_t;

    ReadInto(ReadBuffer& buffer, ReadRequest request)
        : ReadOperation(buffer, std::move(request), nullptr) {}

    operator Coro<std::size_t>() &&; // NOLINT(google-explicit-constructor)
    std::size_t await_resume() {
        finish();
        return count_;
    }
};

} // namespace hocket::detail
