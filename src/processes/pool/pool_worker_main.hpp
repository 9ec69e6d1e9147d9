#pragma once

#include <cstdint>
#include <string>

#include <sys/types.h>

#include <hocket/detail/processes/calls/message.hpp>

#include "engine/memory_mapping.hpp"
#include "engine/worker_link.hpp"
#include "processes/calls/call_runner.hpp"
#include "processes/pool/message_segments.hpp"
#include "processes/start/worker_bootstrap.hpp"

namespace hocket::detail {

/// The worker's side of a ProcessPoolExecutor: takes calls from its ring, one after the other,
/// until it is stopped.
class PoolWorkerMain {
public:
    /// For `descriptors` see Bootstrap; `control` is the socket to the owner.
    PoolWorkerMain(int control, const Bootstrap& bootstrap, Descriptors& descriptors);

    void run();

private:
    using Header = engine::MessageHeader;

    Header* wait_for_request();
    Header* spin_for_request();
    void handle(Header& request);
    engine::Reply call(Header& request, std::span<const char> body, Descriptors& descriptors);
    std::span<const char> open_segment(const Header& request, Descriptors& descriptors);
    void send_reply(engine::Reply kind, Descriptors& descriptors);
    void send_descriptors(const Descriptors& descriptors);
    Header& reserve_reply(std::size_t size);
    void ring_owner() noexcept;
    /// Ends the process if the call has closed the descriptors of the connection to the owner, or
    /// has opened others under their numbers, because then no answer would arrive.
    void require_connection() const noexcept;

    int control_;
    ino_t control_inode_;
    std::int64_t spin_;
    engine::MemoryMapping link_region_;
    engine::MemoryMapping notifier_region_;
    engine::FileDescriptor eventfd_;
    engine::WorkerLink& link_;
    engine::ReplyNotifier& notifier_;
    engine::SharedRing requests_;
    engine::SharedRing replies_;
    IncomingSegments argument_segments_;
    OutgoingSegments result_segments_{"result"};
    CallRunner runner_;
    bool initialized_ = true; // false if the initializer threw
};

} // namespace hocket::detail
