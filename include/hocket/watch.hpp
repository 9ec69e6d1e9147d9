#pragma once

#include <cstdint>
#include <string>

#include <hocket/async_generator.hpp>
#include <hocket/coro.hpp>
#include <hocket/path_view.hpp>

namespace hocket::files {

/// A change of a watched file or folder.
struct WatchEvent {
    enum class Kind : std::uint8_t {
        created,
        modified,   ///< the content changed; a large write causes several events
        closed,     ///< closed by a program that had it open for writing: a good time to read it
        attributes, ///< permissions, times, owner or number of links changed
        deleted,
        moved_from, ///< the old name …
        moved_to,   ///< … and the new one, with the same cookie, when both are watched
        overflow,   ///< the kernel dropped events: read the folder again
        gone,       ///< the watched path itself was deleted, moved or unmounted; the last event
    };

    Kind kind = Kind::modified;
    std::string path; ///< starts with the path passed to `watch`
    bool is_dir = false;
    std::uint32_t cookie = 0; ///< if not 0, connects the two events of a move
};

/// Options of `watch`.
struct WatchOptions {
    /// Also watch the folders below, including new ones. Files that are in a new folder before its
    /// watch starts are reported as created, possibly twice.
    bool recursive = false;
};

/// Watches a file, or a folder and its contents. The generator yields every change made after this
/// call has returned. If events are not read, the kernel keeps up to 16,384 of them
/// (fs.inotify.max_queued_events); the loss of further ones is reported as an overflow.
///
///     auto changes = co_await hocket::files::watch("folder");
///     while (auto change = co_await changes.next()) std::cout << change->path << '\n';
///
/// Throws std::system_error if the path cannot be watched, or if the user's inotify instances or
/// watches (fs.inotify.max_user_instances, max_user_watches) are used up. As with every generator,
/// cancelling `next` ends it. Changes made by other machines on network file systems are not seen.
[[nodiscard]] Coro<AsyncGenerator<WatchEvent>> watch(PathView path, WatchOptions options = {});

} // namespace hocket::files
