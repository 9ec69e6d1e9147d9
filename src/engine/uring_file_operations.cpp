#include "engine/uring_file_operations.hpp"

#include <cerrno>
#include <initializer_list>
#include <iterator>
#include <utility>

#include <sys/stat.h>

namespace hocket::engine {

namespace {

using Call = FileRequest::Call;

constexpr unsigned submission_entries = 256;
// The most operations in the kernel at a time; more are queued here, so that there is always room
// for all completions.
constexpr unsigned completion_entries = 1024;

std::error_code error_of(int negative) noexcept { return {-negative, std::system_category()}; }

} // namespace

std::unique_ptr<UringFileOperations> UringFileOperations::create(Reactor& reactor,
                                                                 std::error_code& error) {
    std::unique_ptr<UringFileOperations> operations(new UringFileOperations(reactor));
    error = operations->set_up();
    return error ? nullptr : std::move(operations);
}

std::error_code UringFileOperations::set_up() noexcept {
    // COOP_TASKRUN (Linux 5.19): the kernel processes completions when the loop enters it anyway,
    // instead of interrupting the loop.
    int code = 0;
    for (const unsigned flags : {IORING_SETUP_COOP_TASKRUN, 0U}) {
        io_uring_params parameters{};
        parameters.flags = flags | IORING_SETUP_CQSIZE;
        parameters.cq_entries = completion_entries;
        code = io_uring_queue_init_params(submission_entries, &ring_, &parameters);
        if (code != -EINVAL) {
            break;
        }
    }
    if (code < 0) {
        return error_of(code);
    }
    is_set_up_ = true;
    supported_ = probe_uring(ring_, code);
    if (supported_ == 0) {
        return error_of(code);
    }
    return reactor_.poller().add(*this, ring_.ring_fd, Watcher::readable);
}

bool UringFileOperations::supports(Call call) const noexcept {
    return (supported_ & uring_call(call)) != 0;
}

void UringFileOperations::start(FileOperation& operation, const FileRequest& request) noexcept {
    if (!supports(request.kind) || is_blocking_open(request)) {
        threads_.start(operation, request);
        return;
    }
    operation.request_ = request;
    operation.operations_ = this;
    operation.is_cancel_requested_ = false;
    operation.state_ = FileOperation::State::queued;
    queued_.push_back(operation);
    reactor_.at_turn_end(*this);
}

void UringFileOperations::close() noexcept {
    threads_.close();
    for (auto* const list : {&queued_, &to_cancel_, &running_, &done_}) {
        while (FileOperation* operation = list->front()) {
            operation->abandon();
        }
    }
    reactor_.cancel_turn_end(*this);
    reactor_.poller().remove(*this);
    if (is_set_up_) {
        is_set_up_ = false;
        io_uring_queue_exit(&ring_);
    }
}

void UringFileOperations::cancel(FileOperation& operation) noexcept {
    if (operation.state_ == FileOperation::State::queued) {
        queued_.erase(operation);
        add_done(operation, -ECANCELED);
    } else if (operation.state_ == FileOperation::State::running) {
        running_.erase(operation);
        to_cancel_.push_back(operation);
        operation.state_ = FileOperation::State::cancelling;
    }
    reactor_.at_turn_end(*this);
}

void UringFileOperations::withdraw(FileOperation& operation) noexcept {
    if (operation.state_ == FileOperation::State::queued) {
        queued_.erase(operation);
        return;
    }
    operation.is_cancel_requested_ = true; // prevents that it is passed to a thread
    if (operation.state_ == FileOperation::State::running) {
        cancel(operation);
    }
    wait_for(operation);
    done_.erase(operation);
    --done_count_;
}

// An operation that is destroyed while the kernel uses its memory waits here.
void UringFileOperations::wait_for(FileOperation& operation) noexcept {
    while (operation.state_ != FileOperation::State::done) {
        prepare_queued();
        submit();
        reap();
        if (operation.state_ != FileOperation::State::done) {
            io_uring_cqe* completion = nullptr;
            io_uring_wait_cqe(&ring_, &completion);
            reap();
        }
    }
}

void UringFileOperations::on_turn_end() noexcept {
    prepare_queued();
    submit();
    reap();
    deliver();
    if (!queued_.empty() || !to_cancel_.empty() || !done_.empty() ||
        io_uring_sq_ready(&ring_) != 0) {
        reactor_.at_turn_end(*this);
    }
}

void UringFileOperations::on_ready(std::uint32_t) noexcept {
    reap();
    deliver();
    if (!queued_.empty() || !done_.empty()) {
        reactor_.at_turn_end(*this); // there is room now
    }
}

void UringFileOperations::prepare_queued() noexcept {
    while (!to_cancel_.empty()) {
        io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
        if (entry == nullptr) {
            return;
        }
        FileOperation& operation = *to_cancel_.pop_front();
        io_uring_prep_cancel(entry, &operation, 0);
        io_uring_sqe_set_data(entry, nullptr); // the completion is ignored
        operation.state_ = FileOperation::State::cancelled;
        running_.push_back(operation);
    }
    while (!queued_.empty() && running_count_ < completion_entries) {
        io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
        if (entry == nullptr) {
            return;
        }
        FileOperation& operation = *queued_.pop_front();
        prepare_uring_call(*entry, operation.request_, operation.how_);
        io_uring_sqe_set_data(entry, &operation);
        operation.state_ = FileOperation::State::running;
        running_.push_back(operation);
        ++running_count_;
    }
}

void UringFileOperations::submit() noexcept {
    while (io_uring_sq_ready(&ring_) != 0) {
        const int code = io_uring_submit(&ring_);
        if (code == -EINTR) {
            continue;
        }
        // Out of memory or of room for completions: try again in the next turn.
        if (code == -EAGAIN || code == -EBUSY || code == -ENOMEM) {
            return;
        }
        if (code < 0) {
            hand_over_to_threads();
            return;
        }
    }
}

// Called if the program has installed a seccomp filter that forbids io_uring. The kernel finishes
// what it has accepted; threads do the rest and all later operations.
void UringFileOperations::hand_over_to_threads() noexcept {
    supported_ = 0;
    const unsigned mask = submission_entries - 1;
    const unsigned tail = ring_.sq.sqe_tail;
    for (unsigned at = *ring_.sq.khead; at != tail; ++at) {
        auto* const operation =
            reinterpret_cast<FileOperation*>(ring_.sq.sqes[at & mask].user_data);
        if (operation != nullptr) {
            const bool is_cancelled = operation->is_cancel_requested_;
            leave_kernel(*operation);
            threads_.start(*operation, operation->request_);
            if (is_cancelled) {
                operation->request_cancel();
            }
        }
    }
    ring_.sq.sqe_head = ring_.sq.sqe_tail = *ring_.sq.ktail = *ring_.sq.khead;
    while (FileOperation* operation = queued_.pop_front()) {
        threads_.start(*operation, operation->request_);
    }
}

void UringFileOperations::reap() noexcept {
    io_uring_cqe* completions[64];
    for (;;) {
        const unsigned count = io_uring_peek_batch_cqe(&ring_, completions, std::size(completions));
        for (unsigned i = 0; i < count; ++i) {
            void* const operation = io_uring_cqe_get_data(completions[i]);
            if (operation != nullptr) {
                complete(*static_cast<FileOperation*>(operation), completions[i]->res);
            }
        }
        io_uring_cq_advance(&ring_, count);
        if (count == 0) {
            return;
        }
    }
}

void UringFileOperations::leave_kernel(FileOperation& operation) noexcept {
    const bool is_to_cancel = operation.state_ == FileOperation::State::cancelling;
    (is_to_cancel ? to_cancel_ : running_).erase(operation);
    --running_count_;
}

// The ring only opens what it can open without blocking. A thread does the rest. EAGAIN: the path
// is not in the kernel's cache. EINVAL: Linux before 5.12. And the ring opens FIFOs as if with
// O_NONBLOCK: a reader gets one that nobody writes to, a writer without a reader gets ENXIO.
bool UringFileOperations::open_on_thread(FileOperation& operation, int result) noexcept {
    const FileRequest& request = operation.request_;
    if (request.kind != Call::open || operation.is_cancel_requested_) {
        return false;
    }
    if (result == -EAGAIN || result == -EINVAL) {
        threads_.start(operation, request);
        return true;
    }
    struct ::stat status {};
    const bool waits_for_partner =
        (request.flags & O_NONBLOCK) == 0 &&
        (result >= 0 ? ::fstat(result, &status) == 0 && S_ISFIFO(status.st_mode)
                     : result == -ENXIO);
    if (waits_for_partner) {
        // This end stays open until the second attempt succeeds, because another process may have
        // opened its end upon seeing it.
        threads_.start_long_open(operation, FileDescriptor(result));
    }
    return waits_for_partner;
}

void UringFileOperations::complete(FileOperation& operation, int result) noexcept {
    leave_kernel(operation);
    if (open_on_thread(operation, result)) {
        return;
    }
    if (operation.is_cancel_requested_ &&
        (is_uring_interruption(result) || (operation.request_.kind == Call::open && result < 0))) {
        result = -ECANCELED;
    } else if (is_uring_interruption(result)) {
        if (operation.request_.kind == Call::close) {
            result = 0; // the descriptor is gone all the same
        } else {
            operation.state_ = FileOperation::State::queued;
            queued_.push_back(operation);
            return;
        }
    }
    add_done(operation, result);
}

void UringFileOperations::add_done(FileOperation& operation, std::int64_t result) noexcept {
    operation.state_ = FileOperation::State::done;
    operation.result_ = result;
    done_.push_back(operation);
    ++done_count_;
}

void UringFileOperations::deliver() noexcept {
    // One by one, because completing one may destroy others. Only as many as there are now, because
    // otherwise a caller that starts the next one at once could keep the loop here.
    for (std::size_t left = done_count_; left > 0 && !done_.empty(); --left) {
        FileOperation& operation = *done_.pop_front();
        --done_count_;
        operation.complete();
    }
}

} // namespace hocket::engine
