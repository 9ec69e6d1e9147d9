#include "files/file_state.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hocket/errors.hpp>
#include <hocket/sleep.hpp>

#include "files/file_call.hpp"
#include "loop/event_loop_state.hpp"
#include "loop/network_operations.hpp"

namespace hocket::detail {

namespace {

constexpr std::size_t read_ahead_size = std::size_t{64} * 1024;

std::span<std::byte> writable_bytes(std::string& text, std::size_t begin) noexcept {
    return std::as_writable_bytes(std::span(text).subspan(begin));
}

engine::CachedReads& cached_reads() {
    return file_operations_of(get_running_loop()).cached_reads();
}

/// Closes a file on a thread, because on a network file system closing sends the data.
class BackgroundClose final : public engine::BlockingWork {
public:
    static void start(engine::FileDescriptor fd) {
        auto* const work = new BackgroundClose(std::move(fd));
        if (!engine::BlockingThreads::for_files().submit(*work)) {
            work->perform();
        }
    }

private:
    explicit BackgroundClose(engine::FileDescriptor fd) noexcept : fd_(std::move(fd)) {}
    void perform() noexcept override { delete this; }

    engine::FileDescriptor fd_;
};

} // namespace

FileMode FileMode::parse(std::string_view mode) {
    const auto invalid = [&] { return ValueError("invalid mode: '" + std::string(mode) + "'"); };
    FileMode parsed;
    unsigned letters = 0;
    const auto count = [&](char letter) {
        const auto found = mode.find(letter);
        if (found != mode.npos && mode.find(letter, found + 1) != mode.npos) {
            throw invalid();
        }
        return found != mode.npos;
    };
    if (mode.find_first_not_of("rwaxbt+") != mode.npos) {
        throw invalid();
    }
    const bool is_updating = count('+');
    if (count('b') && count('t')) {
        throw ValueError("can't have text and binary mode at once");
    }
    if (count('r')) {
        ++letters;
        parsed.is_readable = true;
    }
    for (const auto& [letter, flags] :
         {std::pair('w', O_CREAT | O_TRUNC), std::pair('a', O_CREAT | O_APPEND),
          std::pair('x', O_CREAT | O_EXCL)}) {
        if (count(letter)) {
            ++letters;
            parsed.is_writable = true;
            parsed.flags = flags;
        }
    }
    if (letters != 1) {
        throw ValueError("must have exactly one of create/read/write/append mode");
    }
    if (is_updating) {
        parsed.is_readable = parsed.is_writable = true;
    }
    parsed.flags |= !parsed.is_writable ? O_RDONLY : parsed.is_readable ? O_RDWR : O_WRONLY;
    return parsed;
}

FileState::FileState(engine::FileDescriptor fd, std::string path, FileMode mode)
    : fd_(std::move(fd)), path_(std::move(path)), mode_(mode) {
    struct ::stat status {};
    if (::fstat(fd_.fileno(), &status) != 0) {
        fail("fstat", -errno);
    }
    if (S_ISDIR(status.st_mode)) {
        fail("open", -EISDIR);
    }
    is_seekable_ = ::lseek(fd_.fileno(), 0, SEEK_CUR) >= 0;
    is_pollable_ = S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode);
    if (is_pollable_) {
        // No other process shares this open file description.
        ::fcntl(fd_.fileno(), F_SETFL, ::fcntl(fd_.fileno(), F_GETFL) | O_NONBLOCK);
    }
}

FileState::~FileState() {
    if (fd_.is_open() && mode_.is_writable) {
        BackgroundClose::start(std::move(fd_));
    }
}

void FileState::fail(const char* call, std::int64_t result) const {
    throw std::system_error(static_cast<int>(-result), std::system_category(),
                            std::string(call) + " " + path_);
}

void FileState::consume(std::size_t count) noexcept {
    ahead_begin_ += count;
    if (ahead_begin_ == ahead_.size()) {
        ahead_.clear();
        ahead_begin_ = 0;
    }
}

void FileState::put_back(std::string bytes) {
    bytes.append(ahead());
    ahead_ = std::move(bytes);
    ahead_begin_ = 0;
}

void FileState::drop_ahead() {
    const auto count = static_cast<off_t>(ahead().size());
    if (count != 0 && ::lseek(fileno(), -count, SEEK_CUR) < 0) {
        fail("seek", -errno);
    }
    consume(ahead().size());
}

Coro<bool> FileState::read_ahead() {
    // Removes the consumed bytes to make room.
    ahead_.erase(0, std::exchange(ahead_begin_, 0));
    const std::size_t count = co_await read_more(ahead_, read_ahead_size);
    co_return count != 0;
}

Coro<std::size_t> FileState::read_more(std::string& bytes, std::size_t most) {
    const std::size_t before = bytes.size();
    bytes.resize(before + most);
    std::size_t count = 0;
    // Needed also if the call fails, or is cancelled after bytes have been read.
    struct Trim {
        ~Trim() { bytes.resize(before + count); }
        std::string& bytes;
        const std::size_t& before;
        const std::size_t& count;
    } const trim{bytes, before, count};
    co_await read_at(writable_bytes(bytes, before), -1, count);
    co_return count;
}

bool FileState::read_cached(std::span<std::byte> space, std::int64_t offset, std::size_t& count) {
    if (!can_read_cached_) {
        return false;
    }
    const std::int64_t result = cached_reads().read(fileno(), space.data(), space.size(), offset);
    if (result == -EOPNOTSUPP) {
        can_read_cached_ = false;
    }
    count = result > 0 ? static_cast<std::size_t>(result) : 0;
    return result >= 0; // errors are reported by the call that waits
}

Coro<> FileState::read_at(std::span<std::byte> space, std::int64_t offset, std::size_t& count) {
    for (;;) {
        // Let other tasks run. Copying cached data in the next turn is still cheaper than a call.
        while (can_read_cached_ && cached_reads().is_exhausted()) {
            co_await sleep(std::chrono::seconds(0));
        }
        if (read_cached(space, offset, count)) {
            co_return;
        }
        FileCall call(engine::FileRequest::read(fileno(), space.data(), space.size(), offset));
        try {
            co_await call;
        } catch (...) {
            count = call.result() > 0 ? static_cast<std::size_t>(call.result()) : 0;
            throw;
        }
        if (call.result() >= 0) {
            count = static_cast<std::size_t>(call.result());
            co_return;
        }
        co_await wait_after("read", call.result());
    }
}

Coro<> FileState::write_at(std::string_view data, std::int64_t offset) {
    while (!data.empty()) {
        FileCall call(engine::FileRequest::write(fileno(), data.data(), data.size(), offset));
        const std::int64_t result = co_await call;
        if (result > 0) {
            data.remove_prefix(static_cast<std::size_t>(result));
            offset = offset < 0 ? offset : offset + result;
        } else {
            // A write that returns 0 for a non-empty buffer would never end.
            co_await wait_after("write", result == 0 ? -EIO : result);
        }
    }
}

Coro<> FileState::wait_after(const char* call, std::int64_t result) {
    if (result != -EAGAIN || !is_pollable_) {
        fail(call, result);
    }
    const bool is_read = *call == 'r';
    FdReady ready(get_running_loop().state().network, fileno(),
                  is_read ? FdWatch::Direction::read : FdWatch::Direction::write);
    co_await ready;
}

void FileState::require_offset(const char* call, std::int64_t offset) const {
    // The kernel's reaction to an offset in a pipe depends on the kind of call.
    if (offset < 0 || !is_seekable_) {
        fail(call, offset < 0 ? -EINVAL : -ESPIPE);
    }
}

Coro<> FileState::close() {
    is_closing_ = true;
    if (users_ != 0) {
        co_await unused_.wait();
    }
    if (!fd_.is_open()) {
        co_return; // another task has closed it meanwhile
    }
    FileCall call(engine::FileRequest::close(fileno()));
    // As soon as the call may have begun, the descriptor's number is no longer ours.
    struct Release {
        ~Release() {
            if (call.result() != -ECANCELED) {
                static_cast<void>(fd.release());
            }
        }
        const FileCall& call;
        engine::FileDescriptor& fd;
    } const release{call, fd_};
    const std::int64_t result = co_await call;
    if (result < 0) {
        fail("close", result);
    }
}

FileUse::FileUse(FileState& state) : state_(state) {
    if (state.is_closed()) {
        throw ValueError("I/O operation on closed file");
    }
    ++state_.users_;
}

FileUse::~FileUse() {
    if (--state_.users_ == 0 && state_.is_closing_) {
        state_.unused_.set();
    }
}

Coro<engine::FileDescriptor> open_descriptor(const std::string& path, int flags,
                                             unsigned permissions) {
    FileCall call(engine::FileRequest::open(path.c_str(), flags, permissions));
    const std::int64_t result = co_await call;
    if (result < 0) {
        throw std::system_error(static_cast<int>(-result), std::system_category(), "open " + path);
    }
    co_return call.take_descriptor();
}

} // namespace hocket::detail
