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

/// Describes what to read from a StreamReader.
struct ReadRequest {
    enum class Kind : std::uint8_t { some, all, exactly, until, line, into };

    Kind kind = Kind::some;
    std::size_t size = 0;            // for some and exactly: the number of bytes
    std::span<std::byte> space = {}; // for into
    // For until. Not stored in the awaiting coroutine's frame, because most reads have no
    // separators.
    std::unique_ptr<SeparatorSearch> separators = nullptr;
};

/// The awaiter of one read from a StreamReader. It is ready at once if the bytes are there.
class ReadOperation : public Operation {
public:
    using hocket_awaitable = void;

    /// Throws the error that broke the stream, or RuntimeError if another task already waits for
    /// data.
    bool await_ready();
    template <class P> void await_suspend(std::coroutine_handle<P> caller) noexcept {
        task_ = caller.promise().task;
        wait();
        task_->suspend(caller.promise(), *this);
    }
    [[nodiscard]] WaitReason reason() const noexcept override { return {.what = "socket read"}; }

    // Called by the ReadBuffer.
    /// Copies bytes straight to the read's destination. Returns how many of them it took.
    [[nodiscard]] std::size_t offer(std::string_view data);
    [[nodiscard]] std::span<std::byte> direct_space() const noexcept { return request_.space; }
    void direct_filled(std::size_t count) noexcept { count_ = count; }
    /// Whether the read can end: there are enough bytes or too many, or the stream has ended.
    [[nodiscard]] bool is_satisfied();
    void wake() noexcept { task_->wake(); }
    /// The buffer is destroyed while this read waits for it, as happens when a closing loop
    /// destroys its tasks.
    void lose_buffer() noexcept { buffer_ = nullptr; }

protected:
    /// `bytes` receives the data, unless it is read `into` the caller's memory.
    ReadOperation(ReadBuffer& buffer, ReadRequest request, std::string* bytes);
    ~ReadOperation();

    /// Called on resumption. Throws, or stores the data in `bytes`; for `into`, stores its size in
    /// `count_`.
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
    std::size_t searched_ = 0; // no separator begins before this offset
    SeparatorMatch match_;
    bool overrun_ = false;
};

/// A read that yields bytes.
class [[nodiscard]] ReadBytes final : public ReadOperation {
public:
    using value_type = std::string;

    ReadBytes(ReadBuffer& buffer, ReadRequest request)
        : ReadOperation(buffer, std::move(request), &result_) {}

    operator Coro<std::string>() &&; // NOLINT(google-explicit-constructor): a coroutine in Python
    std::string await_resume() {
        finish();
        return std::move(result_);
    }

private:
    std::string result_;
};

/// A read into the caller's memory; yields the number of bytes.
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
