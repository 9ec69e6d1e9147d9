#include "processes/start/owner_end.hpp"

#include <cerrno>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/last_error.hpp"
#include "loop/fork_safe_mutex.hpp"

namespace hocket::detail {

namespace {

/// The descriptors that are open.
struct OpenEnds {
    ForkSafeMutex mutex; // prevents a fork between opening a descriptor and listing it
    std::vector<int> descriptors;
};

OpenEnds& open_ends() {
    static auto* const ends = new OpenEnds; // never destroyed: static pools may be destroyed later
    return *ends;
}

} // namespace

std::pair<OwnerEnd, engine::FileDescriptor> OwnerEnd::connect() {
    OpenEnds& open = open_ends();
    const std::scoped_lock lock(open.mutex);
    open.descriptors.reserve(open.descriptors.size() + 1);
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        engine::throw_errno("socketpair for a worker");
    }
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK); // this end only: the owner never blocks on a worker
    open.descriptors.push_back(ends[0]);
    return {OwnerEnd(engine::FileDescriptor(ends[0]), ::getpid()), engine::FileDescriptor(ends[1])};
}

void OwnerEnd::close_all() noexcept {
    OpenEnds& open = open_ends();
    const std::scoped_lock lock(open.mutex);
    for (const int descriptor : open.descriptors) {
        ::close(descriptor);
    }
    open.descriptors.clear();
}

void OwnerEnd::close() noexcept {
    if (!end_.is_open()) {
        return;
    }
    if (process_ != ::getpid()) {
        static_cast<void>(end_.release()); // close_all has already closed it
        return;
    }
    OpenEnds& open = open_ends();
    const std::scoped_lock lock(open.mutex);
    std::erase(open.descriptors, end_.fileno());
    end_.close();
}

} // namespace hocket::detail
