#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <system_error>

#include "engine/child_watcher.hpp"
#include "engine/poller.hpp"
#include "engine/pool/frame_reader.hpp"
#include "engine/pool/outgoing_frames.hpp"
#include "engine/pool/pool_core.hpp"
#include "engine/pool/stream_options.hpp"

namespace hocket::engine {

/// A worker behind a stream of frames, wherever it runs: docs/worker-frames.md. It gets calls once
/// both ends have said hello and the initializer, if there is one, has succeeded.
///
/// When its stream ends, the call that ran fails; the others go to other workers. If it ends so
/// that answers may have been lost (a network that is down, a connection that was reset), all calls
/// that the worker may have received fail, because it may have made them.
class StreamWorker final : public PoolWorker, private Watcher, private Timer {
public:
    /// `options` must outlive this. Throws std::system_error.
    StreamWorker(PoolCore& pool, int number, StreamPeer peer, const StreamOptions& options);
    ~StreamWorker() override;

    [[nodiscard]] bool is_ready() const noexcept override {
        return has_greeted_.load(std::memory_order_acquire) &&
               is_initialised_.load(std::memory_order_acquire);
    }
    [[nodiscard]] Sending send(PoolCall& call, const CallBody& body,
                               std::optional<PoolFailure>& why) override;
    void wake() noexcept override {} // `flush` does
    void flush() noexcept override;
    void stop() override;
    void kill() noexcept override;
    [[nodiscard]] Calls take_back(std::size_t most) override;
    [[nodiscard]] bool take_back(PoolCall& call) override;
    [[nodiscard]] bool end_call(PoolCall& call, Calls& others) override;
    [[nodiscard]] PoolCall* running() noexcept override;
    [[nodiscard]] Remains take_remains() override;
    [[nodiscard]] std::int64_t started_at() const noexcept override {
        return started_at_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::int64_t shortest_timeout() const noexcept override;
    [[nodiscard]] bool has_answer() const noexcept override {
        return answer_count_.load(std::memory_order_seq_cst) > 0;
    }
    [[nodiscard]] Answer take_answer() override;
    void answer_taken() noexcept override { taken_ = {}; }
    void service() noexcept override;

    // For the supervisor, about a worker that connects later or whose process others watch.
    /// The process has been started; it must connect and say hello within the timeout of the hello.
    void on_process_started(std::string name, pid_t pid);
    /// The worker has connected, and `received` was received from it. Returns the system's error.
    [[nodiscard]] std::error_code connect(FileDescriptor socket, std::span<const char> received);
    /// The process has ended: `status` is its exit status, or minus the signal.
    void on_process_ended(int status, std::string last_words) noexcept;
    /// The worker will not connect, or cannot be reached any more: "is lost: ...".
    void give_up(const std::string& why) noexcept;

private:
    /// A call that was sent and not answered yet, in order.
    struct Sent {
        PoolCall* call; // nullptr if nobody needs the answer
        std::uint64_t number;
        OutgoingFrames::Body body; // to send it again
        bool is_initializer;
        bool is_written = false; // as a whole
        bool is_asked_back = false;
        std::int64_t cancelled_until = 0; // when the worker must have ended it
    };
    struct Answered {
        Sent sent;
        AnswerKind kind;
        Frame frame;
    };
    /// The process, if it is a child of this one.
    struct Child final : ChildWatcher {
        Child(Poller& poller, StreamWorker& worker) : ChildWatcher(poller), worker_(worker) {}
        void on_exit(int status, std::error_code error) noexcept override {
            worker_.on_child_exit(status, error);
        }
        StreamWorker& worker_;
    };

    // For the supervisor.
    void on_ready(std::uint32_t events) noexcept override;
    void expire() noexcept override;
    void on_child_exit(int status, std::error_code error) noexcept;
    void receive(std::size_t budget) noexcept;
    [[nodiscard]] std::string take_bytes(std::size_t count);
    [[nodiscard]] std::string take_frame(Frame frame);
    [[nodiscard]] std::string take_hello(const Frame& frame);
    [[nodiscard]] std::string take_answer_frame(Frame frame);
    [[nodiscard]] std::error_code watch_peer() noexcept;
    void lose(const std::string& why, bool is_clean) noexcept;
    void report_end() noexcept;
    void kill_child() noexcept;
    void arm_timer();
    void watch_socket() noexcept;
    void adjust_batch(std::uint64_t nanoseconds) noexcept;
    [[nodiscard]] std::string describe() const;

    // With mutex_ held.
    void write_some();
    void note_start() noexcept;
    void forget(std::size_t index);

    PoolCore& pool_;
    const StreamOptions& options_;
    StreamPeer peer_;
    Child child_;
    bool loses_nothing_ = false; // what was written before the end can be read
    FrameReader reader_;
    std::int64_t last_heard_ = 0;
    std::int64_t hello_due_ = 0;
    std::int64_t asked_at_ = 0; // the last ping
    double mean_time_ = 0;      // of calls, in nanoseconds
    bool is_lost_ = false;
    bool ended_itself_ = false; // rather than being given up
    std::string end_text_;
    int process_status_ = 0;
    bool is_process_ended_ = false; // says on_process_ended
    std::string last_words_;

    mutable std::mutex mutex_; // guards what follows; after the pool's lock, if both are needed
    OutgoingFrames outgoing_;
    bool is_hello_sent_ = false;
    bool is_blocked_ = false;
    std::error_code write_error_;
    std::deque<Sent> sent_;
    std::deque<Answered> answered_;
    std::size_t bytes_ahead_ = 0;
    std::uint64_t next_call_ = 1;
    std::size_t modules_sent_ = 1; // the program, of which it is another process
    bool may_have_run_all_ = false;
    bool is_killed_ = false;
    bool is_stopped_ = false;

    std::atomic<bool> has_greeted_{false};
    std::atomic<bool> is_initialised_{true}; // false until the initializer has answered
    std::atomic<std::size_t> answer_count_{0};
    std::atomic<std::int64_t> started_at_{0}; // of the oldest call
    Answered taken_{};                        // by the collector
};

} // namespace hocket::engine
