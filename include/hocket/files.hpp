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

/// What Python's os, pathlib and shutil do with paths, without blocking the loop. A namespace of
/// its own, because the names are the C library's: after `using namespace hocket` a plain rename()
/// stays the system's. (`using namespace hocket::files` would make such calls ambiguous; write
/// `files::rename`.)
///
/// Errors are std::system_error with the call and the path in the text, or ValueError for a path
/// with a zero byte in it. A cancelled call ends with CancelledError when it is over, whether it
/// was still done or not; who cancels a `rename` has to look.
namespace hocket::files {

using hocket::open;

/// The whole content of a file.
[[nodiscard]] Coro<std::string> read_bytes(PathView path);
/// The same; text is bytes here.
[[nodiscard]] Coro<std::string> read_text(PathView path);

/// How `write_text` and `write_bytes` write.
struct WriteOptions {
    unsigned permissions =
        0666;            ///< of a new file, less the umask; a file that is there keeps its own
    bool durable = true; ///< wait for the disk: what was written survives a power cut
};

/// Makes `data`, which must stay valid, the content of the file, wholly or not at all: whoever
/// reads `path` finds the old content or the new, also after a crash. It is written to a temporary
/// file in the same folder, which takes the old one's place; a symbolic link stays, what it refers
/// to is replaced. Neither an error nor a cancellation leaves the temporary file behind.
///
/// The file keeps its permissions (and its owner, where the process may give files away); other
/// hard links to it keep the old content. What is no regular file (a device, a pipe) is written to
/// as it is. Yields the size.
[[nodiscard]] Coro<std::size_t> write_bytes(PathView path, std::string_view data,
                                            WriteOptions options = {});
/// The same; text is bytes here.
[[nodiscard]] Coro<std::size_t> write_text(PathView path, std::string_view data,
                                           WriteOptions options = {});

[[nodiscard]] Coro<StatResult> stat(PathView path);
/// As `stat`, but of a symbolic link itself.
[[nodiscard]] Coro<StatResult> lstat(PathView path);
/// False also when the path cannot be looked at, as in Python.
[[nodiscard]] Coro<bool> exists(PathView path);

/// The names in a folder, in no order, without "." and "..".
[[nodiscard]] Coro<std::vector<std::string>> listdir(PathView path);

/// Gives a file or folder another name. A file that has it is replaced (also by `rename`, on
/// Linux).
[[nodiscard]] Coro<> rename(PathView from, PathView to);
[[nodiscard]] Coro<> replace(PathView from, PathView to);
[[nodiscard]] Coro<> unlink(PathView path);
[[nodiscard]] Coro<> rmdir(PathView path);
[[nodiscard]] Coro<> mkdir(PathView path, unsigned permissions = 0777);
/// With the folders above it. A folder that is there is EEXIST, unless `exist_ok`.
[[nodiscard]] Coro<> makedirs(PathView path, unsigned permissions = 0777, bool exist_ok = false);
/// Waits until the file at `path`, or a folder's list of names, is on the disk.
[[nodiscard]] Coro<> fsync(PathView path);

/// What `walk` yields for each folder. Refers into the generator: valid until its next `next`.
struct WalkEntry {
    const std::string& dirpath; ///< begins with what `walk` was given
    /// Folders in it, and symbolic links to folders. With `topdown`, those that are taken out are
    /// not visited, and the rest in this order.
    std::vector<std::string>& dirnames;
    const std::vector<std::string>& filenames; ///< everything else
};

/// How `walk` walks. The names are Python's.
struct WalkOptions {
    bool topdown = true; ///< false: a folder comes after those in it
    /// Called with what a folder that cannot be read says. It is left out; throw to stop.
    std::function<void(const std::system_error&)> onerror = {};
    /// Visit what symbolic links lead to; not again what is being visited (Python goes in circles).
    bool followlinks = false;
};

/// The folders at and below `path`, with what is in them: Python's os.walk. Not sorted.
[[nodiscard]] AsyncGenerator<WalkEntry> walk(PathView path, WalkOptions options = {});

} // namespace hocket::files
