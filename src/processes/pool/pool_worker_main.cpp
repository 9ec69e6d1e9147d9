#include "processes/pool/pool_worker_main.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <sched.h>
#include <stdio_ext.h>
#include <unistd.h>

#include <hocket/errors.hpp>

#include "engine/cpu_relax.hpp"
#include "engine/descriptor_passing.hpp"
#include "engine/inode_of.hpp"
#include "engine/reactor.hpp"
#include "engine/trace.hpp"
#include "processes/calls/keep_freed_memory.hpp"

namespace hocket::detail {

namespace {

/// Counts roughly processor cycles, in a few nanoseconds. A clock would cost a short call a tenth
/// of its time.
std::uint64_t ticks() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    std::uint64_t value = 0;
    asm volatile("mrs %0, cntvct_el0" : "=r"(value));
    return value * 40; // the counter runs at 25 MHz to 1 GHz
#else
    return static_cast<std::uint64_t>(engine::Reactor::now());
#endif
}

// A call that is shorter than this cannot have closed three descriptors.
constexpr std::uint64_t too_short_to_close = 1'000;

void flush_output() noexcept {
    if (::__fpending(stdout) > 0) {
        std::fflush(stdout);
    }
}

std::span<const char> as_chars(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace

PoolWorkerMain::PoolWorkerMain(int control, const Bootstrap& bootstrap, Descriptors& descriptors)
    : control_(control),
      control_inode_(engine::inode_of(control)),
      spin_(bootstrap.spin),
      link_region_(engine::MemoryMapping::of_received(std::move(descriptors.at(0)))),
      notifier_region_(engine::MemoryMapping::of_received(std::move(descriptors.at(1)))),
      eventfd_(std::move(descriptors.at(2))),
      link_(*reinterpret_cast<engine::WorkerLink*>(link_region_.data())),
      notifier_(*reinterpret_cast<engine::ReplyNotifier*>(notifier_region_.data())),
      requests_(link_.requests()),
      replies_(link_.replies()) {
    owners_modules() = {}; // drop the modules of the owner of the process that forked this one
    if (descriptors.size() > 4) {
        ::dup2(descriptors[3].fileno(), STDOUT_FILENO);
        ::dup2(descriptors[4].fileno(), STDERR_FILENO);
        descriptors.clear();
        // Line buffering, so that the owner can say which worker wrote a line.
        std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    }
}

void PoolWorkerMain::run() {
    keep_freed_memory();
    link_.stage.store(engine::WorkerLink::Stage::ready, std::memory_order_release);
    ring_owner();
    while (Header* const next = initialized_ ? wait_for_request() : nullptr) {
        Header& request = *next;
        if (request.kind == static_cast<std::uint16_t>(engine::Request::timed_call)) {
            // Set this before the owner can see that the call is started.
            link_.started_at.store(engine::Reactor::now(), std::memory_order_release);
        }
        auto expected = Header::State::ready;
        if (request.state.compare_exchange_strong(expected, Header::State::started,
                                                  std::memory_order_acq_rel)) {
            handle(request);
        } else {
            Descriptors unused;
            static_cast<void>(open_segment(request, unused)); // drops its descriptors
        }
        requests_.pop();
    }
}

// Returns the next request; nullptr if there will be none. Yields once before it sleeps, because
// the owner may be in the middle of a batch on the same processor.
engine::MessageHeader* PoolWorkerMain::wait_for_request() {
    for (;;) {
        if (Header* request = spin_for_request()) {
            return request;
        }
        ::sched_yield();
        if (Header* request = requests_.front()) {
            return request;
        }
        if (link_.stop.load(std::memory_order_seq_cst) != 0) {
            return nullptr;
        }
        link_.request_added.wait(-1, [this] {
            return requests_.front() != nullptr || link_.stop.load(std::memory_order_seq_cst) != 0;
        });
    }
}

engine::MessageHeader* PoolWorkerMain::spin_for_request() {
    Header* request = requests_.front();
    if (request != nullptr || spin_ == 0) {
        return request;
    }
    const engine::Nanoseconds until = engine::Reactor::now() + spin_;
    do {
        for (int i = 0; i < 64 && request == nullptr; ++i) {
            engine::cpu_relax();
            request = requests_.front();
        }
    } while (request == nullptr && engine::Reactor::now() < until);
    return request;
}

void PoolWorkerMain::handle(Header& request) {
    Descriptors descriptors;
    const auto body = open_segment(request, descriptors);
    switch (static_cast<engine::Request>(request.kind)) {
    case engine::Request::module: owners_modules().add(unpack_module(body)); break;
    case engine::Request::timed_call:
    case engine::Request::call: call(request, body, descriptors); break;
    case engine::Request::initializer:
        initialized_ = call(request, body, descriptors) == engine::Reply::result;
        break;
    }
    if (request.segment_size != 0) {
        argument_segments_.free(request.segment);
    }
}

engine::Reply PoolWorkerMain::call(Header& request, std::span<const char> body,
                                   Descriptors& descriptors) {
    Descriptors results;
    const std::uint64_t began = ticks();
    engine::trace(engine::TraceKind::run_call, request.call);
    const engine::Reply kind =
        runner_.run({request.module, request.offset}, body, descriptors, results)
            ? engine::Reply::result
            : engine::Reply::exception;
    engine::trace(engine::TraceKind::run_end);
    flush_output();
    if (ticks() - began > too_short_to_close) {
        require_connection();
    }
    try {
        send_reply(kind, results);
    } catch (...) {
        // There is no memory for a large result, or no descriptor for what the result shares.
        results.clear();
        runner_.pack_exception();
        send_reply(engine::Reply::exception, results);
    }
    runner_.shrink();
    return kind;
}

// Returns the request's bytes, from the ring or from a segment, and receives its descriptors.
std::span<const char> PoolWorkerMain::open_segment(const Header& request,
                                                   Descriptors& descriptors) {
    if (request.descriptors > 0) {
        char mark = 0;
        const auto received = engine::receive_message(control_, {&mark, 1}, descriptors);
        if (received.error) {
            throw std::system_error(received.error, "the worker cannot receive descriptors");
        }
    }
    const auto body = engine::SharedRing::body(const_cast<Header&>(request));
    if (request.segment_size == 0) {
        return as_chars(body);
    }
    return argument_segments_.open(request.segment, request.segment_size, descriptors);
}

void PoolWorkerMain::send_reply(engine::Reply kind, Descriptors& descriptors) {
    const std::size_t size = runner_.result().size();
    const bool in_ring = size <= engine::WorkerLink::largest_body;
    OutgoingSegments::Segment segment{};
    bool is_new_segment = false;
    if (!in_ring) {
        segment = result_segments_.take(size);
        is_new_segment = !result_segments_.is_known(segment.number);
    }
    try {
        if (is_new_segment) {
            descriptors.push_back(
                engine::FileDescriptor::duplicate(result_segments_.fileno(segment.number)));
        }
        send_descriptors(descriptors);
    } catch (...) {
        if (!in_ring) {
            result_segments_.free(segment.number);
        }
        throw;
    }
    if (is_new_segment) {
        result_segments_.set_known(segment.number);
    }
    Header& reply = reserve_reply(in_ring ? size : 0);
    reply.kind = static_cast<std::uint16_t>(kind);
    reply.descriptors = static_cast<std::uint16_t>(descriptors.size());
    if (!in_ring) {
        reply.segment = segment.number;
        reply.segment_size = size;
    }
    std::byte* to = in_ring ? engine::SharedRing::body(reply).data() : segment.body;
    for (const auto piece : runner_.result().pieces()) {
        to = std::ranges::copy(std::as_bytes(piece), to).out;
    }
    replies_.commit();
    ring_owner();
}

// They go before the reply, because the owner looks for them when it reads that.
void PoolWorkerMain::send_descriptors(const Descriptors& descriptors) {
    if (descriptors.empty()) {
        return;
    }
    const char mark = 'd';
    if (const auto error = engine::send_message(control_, {&mark, 1}, descriptors)) {
        throw std::system_error(error, "the worker cannot send descriptors");
    }
}

engine::MessageHeader& PoolWorkerMain::reserve_reply(std::size_t size) {
    for (;;) {
        if (Header* reply = replies_.reserve(size)) {
            return *reply;
        }
        // The owner notifies after it has read replies.
        link_.reply_taken.wait(-1, [&] { return replies_.reserve(size) != nullptr; });
    }
}

void PoolWorkerMain::require_connection() const noexcept {
    if (engine::inode_of(control_) != control_inode_ || ::fcntl(eventfd_.fileno(), F_GETFD) < 0) {
        std::fputs("a call closed the descriptors of its worker process\n", stderr);
        std::fflush(stderr);
        ::_exit(1);
    }
}

void PoolWorkerMain::ring_owner() noexcept {
    notifier_.eventcount.notify_all();
    if (notifier_.loop_sleeps.load(std::memory_order_seq_cst) != 0 &&
        notifier_.loop_sleeps.exchange(0, std::memory_order_seq_cst) != 0) {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(eventfd_.fileno(), &one, sizeof one);
    }
}

} // namespace hocket::detail
