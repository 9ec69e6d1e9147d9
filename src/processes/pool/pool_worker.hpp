#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <hocket/detail/processes/calls/gather_buffer.hpp>
#include <hocket/detail/processes/calls/remote_call.hpp>

#include "engine/child_watcher.hpp"
#include "engine/memory_mapping.hpp"
#include "engine/worker_link.hpp"
#include "processes/pool/message_segments.hpp"
#include "processes/start/start_worker.hpp"
#include "processes/start/worker_output.hpp"

namespace hocket::detail {

/// The owner's side of one worker process of a pool: the calls that were sent to it and their
/// progress. Protected by the pool's lock, except for the functions that only the supervisor calls.
class PoolWorker final : public engine::ChildWatcher {
public:
    /// A call that was sent and not answered yet, in order. `call` is nullptr if nobody needs the
    /// answer.
    struct Sent {
        RemoteCall* call;
        engine::MessageHeader* message; // may be overwritten once the worker has read it
        std::uint64_t position;         // the message's position in the ring
        bool taken_back = false;        // there will be no answer
    };
    struct Answer {
        RemoteCall* call; // nullptr if nobody needs the answer any more
        bool is_exception;
        std::span<const char> body;
        Descriptors descriptors;
        std::exception_ptr lost; // why it could not be received
    };
    static constexpr std::size_t unlimited = static_cast<std::size_t>(-1);

    /// If there is an error, the status is unknown.
    using OnExit = std::function<void(PoolWorker&, int status, std::error_code error)>;

    /// Starts the process. Throws std::system_error.
    PoolWorker(engine::Poller& poller, int number, const engine::MemoryMapping& notifier,
               int eventfd, StartMethod method, std::int64_t spin, const OutputSink& output,
               OnExit on_exit);
    ~PoolWorker();

    [[nodiscard]] int number() const noexcept { return number_; }
    [[nodiscard]] pid_t pid() const noexcept { return process_.pid; }
    [[nodiscard]] bool is_fork_servers() const noexcept { return process_.reports.is_open(); }
    /// Whether the process runs and its initializer, if there is one, has succeeded.
    [[nodiscard]] bool is_ready() const noexcept {
        return is_initialised_.load(std::memory_order_acquire) &&
               link_->stage.load(std::memory_order_acquire) == engine::WorkerLink::Stage::ready;
    }
    /// For the supervisor: returns true once, when the worker has become ready since the last call.
    [[nodiscard]] bool became_ready() noexcept {
        return is_ready() && !std::exchange(known_to_be_ready_, true);
    }
    /// The number of calls that were sent and not answered yet.
    [[nodiscard]] std::size_t outstanding() const noexcept { return outstanding_; }
    /// Whether the worker accepts another call: it is neither stopped nor killed, and has fewer
    /// than `most` calls.
    [[nodiscard]] bool accepts(std::size_t most) const noexcept {
        return !ending_ && outstanding_ < most && calls_left_ != 0;
    }
    [[nodiscard]] bool is_ending() const noexcept { return ending_; }

    /// Writes a call into the ring. Returns false if there is no room now.
    [[nodiscard]] bool send(RemoteCall& call, const GatherBuffer& body);
    /// Call this after `send`, without the lock: wakes the worker if it sleeps.
    void wake() noexcept { link_->request_added.notify_all(); }
    /// Sends at most this many more calls; then the worker is stopped.
    void limit_calls(std::size_t calls) noexcept { calls_left_ = calls; }
    /// Makes the worker end once it has handled the calls that were sent.
    void stop();

    /// Takes back calls that were not started: at most the last `most` of them. Returns them oldest
    /// first.
    std::vector<RemoteCall*> take_back(std::size_t most);
    /// Takes back one call. Returns false if it was started.
    [[nodiscard]] bool take_back(RemoteCall& call);
    /// The oldest call without an answer; nullptr if there is none.
    [[nodiscard]] const Sent* oldest() noexcept;
    /// Makes the answer to this call be dropped.
    void give_up(RemoteCall& call) noexcept;
    [[nodiscard]] bool is_started(const Sent& sent) const noexcept {
        return requests_->has_been_read(sent.position) ||
               sent.message->state.load(std::memory_order_acquire) ==
                   engine::MessageHeader::State::started;
    }
    /// When the running call with a timeout was started, on the monotonic clock.
    [[nodiscard]] std::int64_t started_at() const noexcept {
        return link_->started_at.load(std::memory_order_acquire);
    }
    /// The shortest timeout of the calls that were sent but not started; the largest number if none
    /// has one.
    [[nodiscard]] std::int64_t shortest_timeout() const noexcept;
    void kill() noexcept;

    /// For the collector: the next answer. Its body stays valid until `answer_taken`.
    [[nodiscard]] bool has_answer() const noexcept { return !replies_->empty(); }
    [[nodiscard]] Answer take_answer();
    void answer_taken() noexcept;

    /// The last text that the worker wrote to stderr.
    [[nodiscard]] std::string last_words() { return output_ ? output_->finish() : std::string(); }

private:
    void on_exit(int status, std::error_code error) noexcept override;
    void introduce(Message first);
    void receive_body(engine::MessageHeader& reply, Answer& answer);
    [[nodiscard]] bool take_back(Sent& sent) noexcept;
    void drop_taken_back() noexcept;
    [[nodiscard]] bool send_modules();
    [[nodiscard]] std::error_code send_descriptors(RemoteCall& call, int new_segment);

    const int number_;
    StartedWorker process_;
    engine::MemoryMapping link_region_;
    engine::WorkerLink* link_ = nullptr;
    std::optional<engine::SharedRing> requests_;
    std::optional<engine::SharedRing> replies_;
    std::optional<WorkerOutput> output_;
    OnExit on_exit_;
    std::deque<Sent> sent_;
    std::size_t outstanding_ = 0;
    std::size_t calls_left_ = unlimited;
    std::uint32_t modules_known_ = 1; // how many modules the worker knows, including the program
    bool ending_ = false;
    std::atomic<bool> is_initialised_{true}; // false until the initializer has answered
    bool known_to_be_ready_ = false;
    OutgoingSegments argument_segments_{"argument"};
    IncomingSegments result_segments_;
};

} // namespace hocket::detail
