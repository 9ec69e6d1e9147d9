#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <system_error>

#include <hocket/detail/processes/calls/message.hpp>

#include "engine/child_watcher.hpp"
#include "engine/memory_mapping.hpp"
#include "engine/pool/pool_core.hpp"
#include "engine/worker_link.hpp"
#include "processes/pool/message_segments.hpp"
#include "processes/start/start_worker.hpp"
#include "processes/start/worker_output.hpp"

namespace hocket::detail {

/// A worker process of this program that gets its calls through rings in shared memory.
class SharedMemoryWorker final : public engine::PoolWorker, private engine::ChildWatcher {
public:
    /// Starts the process. Throws std::system_error.
    SharedMemoryWorker(engine::PoolCore& pool, int number, StartMethod method, std::int64_t spin,
                       const OutputSink& output);
    ~SharedMemoryWorker() override;

    [[nodiscard]] bool is_ready() const noexcept override {
        return is_initialised_.load(std::memory_order_acquire) &&
               link_->stage.load(std::memory_order_acquire) == engine::WorkerLink::Stage::ready;
    }
    [[nodiscard]] Sending send(engine::PoolCall& call, const engine::CallBody& body,
                               std::optional<engine::PoolFailure>& why) override;
    void wake() noexcept override { link_->request_added.notify_all(); }
    void stop() override;
    void kill() noexcept override;
    [[nodiscard]] Calls take_back(std::size_t most) override;
    [[nodiscard]] bool take_back(engine::PoolCall& call) override;
    [[nodiscard]] bool end_call(engine::PoolCall& call, Calls& others) override;
    [[nodiscard]] engine::PoolCall* running() noexcept override;
    [[nodiscard]] Remains take_remains() override;
    [[nodiscard]] std::int64_t started_at() const noexcept override {
        return link_->started_at.load(std::memory_order_acquire);
    }
    [[nodiscard]] std::int64_t shortest_timeout() const noexcept override;
    [[nodiscard]] bool has_answer() const noexcept override { return !replies_->empty(); }
    [[nodiscard]] Answer take_answer() override;
    void answer_taken() noexcept override;

private:
    /// A call that was sent and not answered yet, in order. `call` is nullptr if nobody needs the
    /// answer.
    struct Sent {
        engine::PoolCall* call;
        engine::MessageHeader* message; // may be overwritten once the worker has read it
        std::uint64_t position;         // the message's position in the ring
        bool taken_back = false;        // there will be no answer
    };

    void on_exit(int status, std::error_code error) noexcept override;
    void introduce(Message first);
    [[nodiscard]] std::string describe_exit(int status, std::error_code error) const;
    [[nodiscard]] Sending write_call(engine::PoolCall& call, const engine::CallBody& body);
    void receive_body(engine::MessageHeader& reply, Answer& answer);
    [[nodiscard]] bool take_back(Sent& sent);
    [[nodiscard]] Sent* oldest() noexcept;
    void give_up(engine::PoolCall& call) noexcept;
    [[nodiscard]] bool is_started(const Sent& sent) const noexcept {
        return requests_->has_been_read(sent.position) ||
               sent.message->state.load(std::memory_order_acquire) ==
                   engine::MessageHeader::State::started;
    }
    [[nodiscard]] bool send_modules();
    [[nodiscard]] std::error_code send_descriptors(engine::PoolCall& call, int new_segment);

    engine::PoolCore& pool_;
    StartedWorker process_;
    engine::MemoryMapping link_region_;
    engine::WorkerLink* link_ = nullptr;
    std::optional<engine::SharedRing> requests_;
    std::optional<engine::SharedRing> replies_;
    std::optional<WorkerOutput> output_;
    std::deque<Sent> sent_;
    std::uint32_t modules_known_ = 1; // how many modules the worker knows, including the program
    std::atomic<bool> is_initialised_{true}; // false until the initializer has answered
    OutgoingSegments argument_segments_{"argument"};
    IncomingSegments result_segments_;
};

} // namespace hocket::detail
