#include "engine/long_open.hpp"

#include <cstdio>
#include <new>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include "engine/file_operations.hpp"

namespace hocket::engine {

std::shared_ptr<LongOpen> LongOpen::start(FileOperation& operation,
                                          FileDescriptor partner) noexcept {
    try {
        auto open = std::make_shared<LongOpen>(operation, std::move(partner));
        open->self_ = open;
        if (BlockingThreads::for_long_opens().submit(*open)) {
            return open;
        }
        open->self_.reset();
    } catch (const std::bad_alloc&) { // reported like a missing thread
    }
    return nullptr;
}

LongOpen::LongOpen(FileOperation& operation, FileDescriptor partner)
    : operation_(&operation),
      path_(operation.request_.path),
      request_(FileRequest::open(path_.c_str(), operation.request_.flags, operation.request_.mode)),
      node_(::open(path_.c_str(), O_PATH | O_CLOEXEC)),
      partner_(std::move(partner)) {}

void LongOpen::perform() noexcept {
    const std::shared_ptr<LongOpen> self = std::move(self_);
    FileDescriptor opened;
    const std::int64_t result = request_.perform();
    const std::lock_guard lock(mutex_);
    partner_.close();
    node_.close();
    if (operation_ == nullptr) {
        opened = FileDescriptor(static_cast<int>(result));
        return;
    }
    FileOperation& operation = *std::exchange(operation_, nullptr);
    operation.result_ = result;
    operation.operations_->performed(operation);
}

bool LongOpen::abandon() noexcept {
    const std::lock_guard lock(mutex_);
    if (std::exchange(operation_, nullptr) == nullptr) {
        return false;
    }
    if (BlockingThreads::for_long_opens().withdraw(*this)) {
        self_.reset(); // the caller has another reference
    } else {
        unblock();
    }
    return true;
}

// The open of a FIFO returns once both ends are open. A device's open is left to itself.
void LongOpen::unblock() noexcept {
    struct ::stat status {};
    if (::fstat(node_.fileno(), &status) == 0 && S_ISFIFO(status.st_mode)) {
        char node[32];
        std::snprintf(node, sizeof node, "/proc/self/fd/%d", node_.fileno());
        partner_ = FileDescriptor(::open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC));
    }
}

} // namespace hocket::engine
