#include "engine/file_send.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/sendfile.h>

#include "engine/no_sigpipe.hpp"

namespace hocket::engine {

namespace {

// How much one socket may send in a turn. Without a limit, a peer that reads as fast as we send
// would block the loop until the whole file is sent.
constexpr std::int64_t turn_share = std::int64_t{1} << 20;

} // namespace

FileSend::State FileSend::advance(int socket) noexcept {
    NoSigpipe no_sigpipe; // sendfile has no MSG_NOSIGNAL
    for (std::int64_t share = turn_share; share > 0;) {
        const std::int64_t want = left_ ? std::min(*left_, share) : share;
        if (want == 0) {
            return State::done;
        }
        off_t offset = offset_;
        const ssize_t sent = ::sendfile(socket, file_, &offset, static_cast<std::size_t>(want));
        if (sent < 0) {
            const int error = errno;
            if (error == EINTR) {
                continue;
            }
            if (error == EAGAIN || error == EWOULDBLOCK) {
                return State::later;
            }
            if (error == EPIPE) {
                no_sigpipe.take_back();
            }
            error_.assign(error, std::system_category());
            return State::failed;
        }
        if (sent == 0) {
            return State::done;
        }
        offset_ += sent;
        sent_ += static_cast<std::uint64_t>(sent);
        share -= sent;
        if (left_) {
            *left_ -= sent;
        }
    }
    return left_ == 0 ? State::done : State::later;
}

bool FileSend::is_unavailable() const noexcept {
    const int error = error_.value();
    return sent_ == 0 && (error == EINVAL || error == ENOSYS || error == ESPIPE ||
                          error == EOPNOTSUPP || error == EOVERFLOW);
}

} // namespace hocket::engine
