#include <hocket/watch.hpp>

#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <dirent.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hocket/engine/file_descriptor.hpp>

#include "files/file_call.hpp"
#include "loop/event_loop_state.hpp"
#include "loop/network_operations.hpp"

namespace hocket::files {

namespace {

using Kind = WatchEvent::Kind;

constexpr std::uint32_t interest = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE |
                                   IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF;

std::optional<Kind> kind_of(std::uint32_t mask) noexcept {
    static constexpr std::pair<std::uint32_t, Kind> kinds[] = {
        {IN_CREATE, Kind::created},     {IN_MODIFY, Kind::modified},
        {IN_CLOSE_WRITE, Kind::closed}, {IN_ATTRIB, Kind::attributes},
        {IN_DELETE, Kind::deleted},     {IN_MOVED_FROM, Kind::moved_from},
        {IN_MOVED_TO, Kind::moved_to},
    };
    for (const auto& [bit, kind] : kinds) {
        if ((mask & bit) != 0) {
            return kind;
        }
    }
    return std::nullopt;
}

/// inotify's view of a tree. Its functions that read folders block.
class Changes {
public:
    Changes(std::string path, bool is_recursive)
        : fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
          root_(std::move(path)),
          is_recursive_(is_recursive) {}

    [[nodiscard]] int fileno() const noexcept { return fd_.fileno(); }
    [[nodiscard]] const std::string& root() const noexcept { return root_; }

    /// Begins to watch. Returns 0 or -errno.
    std::int64_t start() noexcept {
        if (!fd_.is_open()) {
            return -errno;
        }
        root_watch_ = ::inotify_add_watch(fileno(), root_.c_str(), interest);
        if (root_watch_ < 0) {
            return -errno;
        }
        folders_[root_watch_] = root_;
        to_scan_.push_back({root_, false});
        return scan();
    }

    /// Watches the new folders, and reports their contents. Returns 0 or -errno.
    std::int64_t scan() noexcept;
    [[nodiscard]] bool has_folders_to_scan() const noexcept {
        return is_recursive_ && !to_scan_.empty();
    }

    /// Reads the events that are available now. Returns -EAGAIN if there are none.
    std::int64_t read();

    [[nodiscard]] std::optional<WatchEvent> next() {
        if (events_.empty()) {
            return std::nullopt;
        }
        WatchEvent event = std::move(events_.front());
        events_.pop_front();
        return event;
    }

private:
    struct Scan {
        std::string path;
        bool is_new; // its contents have not been reported
    };

    void take(const inotify_event& event);
    void forget_below(const std::string& path);

    engine::FileDescriptor fd_;
    std::string root_;
    bool is_recursive_;
    int root_watch_ = -1;
    std::unordered_map<int, std::string> folders_; // by inotify's watch number
    std::vector<Scan> to_scan_;
    std::deque<WatchEvent> events_;
};

std::int64_t Changes::scan() noexcept {
    while (is_recursive_ && !to_scan_.empty()) {
        const Scan scan = std::move(to_scan_.back());
        to_scan_.pop_back();
        // First watch, then read the folder: changes in between are reported twice rather than
        // never.
        const int watch = ::inotify_add_watch(fileno(), scan.path.c_str(), interest | IN_ONLYDIR);
        if (watch < 0) {
            if (errno == ENOENT || errno == ENOTDIR || errno == EACCES) {
                continue; // removed meanwhile, a file, or not readable for us
            }
            return -errno;
        }
        folders_[watch] = scan.path;
        DIR* const folder = ::opendir(scan.path.c_str());
        if (folder == nullptr) {
            continue;
        }
        while (const dirent* entry = ::readdir(folder)) {
            const std::string name = entry->d_name;
            if (name == "." || name == "..") {
                continue;
            }
            const std::string path = detail::join_path(scan.path, name);
            struct ::stat status {};
            const bool is_dir = ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
            if (scan.is_new) {
                events_.push_back({Kind::created, path, is_dir, 0});
            }
            if (is_dir) {
                to_scan_.push_back({path, scan.is_new});
            }
        }
        ::closedir(folder);
    }
    return 0;
}

void Changes::take(const inotify_event& event) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
        events_.push_back({Kind::overflow, root_, true, 0});
        to_scan_.push_back({root_, false}); // there may be folders whose creation was not reported
        return;
    }
    const auto folder = folders_.find(event.wd);
    if (folder == folders_.end()) {
        return; // a late event of a folder that is no longer watched
    }
    constexpr std::uint32_t end = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
    if (event.wd == root_watch_ && (event.mask & end) != 0) {
        events_.push_back({Kind::gone, root_, (event.mask & IN_ISDIR) != 0, 0});
        return;
    }
    if ((event.mask & IN_IGNORED) != 0) {
        folders_.erase(folder);
        return;
    }
    const std::optional<Kind> kind = kind_of(event.mask);
    // A subfolder reports the same change as its parent folder.
    const bool is_about_itself = event.len == 0;
    if (!kind || (is_about_itself && event.wd != root_watch_)) {
        return;
    }
    const bool is_dir = (event.mask & IN_ISDIR) != 0;
    std::string path =
        is_about_itself ? folder->second : detail::join_path(folder->second, event.name);
    if (is_recursive_ && is_dir) {
        if (*kind == Kind::created || *kind == Kind::moved_to) {
            to_scan_.push_back({path, true});
        } else if (*kind == Kind::moved_from) {
            forget_below(path);
        }
    }
    events_.push_back({*kind, std::move(path), is_dir, event.cookie});
}

// A folder that is moved keeps its watch, which would report the old path.
void Changes::forget_below(const std::string& path) {
    for (auto folder = folders_.begin(); folder != folders_.end();) {
        const std::string& known = folder->second;
        const bool is_below = known == path || known.compare(0, path.size() + 1, path + "/") == 0;
        if (is_below) {
            ::inotify_rm_watch(fileno(), folder->first);
        }
        folder = is_below ? folders_.erase(folder) : std::next(folder);
    }
}

std::int64_t Changes::read() {
    alignas(inotify_event) char buffer[16 * 1024];
    const ssize_t size = ::read(fileno(), buffer, sizeof buffer);
    for (ssize_t at = 0; at < size;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
        take(*event);
        at += static_cast<ssize_t>(sizeof *event + event->len);
    }
    return size < 0 ? -errno : size;
}

[[noreturn]] void fail(const Changes& changes, std::int64_t result) {
    throw std::system_error(static_cast<int>(-result), std::system_category(),
                            "watch " + changes.root());
}

/// Calls a blocking function of `changes` on another thread.
template <auto function> Coro<> call(std::shared_ptr<Changes> changes) {
    detail::FileCall blocking(engine::FileRequest::call(
        [](void* context) noexcept { return (static_cast<Changes*>(context)->*function)(); },
        changes.get()));
    const std::int64_t result = co_await blocking;
    if (result < 0) {
        fail(*changes, result);
    }
}

Coro<> wait_for_events(Changes& changes) {
    for (;;) {
        const std::int64_t result = changes.read();
        if (result > 0) {
            co_return;
        }
        if (result != -EAGAIN && result != -EINTR) {
            fail(changes, result);
        }
        detail::FdReady ready(get_running_loop().state().network, changes.fileno(),
                              detail::FdWatch::Direction::read);
        co_await ready;
    }
}

AsyncGenerator<WatchEvent> report(std::shared_ptr<Changes> changes) {
    for (;;) {
        if (changes->has_folders_to_scan()) {
            co_await call<&Changes::scan>(changes);
        }
        while (auto event = changes->next()) {
            const bool is_last = event->kind == Kind::gone;
            co_yield std::move(*event);
            if (is_last) {
                co_return;
            }
        }
        co_await wait_for_events(*changes);
    }
}

Coro<AsyncGenerator<WatchEvent>> start(std::string path, WatchOptions options) {
    if (path.empty()) {
        throw std::system_error(ENOENT, std::system_category(), "watch ");
    }
    auto changes = std::make_shared<Changes>(std::move(path), options.recursive);
    co_await call<&Changes::start>(changes);
    co_return report(std::move(changes));
}

} // namespace

Coro<AsyncGenerator<WatchEvent>> watch(PathView path, WatchOptions options) {
    return start(path.str(), options);
}

} // namespace hocket::files
