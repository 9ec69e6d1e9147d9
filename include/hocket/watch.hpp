#pragma once

#include <cstdint>
#include <string>

#include <hocket/async_generator.hpp>
#include <hocket/coro.hpp>
#include <hocket/path_view.hpp>

namespace hocket::files {

/// Something that happened to a watched file or folder.
struct WatchEvent {
    enum class Kind : std::uint8_t {
        created,
        modified,   ///< the content; a large write is several
        closed,     ///< who had it open for writing has closed it: it is as whole as it gets
        attributes, ///< permissions, times, owner, number of links
        deleted,
        moved_from, ///< the old name …
        moved_to,   ///< … and the new one, with the same cookie, when both are watched
        overflow,   ///< more happened than the kernel keeps: what is not known, so look anew
        gone,       ///< what is watched itself: deleted, moved away or unmounted. The last event.
    };

    Kind kind = Kind::modified;
    std::string path; ///< begins with what `watch` was given
    bool is_dir = false;
    std::uint32_t cookie = 0; ///< not 0: joins the two halves of a move
};

/// How `watch` watches.
struct WatchOptions {
    /// The folders below too, and those that come. What is in a new folder by the time it is
    /// watched is reported as created, perhaps twice.
    bool recursive = false;
};

/// Watches a file, or a folder and what is in it. Everything that happens after this has returned
/// comes out of the generator; the kernel keeps 16,384 events (fs.inotify.max_queued_events) for
/// who does not look, and what is lost then is reported as an overflow.
///
///     auto changes = co_await hocket::files::watch("folder");
///     while (auto change = co_await changes.next()) std::cout << change->path << '\n';
///
/// Throws std::system_error when the path cannot be watched, or when the user's inotify instances
/// or watches (fs.inotify.max_user_instances, max_user_watches) are used up. As every generator, it
/// is at its end when `next` was cancelled. Changes made by other machines to network file systems
/// are not seen.
[[nodiscard]] Coro<AsyncGenerator<WatchEvent>> watch(PathView path, WatchOptions options = {});

} // namespace hocket::files
