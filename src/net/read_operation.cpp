#include <hocket/detail/net/read_operation.hpp>

#include <algorithm>
#include <cstring>
#include <exception>
#include <string>
#include <utility>

#include <hocket/errors.hpp>

#include "net/read_buffer.hpp"

namespace hocket {

namespace detail {

using Kind = ReadRequest::Kind;

namespace {

Coro<std::string> read_bytes(std::shared_ptr<ReadBuffer> buffer, ReadRequest request) {
    ReadBytes read(*buffer, std::move(request));
    co_return co_await read;
}

Coro<std::size_t> read_into(std::shared_ptr<ReadBuffer> buffer, ReadRequest request) {
    ReadInto read(*buffer, std::move(request));
    co_return co_await read;
}

} // namespace

ReadOperation::ReadOperation(ReadBuffer& buffer, ReadRequest request, std::string* bytes)
    : buffer_(&buffer), bytes_(bytes), request_(std::move(request)) {}

ReadOperation::~ReadOperation() {
    if (buffer_ != nullptr && buffer_->waiter() == this) {
        buffer_->forget_waiter();
    }
}

ReadBytes::operator Coro<std::string>() && { return read_bytes(owner(), std::move(request())); }

ReadInto::operator Coro<std::size_t>() && { return read_into(owner(), std::move(request())); }

std::shared_ptr<ReadBuffer> ReadOperation::owner() const { return buffer_->owner(); }

const char* ReadOperation::name() const noexcept {
    switch (request_.kind) {
    case Kind::exactly: return "readexactly";
    case Kind::until: return "readuntil";
    case Kind::line: return "readline";
    case Kind::into: return "read_into";
    default: return "read";
    }
}

bool ReadOperation::await_ready() {
    if (buffer_->exception() && !(buffer_->is_exception_behind_data() && is_satisfied())) {
        std::rethrow_exception(buffer_->exception());
    }
    if (request_.kind == Kind::all) {
        buffer_->consume(offer(buffer_->data()));
    }
    if (is_satisfied()) {
        return true;
    }
    if (buffer_->waiter() != nullptr) {
        give_back();
        throw RuntimeError(std::string(name()) + "() called while another coroutine is already "
                                                 "waiting for incoming data");
    }
    return false;
}

void ReadOperation::wait() noexcept { buffer_->set_waiter(*this); }

bool ReadOperation::cancel(std::string_view) noexcept {
    if (buffer_ == nullptr || buffer_->waiter() != this) {
        return false;
    }
    buffer_->forget_waiter();
    task_->interrupt();
    return true;
}

std::size_t ReadOperation::offer(std::string_view data) {
    switch (request_.kind) {
    case Kind::some: bytes_->assign(data.substr(0, request_.size)); return bytes_->size();
    case Kind::all: bytes_->append(data); return data.size();
    case Kind::into:
        count_ = std::min(data.size(), request_.space.size());
        std::memcpy(request_.space.data(), data.data(), count_);
        return count_;
    default: return 0;
    }
}

bool ReadOperation::is_satisfied() {
    switch (request_.kind) {
    case Kind::some:
        return request_.size == 0 || !bytes_->empty() || !buffer_->data().empty() ||
               buffer_->has_eof();
    case Kind::into:
        return request_.space.empty() || count_ != 0 || !buffer_->data().empty() ||
               buffer_->has_eof();
    case Kind::all: return buffer_->has_eof();
    case Kind::exactly: return buffer_->data().size() >= request_.size || buffer_->has_eof();
    default: search(); return match_.end != 0 || overrun_ || buffer_->has_eof();
    }
}

// As in asyncio, only bytes at which no separator can begin any more count towards the limit.
void ReadOperation::search() {
    if (match_.end != 0 || overrun_) {
        return;
    }
    const std::string_view data = buffer_->data();
    std::size_t longest = 1;
    if (request_.separators) {
        match_ = request_.separators->search(data);
        longest = request_.separators->longest();
    } else if (const std::size_t at = data.find('\n', searched_); at != std::string_view::npos) {
        match_ = {at, at + 1};
    }
    if (match_.end == 0) {
        searched_ = data.size() + 1 > longest ? data.size() + 1 - longest : 0;
        overrun_ = searched_ > buffer_->limit();
    }
}

// Called when the task was cancelled after it had been given bytes: the next read gets them.
void ReadOperation::give_back() {
    if (request_.kind == Kind::into) {
        const auto filled = request_.space.first(std::exchange(count_, 0));
        if (!filled.empty()) {
            buffer_->put_back({reinterpret_cast<const char*>(filled.data()), filled.size()});
        }
    } else if (!bytes_->empty()) {
        buffer_->put_back(*bytes_);
        bytes_->clear();
    }
}

void ReadOperation::finish() {
    if (task_ != nullptr && task_->take_cancellation()) {
        give_back();
        task_->throw_cancelled();
    }
    if (buffer_->exception() && !is_satisfied()) {
        std::rethrow_exception(buffer_->exception());
    }
    switch (request_.kind) {
    case Kind::some:
        if (bytes_->empty()) {
            buffer_->consume(offer(buffer_->data()));
        }
        return;
    case Kind::into:
        if (count_ == 0 && !request_.space.empty()) {
            buffer_->consume(offer(buffer_->data()));
        }
        return;
    case Kind::all: buffer_->consume(offer(buffer_->data())); return;
    case Kind::exactly: finish_exactly(); return;
    default: finish_until();
    }
}

void ReadOperation::finish_exactly() {
    const std::string_view data = buffer_->data();
    *bytes_ = data.substr(0, request_.size);
    buffer_->consume(bytes_->size());
    if (bytes_->size() < request_.size) {
        throw IncompleteReadError(std::move(*bytes_), request_.size);
    }
}

void ReadOperation::finish_until() {
    search();
    const bool is_line = request_.kind == Kind::line;
    const bool is_too_long = match_.end != 0 && match_.begin > buffer_->limit();
    if (overrun_ || is_too_long) {
        const std::size_t consumed = is_too_long ? match_.begin : searched_;
        const char* const what = is_too_long ? "Separator is found, but chunk is longer than limit"
                                             : "Separator is not found, and chunk exceed the limit";
        if (is_line) {
            // Skip the line, or the part of it received so far.
            buffer_->consume(is_too_long ? match_.end : buffer_->data().size());
        }
        throw LimitOverrunError(what, consumed);
    }
    if (match_.end == 0) {
        *bytes_ = buffer_->data();
        buffer_->consume(bytes_->size());
        if (!is_line) {
            throw IncompleteReadError(std::move(*bytes_), std::nullopt);
        }
        return;
    }
    *bytes_ = buffer_->data().substr(0, match_.end);
    buffer_->consume(match_.end);
}

} // namespace detail
} // namespace hocket
