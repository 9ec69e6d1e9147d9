#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <hocket/coro.hpp>
#include <hocket/engine/file_descriptor.hpp>
#include <hocket/event.hpp>
#include <hocket/lock.hpp>

namespace hocket::detail {

/// The meaning of the mode given to `open`.
struct FileMode {
    /// Throws ValueError with Python's messages.
    [[nodiscard]] static FileMode parse(std::string_view mode);

    int flags = 0; // of open(2)
    bool is_readable = false;
    bool is_writable = false;
};

/// The state that the handles of a File share. To call its functions, hold a FileUse.
class FileState {
public:
    /// Takes over `fd`, opened at `path`.
    FileState(engine::FileDescriptor fd, std::string path, FileMode mode);
    ~FileState();
    FileState(const FileState&) = delete;
    FileState& operator=(const FileState&) = delete;

    [[nodiscard]] int fileno() const noexcept { return fd_.fileno(); }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] const FileMode& mode() const noexcept { return mode_; }
    [[nodiscard]] bool is_closed() const noexcept { return is_closing_ || !fd_.is_open(); }
    /// Held by every operation that uses the position.
    [[nodiscard]] Lock& position_lock() noexcept { return position_lock_; }

    /// The bytes that were read but not consumed yet.
    [[nodiscard]] std::string_view ahead() const noexcept {
        return std::string_view(ahead_).substr(ahead_begin_);
    }
    void consume(std::size_t count) noexcept;
    /// Puts bytes back before all others.
    void put_back(std::string bytes);
    /// Drops the bytes read ahead and moves the kernel's position back to the file's position.
    void drop_ahead();
    /// Reads more. Returns false at the end of the file.
    Coro<bool> read_ahead();

    /// Reads once, up to `most` bytes at the position, and appends them to `bytes`. Returns their
    /// number. Bytes that were read in spite of a cancellation are appended, too.
    Coro<std::size_t> read_more(std::string& bytes, std::size_t most);
    /// Reads once at `offset` (-1: the position). Sets `count` even if it is cancelled.
    Coro<> read_at(std::span<std::byte> space, std::int64_t offset, std::size_t& count);
    /// The same without waiting, as far as the data is in the page cache. Returns false if that is
    /// not possible.
    [[nodiscard]] bool read_cached(std::span<std::byte> space, std::int64_t offset,
                                   std::size_t& count);
    Coro<> write_at(std::string_view data, std::int64_t offset);

    /// Waits until no operation uses the file, and closes it.
    Coro<> close();

    /// Throws if `offset` is not valid for `call`.
    void require_offset(const char* call, std::int64_t offset) const;
    [[noreturn]] void fail(const char* call, std::int64_t result) const;

private:
    friend class FileUse;
    Coro<> wait_after(const char* call, std::int64_t result);

    engine::FileDescriptor fd_;
    std::string path_;
    FileMode mode_;
    bool is_seekable_ = false;
    bool is_pollable_ = false; // a pipe or a terminal: the poller waits for its bytes
    bool can_read_cached_ = true;
    bool is_closing_ = false;
    unsigned users_ = 0;
    Event unused_; // set when the last user of a closing file has gone
    Lock position_lock_;
    std::string ahead_;
    std::size_t ahead_begin_ = 0;
};

/// Keeps the descriptor open during an operation, because its number could otherwise be reused by a
/// new file.
class FileUse {
public:
    explicit FileUse(FileState& state); ///< Throws ValueError if the file is closed.
    ~FileUse();
    FileUse(const FileUse&) = delete;
    FileUse& operator=(const FileUse&) = delete;

private:
    FileState& state_;
};

/// Opens `path`, which must be a file.
Coro<engine::FileDescriptor> open_descriptor(const std::string& path, int flags,
                                             unsigned permissions);

} // namespace hocket::detail
