#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <hocket/async_generator.hpp>
#include <hocket/coro.hpp>
#include <hocket/path_view.hpp>
#include <hocket/stat_result.hpp>

namespace hocket {

namespace detail {
class FileState;
} // namespace detail

/// What `open` takes besides the mode.
struct OpenOptions {
    unsigned permissions = 0666; ///< of a file that is created, less the process's umask
    int flags = 0;               ///< O_NOFOLLOW, O_DIRECT, O_DSYNC …, added to those of the mode
};

/// From where File::seek counts: Python's os.SEEK_SET, SEEK_CUR and SEEK_END.
enum class Whence { set = 0, cur = 1, end = 2 };

/// An open file whose calls do not block the loop: by io_uring where the kernel allows that, by
/// threads where not. Made by `open`. Bytes come and go as they are in the file; there is no
/// translation of line ends or encodings. Bytes in the page cache are read at once.
///
/// A handle: copies are the same file, which is closed by `close`, or as the last copy goes.
/// Belongs to one loop's thread.
///
/// Any number of tasks may use a File at the same time. What has to do with its position (`read`,
/// `readline`, `write`, `seek`, `truncate` …) is done one after the other, in the order of asking,
/// so lines that several tasks write do not mix; pread, pwrite, stat and the syncs go side by side.
///
/// Nothing is buffered for writing: what `write` has returned from, other processes see, and there
/// is no flush. What is read by lines is read ahead, and given back before a write.
///
/// Errors are std::system_error with the call and the path in the text; ValueError for a file that
/// is closed, or not open for that ("not readable"). A cancelled call ends when the kernel has let
/// go of its memory, with CancelledError: at once, or after what a disk takes. Nothing that was
/// read by then is lost: the next read gets it. Of a write some may be in the file.
class File {
public:
    File() noexcept = default; ///< A closed file.

    /// `n` bytes, or fewer at the end of the file; everything up to its end when `n` is -1. Empty
    /// at the end. ValueError for any other negative `n`.
    [[nodiscard]] Coro<std::string> read(std::ptrdiff_t n = -1) const;
    /// The next line with its '\n', which may be missing in the last one. Empty at the end.
    [[nodiscard]] Coro<std::string> readline() const;
    /// The lines that are left, each with its '\n': Python's `async for line in file`. Ends at the
    /// end of the file.
    [[nodiscard]] AsyncGenerator<std::string> lines() const;
    /// Writes all of `data`, which must stay valid, at the position; at the end of the file when it
    /// was opened with "a". Yields its size.
    [[nodiscard]] Coro<std::size_t> write(std::string_view data) const;

    /// Up to `n` bytes at `offset`, fewer only at the end of the file. The position stays.
    [[nodiscard]] Coro<std::string> pread(std::size_t n, std::int64_t offset) const;
    /// The same into `space`, which must stay valid; yields how many bytes.
    [[nodiscard]] Coro<std::size_t> pread_into(std::span<std::byte> space,
                                               std::int64_t offset) const;
    /// Writes all of `data`, which must stay valid, at `offset` (on Linux at the end when the file
    /// was opened with "a"). Yields its size. The position stays.
    [[nodiscard]] Coro<std::size_t> pwrite(std::string_view data, std::int64_t offset) const;

    /// Moves the position; yields the new one, counted from the beginning.
    [[nodiscard]] Coro<std::int64_t> seek(std::int64_t offset, Whence whence = Whence::set) const;
    /// The position: where the next `read` or `write` begins.
    [[nodiscard]] Coro<std::int64_t> tell() const;
    /// Makes the file end at the position, or at `size`; longer ones get zeros. Yields the size.
    /// The position stays.
    [[nodiscard]] Coro<std::int64_t> truncate() const;
    [[nodiscard]] Coro<std::int64_t> truncate(std::int64_t size) const;

    /// Waits until what was written is on the disk.
    [[nodiscard]] Coro<> fsync() const;
    /// Likewise, without metadata that is not needed to read it (times).
    [[nodiscard]] Coro<> fdatasync() const;
    [[nodiscard]] Coro<files::StatResult> stat() const;

    /// Closes the file when the calls under way are done; new ones throw ValueError from now on.
    /// Throws what the system has to say about earlier writes. Does nothing when closed. When it is
    /// cancelled, the file is closed as the last handle goes. (Without `close`, a file that was
    /// open for writing is closed by a thread, since that may take long on a network file system.)
    [[nodiscard]] Coro<> close() const;
    [[nodiscard]] bool closed() const noexcept;
    /// The descriptor, which stays the file's. ValueError when closed.
    [[nodiscard]] int fileno() const;
    /// As it was opened.
    [[nodiscard]] const std::string& name() const noexcept;
    [[nodiscard]] bool readable() const noexcept;
    [[nodiscard]] bool writable() const noexcept;

    /// For hocket's own parts.
    explicit File(std::shared_ptr<detail::FileState> state) noexcept : state_(std::move(state)) {}

private:
    [[nodiscard]] const std::shared_ptr<detail::FileState>& state() const;

    std::shared_ptr<detail::FileState> state_;
};

/// Opens a file: Python's open(). `mode` is one of "r" (reading), "w" (writing, emptied or
/// created), "a" (writing at the end) and "x" (created, must not exist), with "+" for both reading
/// and writing; "b" and "t" change nothing. Throws ValueError for another mode, std::system_error
/// when the file cannot be opened; a directory is EISDIR. The descriptor is close-on-exec.
///
/// `using namespace hocket` does not hide the system's open(): its second argument is a number.
[[nodiscard]] Coro<File> open(PathView path, std::string_view mode = "r", OpenOptions options = {});

} // namespace hocket
