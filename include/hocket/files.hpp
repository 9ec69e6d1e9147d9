#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <hocket/async_generator.hpp>
#include <hocket/coro.hpp>
#include <hocket/file.hpp>
#include <hocket/path_view.hpp>
#include <hocket/stat_result.hpp>

/// Functions on paths, like those of Python's os, pathlib and shutil, that do not block the loop.
/// They have their own namespace because the C library uses the same names: after
/// `using namespace hocket`, a plain rename() still calls the system's.
/// (`using namespace hocket::files` would make such calls ambiguous; write `files::rename`.)
///
/// Errors are thrown as std::system_error with the call and the path in the text. A path that
/// contains a zero byte throws ValueError. A cancelled call throws CancelledError when the
/// operation is over, whether or not it was carried out: after cancelling a `rename`, check which
/// name the file has.
namespace hocket::files {

using hocket::open;

/// Returns the whole content of a file.
[[nodiscard]] Coro<std::string> read_bytes(PathView path);
/// The same; the text is not encoded or decoded.
[[nodiscard]] Coro<std::string> read_text(PathView path);

/// Options of `write_text` and `write_bytes`.
struct WriteOptions {
    /// Of a new file, before the umask is applied. An existing file keeps its own.
    unsigned permissions = 0666;
    bool durable = true; ///< wait for the disk, so that the data survives a power failure
};

/// Replaces the content of the file with `data`, which must stay valid, atomically: anyone who
/// reads `path` sees the old content or the new, even after a crash. The data is written to a
/// temporary file in the same folder, which then replaces the old file. If `path` is a symbolic
/// link, the link stays and its target is replaced. The temporary file is removed on errors and on
/// cancellation.
///
/// The file keeps its permissions, and also its owner if the process may change owners. Other hard
/// links to the file keep the old content. If `path` is not a regular file (a device or a pipe, for
/// example), the data is written to it directly. Returns the size.
[[nodiscard]] Coro<std::size_t> write_bytes(PathView path, std::string_view data,
                                            WriteOptions options = {});
/// The same; the text is not encoded or decoded.
[[nodiscard]] Coro<std::size_t> write_text(PathView path, std::string_view data,
                                           WriteOptions options = {});

[[nodiscard]] Coro<StatResult> stat(PathView path);
/// Like `stat`, but does not follow a symbolic link.
[[nodiscard]] Coro<StatResult> lstat(PathView path);
/// Whether `path` exists. Also false if the path cannot be accessed, as in Python.
[[nodiscard]] Coro<bool> exists(PathView path);

/// The names in a folder, in arbitrary order, without "." and "..".
[[nodiscard]] Coro<std::vector<std::string>> listdir(PathView path);

/// Renames a file or folder. An existing file of that name is replaced; `rename` does this too, as
/// Python's does on Linux.
[[nodiscard]] Coro<> rename(PathView from, PathView to);
[[nodiscard]] Coro<> replace(PathView from, PathView to);
[[nodiscard]] Coro<> unlink(PathView path);
[[nodiscard]] Coro<> rmdir(PathView path);
[[nodiscard]] Coro<> mkdir(PathView path, unsigned permissions = 0777);
/// Creates a folder and its missing parent folders. If the folder exists already, throws
/// std::system_error (EEXIST) unless `exist_ok` is set.
[[nodiscard]] Coro<> makedirs(PathView path, unsigned permissions = 0777, bool exist_ok = false);
/// Waits until the file at `path`, or the list of names if it is a folder, is on the disk.
[[nodiscard]] Coro<> fsync(PathView path);

/// One folder yielded by `walk`. Its references are valid until the next call of `next`.
struct WalkEntry {
    const std::string& dirpath; ///< starts with the path passed to `walk`
    /// Folders in it, and symbolic links to folders. With `topdown`, you may remove or reorder
    /// entries: removed ones are not visited, and the others are visited in this order.
    std::vector<std::string>& dirnames;
    const std::vector<std::string>& filenames; ///< everything else
};

/// Options of `walk`. The names are Python's.
struct WalkOptions {
    bool topdown = true; ///< false: a folder is yielded after its subfolders
    /// Called with the error when a folder cannot be read. The folder is skipped; throw to stop the
    /// walk.
    std::function<void(const std::system_error&)> onerror = {};
    /// Follow symbolic links to folders. A folder that is already being visited is not entered
    /// again (Python loops in that case).
    bool followlinks = false;
};

/// Yields `path` and all folders below it, with their contents: Python's os.walk. Not sorted.
[[nodiscard]] AsyncGenerator<WalkEntry> walk(PathView path, WalkOptions options = {});

} // namespace hocket::files
