#include <hocket/file.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include <hocket/errors.hpp>

#include "files/file_call.hpp"
#include "files/file_state.hpp"
#include "files/file_status.hpp"

namespace hocket {

namespace detail {

namespace {

using StatePointer = std::shared_ptr<FileState>;

constexpr std::size_t first_chunk = std::size_t{64} * 1024;
constexpr std::size_t largest_growth = std::size_t{16} * 1024 * 1024;

void require_readable(const FileState& state) {
    if (!state.mode().is_readable) {
        throw ValueError("not readable: " + state.path());
    }
}

void require_writable(const FileState& state) {
    if (!state.mode().is_writable) {
        throw ValueError("not writable: " + state.path());
    }
}

/// The estimated number of bytes until the end, plus one byte to detect the end.
std::size_t rest_of(const FileState& state) noexcept {
    struct ::stat status {};
    const off_t position = ::lseek(state.fileno(), 0, SEEK_CUR);
    if (::fstat(state.fileno(), &status) != 0 || position < 0 || status.st_size <= position) {
        return first_chunk; // a pipe or a file in /proc
    }
    return static_cast<std::size_t>(status.st_size - position) + 1;
}

/// The bytes that a read has gathered. They are put back if the read does not complete.
struct Gathered {
    explicit Gathered(FileState& file) noexcept : state(file) {}
    ~Gathered() {
        if (!bytes.empty()) {
            state.put_back(std::move(bytes));
        }
    }
    std::string take() noexcept { return std::exchange(bytes, {}); }

    FileState& state;
    std::string bytes;
};

Coro<std::string> read(StatePointer state, std::ptrdiff_t n) {
    const FileUse use(*state);
    require_readable(*state);
    if (n < -1) {
        throw ValueError("read length must be non-negative or -1");
    }
    const auto guard = co_await state->position_lock().scoped();
    const std::size_t wanted = n < 0 ? std::string::npos : static_cast<std::size_t>(n);
    Gathered gathered(*state);
    gathered.bytes = state->ahead().substr(0, wanted);
    state->consume(gathered.bytes.size());
    // Allocate no more than the file has, even if the caller asks for more.
    std::size_t chunk = rest_of(*state);
    while (gathered.bytes.size() < wanted) {
        const std::size_t most = std::min(chunk, wanted - gathered.bytes.size());
        const std::size_t count = co_await state->read_more(gathered.bytes, most);
        if (count == 0) {
            break;
        }
        // Spare capacity is enough to detect the end.
        const std::size_t spare = gathered.bytes.capacity() - gathered.bytes.size();
        chunk = spare > 0 ? std::min(spare, largest_growth)
                          : std::clamp(gathered.bytes.size(), first_chunk, largest_growth);
    }
    co_return gathered.take();
}

/// Takes the first line, with its newline, from the bytes read ahead. Returns false if there is no
/// complete line.
bool take_line(FileState& state, std::string& line, std::size_t searched) {
    const auto end = state.ahead().find('\n', searched);
    if (end == std::string_view::npos) {
        return false;
    }
    line = state.ahead().substr(0, end + 1);
    state.consume(end + 1);
    return true;
}

Coro<std::string> readline(StatePointer state) {
    const FileUse use(*state);
    require_readable(*state);
    const auto guard = co_await state->position_lock().scoped();
    std::string line;
    std::size_t searched = 0;
    while (!take_line(*state, line, searched)) {
        searched = state->ahead().size();
        const bool has_more = co_await state->read_ahead();
        if (!has_more) {
            line = state->ahead();
            state->consume(line.size());
            break;
        }
    }
    co_return line;
}

AsyncGenerator<std::string> lines(StatePointer state) {
    for (;;) {
        std::string line;
        // Take lines that were read ahead directly, without a coroutine for each.
        const bool is_there =
            !state->is_closed() && !state->position_lock().locked() && take_line(*state, line, 0);
        if (!is_there) {
            line = co_await readline(state);
        }
        if (line.empty()) {
            co_return;
        }
        co_yield std::move(line);
    }
}

Coro<std::size_t> write(StatePointer state, std::string_view data) {
    const FileUse use(*state);
    require_writable(*state);
    const auto guard = co_await state->position_lock().scoped();
    state->drop_ahead();
    co_await state->write_at(data, -1);
    co_return data.size();
}

Coro<std::size_t> pread_into(StatePointer state, std::span<std::byte> space, std::int64_t offset) {
    const FileUse use(*state);
    require_readable(*state);
    state->require_offset("pread", offset);
    std::size_t total = 0;
    while (total < space.size()) {
        std::size_t count = 0;
        const auto rest = space.subspan(total);
        const std::int64_t at = offset + static_cast<std::int64_t>(total);
        if (!state->read_cached(rest, at, count)) {
            co_await state->read_at(rest, at, count);
        }
        if (count == 0) {
            break;
        }
        total += count;
    }
    co_return total;
}

Coro<std::string> pread(StatePointer state, std::size_t n, std::int64_t offset) {
    std::string bytes(n, '\0');
    const std::size_t count =
        co_await pread_into(std::move(state), std::as_writable_bytes(std::span(bytes)), offset);
    bytes.resize(count);
    co_return bytes;
}

Coro<std::size_t> pwrite(StatePointer state, std::string_view data, std::int64_t offset) {
    const FileUse use(*state);
    require_writable(*state);
    state->require_offset("pwrite", offset);
    co_await state->write_at(data, offset);
    co_return data.size();
}

Coro<std::int64_t> seek(StatePointer state, std::int64_t offset, Whence whence) {
    const FileUse use(*state);
    const auto guard = co_await state->position_lock().scoped();
    state->drop_ahead();
    const off_t position = ::lseek(state->fileno(), offset, static_cast<int>(whence));
    if (position < 0) {
        state->fail("seek", -errno);
    }
    co_return position;
}

Coro<std::int64_t> tell(StatePointer state) {
    const FileUse use(*state);
    const auto guard = co_await state->position_lock().scoped();
    const off_t position = ::lseek(state->fileno(), 0, SEEK_CUR);
    if (position < 0) {
        state->fail("tell", -errno);
    }
    co_return position - static_cast<off_t>(state->ahead().size());
}

struct Truncation {
    int fd;
    std::int64_t size;
    static std::int64_t perform(void* context) noexcept {
        const auto& self = *static_cast<Truncation*>(context);
        return ::ftruncate(self.fd, self.size) == 0 ? 0 : -errno;
    }
};

/// A `size` of -1 means the current position.
Coro<std::int64_t> truncate(StatePointer state, std::int64_t size) {
    const FileUse use(*state);
    require_writable(*state);
    const auto guard = co_await state->position_lock().scoped();
    state->drop_ahead();
    Truncation truncation{state->fileno(), size < 0 ? ::lseek(state->fileno(), 0, SEEK_CUR) : size};
    FileCall call(engine::FileRequest::call(&Truncation::perform, &truncation));
    const std::int64_t result = co_await call;
    if (result < 0) {
        state->fail("truncate", result);
    }
    co_return truncation.size;
}

Coro<> sync(StatePointer state, bool data_only) {
    const FileUse use(*state);
    FileCall call(engine::FileRequest::sync(state->fileno(), data_only));
    const std::int64_t result = co_await call;
    if (result < 0) {
        state->fail(data_only ? "fdatasync" : "fsync", result);
    }
}

Coro<files::StatResult> stat(StatePointer state) {
    const FileUse use(*state);
    struct statx status {};
    FileCall call(engine::FileRequest::stat(state->fileno(), status));
    const std::int64_t result = co_await call;
    if (result < 0) {
        state->fail("stat", result);
    }
    co_return to_stat_result(status);
}

Coro<> close(StatePointer state) { co_await state->close(); }
Coro<> nothing() { co_return; }

Coro<File> open(std::string path, FileMode mode, OpenOptions options) {
    engine::FileDescriptor fd =
        co_await open_descriptor(path, mode.flags | options.flags, options.permissions);
    co_return File(std::make_shared<FileState>(std::move(fd), std::move(path), mode));
}

} // namespace
} // namespace detail

const std::shared_ptr<detail::FileState>& File::state() const {
    if (!state_) {
        throw ValueError("I/O operation on closed file");
    }
    return state_;
}

Coro<std::string> File::read(std::ptrdiff_t n) const { return detail::read(state(), n); }
Coro<std::string> File::readline() const { return detail::readline(state()); }
AsyncGenerator<std::string> File::lines() const { return detail::lines(state()); }

Coro<std::size_t> File::write(std::string_view data) const { return detail::write(state(), data); }

Coro<std::string> File::pread(std::size_t n, std::int64_t offset) const {
    return detail::pread(state(), n, offset);
}
Coro<std::size_t> File::pread_into(std::span<std::byte> space, std::int64_t offset) const {
    return detail::pread_into(state(), space, offset);
}
Coro<std::size_t> File::pwrite(std::string_view data, std::int64_t offset) const {
    return detail::pwrite(state(), data, offset);
}

Coro<std::int64_t> File::seek(std::int64_t offset, Whence whence) const {
    return detail::seek(state(), offset, whence);
}
Coro<std::int64_t> File::tell() const { return detail::tell(state()); }
Coro<std::int64_t> File::truncate() const { return detail::truncate(state(), -1); }
Coro<std::int64_t> File::truncate(std::int64_t size) const {
    if (size < 0) {
        state()->fail("truncate", -EINVAL);
    }
    return detail::truncate(state(), size);
}

Coro<> File::fsync() const { return detail::sync(state(), false); }
Coro<> File::fdatasync() const { return detail::sync(state(), true); }
Coro<files::StatResult> File::stat() const { return detail::stat(state()); }

Coro<> File::close() const { return state_ ? detail::close(state_) : detail::nothing(); }
bool File::closed() const noexcept { return !state_ || state_->is_closed(); }

int File::fileno() const {
    if (closed()) {
        throw ValueError("I/O operation on closed file");
    }
    return state_->fileno();
}

const std::string& File::name() const noexcept {
    static const std::string none;
    return state_ ? state_->path() : none;
}
bool File::readable() const noexcept { return state_ && state_->mode().is_readable; }
bool File::writable() const noexcept { return state_ && state_->mode().is_writable; }

Coro<File> open(PathView path, std::string_view mode, OpenOptions options) {
    return detail::open(path.str(), detail::FileMode::parse(mode), options);
}

} // namespace hocket
