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

/// What `open` makes of a mode.
struct FileMode {
    /// Throws ValueError, with Python's words.
    [[nodiscard]] static FileMode parse(std::string_view mode);

    int flags = 0; // of open(2)
    bool is_readable = false;
    bool is_writable = false;
};

/// What the handles of a File share. Its functions are for those who have a FileUse.
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
    /// Held by whatever uses the position.
    [[nodiscard]] Lock& position_lock() noexcept { return position_lock_; }

    /// Bytes that were read and not yet asked for.
    [[nodiscard]] std::string_view ahead() const noexcept {
        return std::string_view(ahead_).substr(ahead_begin_);
    }
    void consume(std::size_t count) noexcept;
    /// What was read comes before all other bytes again.
    void put_back(std::string bytes);
    /// The kernel's position becomes the file's: nothing is read ahead any more.
    void drop_ahead();
    /// Reads more; false at the end of the file.
    Coro<bool> read_ahead();

    /// Reads up to `most` bytes at the position onto the end of `bytes`, once; yields how many.
    /// Bytes that come in spite of a cancellation are there, too.
    Coro<std::size_t> read_more(std::string& bytes, std::size_t most);
    /// One read at `offset` (-1: the position). Sets `count` also when it is cancelled.
    Coro<> read_at(std::span<std::byte> space, std::int64_t offset, std::size_t& count);
    /// The same, at once and as far as the page cache goes. False when that is not possible.
    [[nodiscard]] bool read_cached(std::span<std::byte> space, std::int64_t offset,
                                   std::size_t& count);
    Coro<> write_at(std::string_view data, std::int64_t offset);

    /// Waits until nobody uses the file, and closes it.
    Coro<> close();

    /// Throws what is wrong with an offset for `call`, if anything.
    void require_offset(const char* call, std::int64_t offset) const;
    [[noreturn]] void fail(const char* call, std::int64_t result) const;

private:
    friend class FileUse;
    Coro<> wait_after(const char* call, std::int64_t result);

    engine::FileDescriptor fd_;
    std::string path_;
    FileMode mode_;
    bool is_seekable_ = false;
    bool is_pollable_ = false; // a pipe or a terminal: its bytes are waited for by the poller
    bool can_read_cached_ = true;
    bool is_closing_ = false;
    unsigned users_ = 0;
    Event unused_; // set when the last user of a closing file has gone
    Lock position_lock_;
    std::string ahead_;
    std::size_t ahead_begin_ = 0;
};

/// Keeps the descriptor open while a call is under way: a new file may have its number otherwise.
class FileUse {
public:
    explicit FileUse(FileState& state); ///< Throws ValueError when the file is closed.
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
