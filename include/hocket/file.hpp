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

/// Further options of `open`.
struct OpenOptions {
    unsigned permissions = 0666; ///< of a newly created file, before the umask is applied
    int flags = 0;               ///< added to those of the mode: O_NOFOLLOW, O_DIRECT, O_DSYNC …
};

/// The origin of File::seek: Python's os.SEEK_SET, SEEK_CUR and SEEK_END.
enum class Whence { set = 0, cur = 1, end = 2 };

/// An open file whose functions do not block the loop. They use io_uring where the kernel allows
/// it, and threads otherwise. Created by `open`. Bytes are read and written unchanged; line ends
/// and encodings are not translated. Data in the page cache is read at once.
///
/// This is a handle: copies refer to the same file, which is closed by `close` or when the last
/// copy is destroyed. Use it only on its loop's thread.
///
/// Any number of tasks may use a File at the same time. Operations that use the file position
/// (`read`, `readline`, `write`, `seek`, `truncate` …) run one at a time, in the order in which
/// they were called, so lines written by several tasks do not mix. pread, pwrite, stat and the
/// syncs run in parallel.
///
/// Writes are not buffered: when `write` returns, other processes can see the data, and there is no
/// flush. Reading by lines reads ahead; the file position is corrected before a write.
///
/// Errors are thrown as std::system_error with the call and the path in the text. Throws ValueError
/// if the file is closed or was not opened for that operation ("not readable"). A cancelled call
/// ends with CancelledError once the kernel no longer uses its memory: at once, or after the
/// duration of a disk access. Data that was already read is not lost; the next read returns it. A
/// cancelled write may have written some of its data.
class File {
public:
    File() noexcept = default; ///< A closed file.

    /// Returns `n` bytes, fewer at the end of the file, and none once it is reached. If `n` is -1,
    /// returns everything up to the end. Throws ValueError for any other negative `n`.
    [[nodiscard]] Coro<std::string> read(std::ptrdiff_t n = -1) const;
    /// Returns the next line with its '\n', which may be missing in the last line. Empty at the end
    /// of the file.
    [[nodiscard]] Coro<std::string> readline() const;
    /// Yields the remaining lines, each with its '\n': Python's `async for line in file`.
    [[nodiscard]] AsyncGenerator<std::string> lines() const;
    /// Writes all of `data`, which must stay valid, at the file position, or at the end if the file
    /// was opened with "a". Returns its size.
    [[nodiscard]] Coro<std::size_t> write(std::string_view data) const;

    /// Returns up to `n` bytes from `offset`; fewer only at the end of the file. Does not move the
    /// file position.
    [[nodiscard]] Coro<std::string> pread(std::size_t n, std::int64_t offset) const;
    /// Reads into `space`, which must stay valid, and returns the number of bytes.
    [[nodiscard]] Coro<std::size_t> pread_into(std::span<std::byte> space,
                                               std::int64_t offset) const;
    /// Writes all of `data`, which must stay valid, at `offset`. (On Linux, at the end if the file
    /// was opened with "a".) Returns its size. Does not move the file position.
    [[nodiscard]] Coro<std::size_t> pwrite(std::string_view data, std::int64_t offset) const;

    /// Moves the file position and returns the new one, counted from the beginning of the file.
    [[nodiscard]] Coro<std::int64_t> seek(std::int64_t offset, Whence whence = Whence::set) const;
    /// The file position, at which the next `read` or `write` starts.
    [[nodiscard]] Coro<std::int64_t> tell() const;
    /// Cuts or extends the file to the file position, or to `size`. An extension is filled with
    /// zeros. Returns the size. Does not move the file position.
    [[nodiscard]] Coro<std::int64_t> truncate() const;
    [[nodiscard]] Coro<std::int64_t> truncate(std::int64_t size) const;

    /// Waits until the written data is on the disk.
    [[nodiscard]] Coro<> fsync() const;
    /// The same, but without metadata that is not needed to read the data, such as times.
    [[nodiscard]] Coro<> fdatasync() const;
    [[nodiscard]] Coro<files::StatResult> stat() const;

    /// Closes the file once the calls in progress are done; new calls throw ValueError from now on.
    /// Throws errors that the system reports late for earlier writes. Does nothing if the file is
    /// closed already. If it is cancelled, the file is closed when the last handle is destroyed. (A
    /// file that was open for writing and is not closed explicitly is closed by a thread, since
    /// that may take long on a network file system.)
    [[nodiscard]] Coro<> close() const;
    [[nodiscard]] bool closed() const noexcept;
    /// The descriptor, still owned by the File. Throws ValueError if the file is closed.
    [[nodiscard]] int fileno() const;
    /// The path that was passed to `open`.
    [[nodiscard]] const std::string& name() const noexcept;
    [[nodiscard]] bool readable() const noexcept;
    [[nodiscard]] bool writable() const noexcept;

    /// Internal.
    explicit File(std::shared_ptr<detail::FileState> state) noexcept : state_(std::move(state)) {}

private:
    [[nodiscard]] const std::shared_ptr<detail::FileState>& state() const;

    std::shared_ptr<detail::FileState> state_;
};

/// Opens a file: Python's open(). `mode` is one of "r" (read), "w" (write; the file is created or
/// emptied), "a" (append) and "x" (create; the file must not exist). Add "+" to both read and
/// write; "b" and "t" have no effect. Throws ValueError for any other mode, and std::system_error
/// if the file cannot be opened; opening a directory fails with EISDIR. The descriptor is
/// close-on-exec.
///
/// After `using namespace hocket`, calls to the system's open() still work, because its second
/// argument is a number.
[[nodiscard]] Coro<File> open(PathView path, std::string_view mode = "r", OpenOptions options = {});

} // namespace hocket
