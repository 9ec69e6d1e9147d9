#include "processes/pool/shared_memory_worker.hpp"

#include <csignal>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/descriptor_passing.hpp"
#include "engine/last_error.hpp"
#include "observe/observer.hpp"
#include "processes/calls/call_runner.hpp"
#include "processes/calls/module_table.hpp"
#include "processes/start/worker_bootstrap.hpp"

namespace hocket::detail {

namespace {

using engine::MessageHeader;

// The limit for arguments on their way to one worker, in bytes. Further calls wait in the pool.
constexpr std::size_t most_in_segments = std::size_t{256} << 20;

} // namespace

SharedMemoryWorker::SharedMemoryWorker(engine::PoolCore& pool, int number, StartMethod method,
                                       std::int64_t spin, const OutputSink& output)
    : PoolWorker(number),
      ChildWatcher(pool.reactor().poller()),
      pool_(pool),
      link_region_(engine::MemoryMapping::create("worker", sizeof(engine::WorkerLink))),
      link_(reinterpret_cast<engine::WorkerLink*>(link_region_.data())),
      requests_(link_->requests()),
      replies_(link_->replies()) {
    Message first = pack_message(
        Bootstrap{Bootstrap::pool_worker, spin, static_cast<std::uint32_t>(observer::own_watch())});
    for (const int fd : {link_region_.fileno(), pool.notifier().fileno(), pool.answer_eventfd()}) {
        first.descriptors.push_back(engine::FileDescriptor::duplicate(fd));
    }
    if (output) {
        output_.emplace(pool.reactor().poller(), number, output);
        first.descriptors.push_back(std::move(output_->worker_stdout));
        first.descriptors.push_back(std::move(output_->worker_stderr));
    }
    process_ = start_worker(method);
    try {
        introduce(std::move(first));
    } catch (...) {
        abandon(process_); // otherwise it would have no watcher
        throw;
    }
}

// Begins to watch the process, and sends its first message.
void SharedMemoryWorker::introduce(Message first) {
    std::error_code error = engine::send_message(
        process_.control.fileno(), {first.bytes.data(), first.bytes.size()}, first.descriptors);
    // EPIPE: it has already ended; its watcher will report that.
    if (!error || error == std::errc::broken_pipe) {
        error = ChildWatcher::start(engine::FileDescriptor::duplicate(process_.pidfd.fileno()),
                                    process_.reports.fileno());
    }
    if (error) {
        throw std::system_error(error, "cannot send to a new worker process");
    }
}

SharedMemoryWorker::~SharedMemoryWorker() {
    if (ChildWatcher::is_started()) {
        kill();
    }
}

void SharedMemoryWorker::kill() noexcept {
    ending_ = true;
    ::syscall(SYS_pidfd_send_signal, process_.pidfd.fileno(), SIGKILL, nullptr, 0);
}

void SharedMemoryWorker::on_exit(int status, std::error_code error) noexcept {
    engine::WorkerEnd end{describe_exit(status, error), process_.pid, status};
    if (output_) {
        end.last_words = output_->finish();
    }
    pool_.on_worker_ended(*this, std::move(end));
}

std::string SharedMemoryWorker::describe_exit(int status, std::error_code error) const {
    const std::string who =
        "worker " + std::to_string(number()) + " (process " + std::to_string(process_.pid) + ") ";
    if (error) {
        return who + "has ended with unknown status: " +
               (process_.reports.is_open()
                    ? "the forkserver, which alone knows the status, was killed"
                    : "other code has reaped it");
    }
    return who + engine::describe_exit_status(status);
}

engine::PoolWorker::Sending SharedMemoryWorker::send(engine::PoolCall& call,
                                                     const engine::CallBody& body,
                                                     std::optional<engine::PoolFailure>& why) {
    try {
        return write_call(call, body);
    } catch (const std::system_error& error) {
        why = failure_of(error, engine::PoolFailure::Code::undeliverable);
        return Sending::refused;
    }
}

engine::PoolWorker::Sending SharedMemoryWorker::write_call(engine::PoolCall& call,
                                                           const engine::CallBody& body) {
    if (modules_known_ < ModuleTable::size() && !send_modules()) {
        return Sending::full;
    }
    const std::size_t size = body.size();
    const bool in_ring = size <= engine::WorkerLink::largest_body;
    MessageHeader* const message = requests_->reserve(in_ring ? size : 0);
    if (message == nullptr) {
        return Sending::full;
    }
    OutgoingSegments::Segment segment{};
    int new_segment = -1;
    if (!in_ring) {
        segment = argument_segments_.take(size, outstanding_ > 0 ? most_in_segments
                                                                 : OutgoingSegments::no_limit);
        if (segment.body == nullptr) {
            return Sending::full;
        }
        message->segment = segment.number;
        message->segment_size = size;
        if (!argument_segments_.is_known(segment.number)) {
            new_segment = argument_segments_.fileno(segment.number);
        }
    }
    if (!call.descriptors.empty() || new_segment >= 0) {
        if (const auto error = send_descriptors(call, new_segment)) {
            if (!in_ring) {
                argument_segments_.free(segment.number);
            }
            if (error == std::errc::resource_unavailable_try_again ||
                error == std::errc::broken_pipe) {
                return Sending::full; // later, or never: then its watcher will tell
            }
            throw std::system_error(error, "cannot pass descriptors to a worker");
        }
        message->descriptors = static_cast<std::uint16_t>(call.descriptors.size());
        if (new_segment >= 0) {
            ++message->descriptors;
            argument_segments_.set_known(segment.number);
        }
    }
    message->kind = static_cast<std::uint16_t>(call.is_initializer ? engine::Request::initializer
                                               : call.timeout > 0  ? engine::Request::timed_call
                                                                   : engine::Request::call);
    message->module = call.function.module;
    message->offset = call.function.offset;
    message->call = reinterpret_cast<std::uintptr_t>(&call);
    body.copy_to(in_ring ? engine::SharedRing::body(*message).data() : segment.body);
    if (call.is_initializer) {
        is_initialised_.store(false, std::memory_order_relaxed);
    }
    sent_.push_back({&call, message, requests_->position()});
    requests_->commit();
    mark_sent(call);
    return Sending::sent;
}

// Sends the descriptors that the arguments share and, last, that of a segment which is new to the
// worker.
std::error_code SharedMemoryWorker::send_descriptors(engine::PoolCall& call, int new_segment) {
    const char mark = 'd';
    if (new_segment < 0) {
        return engine::send_message(process_.control.fileno(), {&mark, 1}, call.descriptors);
    }
    const int segment = ::fcntl(new_segment, F_DUPFD_CLOEXEC, 0);
    if (segment < 0) {
        return engine::last_error();
    }
    call.descriptors.push_back(engine::FileDescriptor(segment));
    const auto error =
        engine::send_message(process_.control.fileno(), {&mark, 1}, call.descriptors);
    call.descriptors.pop_back();
    return error;
}

// Sends the worker the modules whose functions were used since the last call.
bool SharedMemoryWorker::send_modules() {
    while (modules_known_ < ModuleTable::size()) {
        const Module module = ModuleTable::get(modules_known_);
        const msgpack::sbuffer packed = pack_module(module);
        MessageHeader* const message = requests_->reserve(packed.size());
        if (message == nullptr) {
            return false;
        }
        message->kind = static_cast<std::uint16_t>(engine::Request::module);
        std::memcpy(engine::SharedRing::body(*message).data(), packed.data(), packed.size());
        requests_->commit();
        ++modules_known_;
    }
    return true;
}

void SharedMemoryWorker::stop() {
    ending_ = true;
    // This has its own flag, because the ring may be full.
    link_->stop.store(1, std::memory_order_seq_cst);
    wake();
}

} // namespace hocket::detail
