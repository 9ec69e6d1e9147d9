#pragma once

#include <cstdint>
#include <memory>

#include <hocket/engine/intrusive_list.hpp>
#include <hocket/engine/ready_queue.hpp>
#include <hocket/engine/timer.hpp>

#include "engine/buffer_pool.hpp"
#include "engine/datagram_batch.hpp"
#include "engine/inbox.hpp"
#include "engine/poller.hpp"
#include "engine/signals.hpp"
#include "engine/status.hpp"
#include "engine/timer_fd.hpp"
#include "engine/timer_queue.hpp"

namespace hocket::engine {

/// Work to be done once before the loop polls again, such as a transport's gathered write.
class TurnEnd : public ListLink {
public:
    virtual void on_turn_end() noexcept = 0;

protected:
    ~TurnEnd() = default;
};

/// Called on the loop's thread before and after every wait that may block, so that language
/// bindings can release an interpreter lock there. Not noexcept, because an interpreter may end the
/// thread instead of giving it the lock: then pthread_exit unwinds the stack.
struct BlockingHooks {
    void (*before)(void* context) = nullptr;
    void (*after)(void* context) = nullptr;
    void* context = nullptr;
};

/// Receives the signals that a loop has taken over.
class SignalSink {
public:
    virtual void on_signal(int signal) noexcept = 0;

protected:
    ~SignalSink() = default;
};

/// One thread's loop, without coroutines: the ready queue, timers, file descriptors, wake-ups from
/// other threads, and signals. Only `post` and `wake` may be called from other threads.
class Reactor {
public:
    /// `status` is what the loop tells others about itself; it must outlive this. Without one, it
    /// tells nothing. Throws std::system_error if no descriptors are left.
    explicit Reactor(LoopStatus* status = nullptr);
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    [[nodiscard]] static Nanoseconds now() noexcept;

    ReadyQueue& ready() noexcept { return ready_; }
    TimerQueue& timers() noexcept { return timers_; }
    Poller& poller() noexcept { return poller_; }
    Signals& signals() noexcept { return signals_; }
    /// What the status page says of this loop.
    LoopStatus& status() noexcept { return status_; }
    /// For bytes just received, until they are passed on.
    BufferPool& read_buffers() noexcept { return read_buffers_; }
    /// For bytes waiting to be sent.
    BufferPool& write_blocks() noexcept { return write_blocks_; }
    /// For datagrams just received, until they are passed on. Created on first use, which may throw
    /// std::bad_alloc.
    DatagramBatch& datagrams() {
        if (!datagrams_) {
            datagrams_ = std::make_unique<DatagramBatch>();
        }
        return *datagrams_;
    }

    /// Runs `item` in the next turn. May be called from any thread; `item` must live until it has
    /// run.
    void post(Runnable& item) noexcept { inbox_.post(item); }
    void post(Runnable& item, Inbox::CopyDescriptor copy) noexcept { inbox_.post(item, copy); }
    /// Ends the wait of a blocked loop. May be called from any thread.
    void wake() noexcept { inbox_.wake(); }

    /// Calls `item.on_turn_end()` once, before the loop polls again. Does nothing if that is
    /// already requested; `cancel_turn_end` withdraws the request.
    void at_turn_end(TurnEnd& item) noexcept {
        if (!item.is_linked()) {
            turn_ends_.push_back(item);
        }
    }
    void cancel_turn_end(TurnEnd& item) noexcept {
        if (item.is_linked()) {
            turn_ends_.erase(item);
        }
    }

    void set_blocking_hooks(BlockingHooks hooks) noexcept { hooks_ = hooks; }
    /// How long a loop that has just had work polls without blocking before it sleeps. Useful if
    /// its peers answer within microseconds. Default: 0.
    void set_busy_poll(Nanoseconds time) noexcept { busy_poll_time_ = time; }
    void set_signal_sink(SignalSink* sink) noexcept { signal_sink_ = sink; }

    /// Has the next `poll` ask the kernel, also if it did so just now and there is work.
    void poll_next_turn() noexcept { polled_at_ = 0; }

    /// The first half of a turn: waits until something is ready (does not wait if something already
    /// is or `may_block` is false), then dispatches descriptors, signals, posts and timers.
    void poll(bool may_block);

    /// The second half: runs everything that is ready now, then the work requested for the turn's
    /// end.
    void run_ready() {
        ReadyQueue batch = ready_.take_all();
        // Counting each step would cost a yield 4 % of its time, so four are counted together.
        for (std::uint64_t steps = 0;; steps += 4) {
#pragma GCC unroll 4
            for (unsigned i = 0; i < 4; ++i) {
                if (batch.empty()) {
                    end_turn(steps + i);
                    return;
                }
                batch.pop().run();
            }
        }
    }

    /// The same, recording each step.
    void run_ready_traced() noexcept;

    /// Calls `discard` on everything that is ready or posted, because the loop will not run it.
    void discard_ready() noexcept;

    /// For callers that run the batch themselves, to time each callback. `steps` is its length.
    void end_turn(std::uint64_t steps = 0) noexcept {
        add(status_.turns, 1);
        add(status_.steps, steps);
        if (!turn_ends_.empty()) {
            run_turn_ends();
        }
    }

private:
    struct TurnMarker final : TurnEnd {
        void on_turn_end() noexcept override {}
    };

    [[nodiscard]] bool poll_is_due(Nanoseconds& time) noexcept;
    void sleep();
    [[nodiscard]] bool more_posts_are_near() noexcept;
    [[nodiscard]] bool busy_poll() noexcept;
    void dispatch(int count, std::uint64_t time) noexcept;
    void run_turn_ends() noexcept;
    std::uint64_t record_awake() noexcept;
    void renew_tick_length(std::uint64_t time) noexcept;
    void deliver_signals() noexcept;

    ReadyQueue ready_;
    StatusHeader& header_ = status_page().header;
    const std::unique_ptr<LoopStatus> own_status_;
    LoopStatus& status_;
    BufferPool read_buffers_{std::size_t{64} * 1024, 4};
    BufferPool write_blocks_{std::size_t{16} * 1024, 64};
    std::unique_ptr<DatagramBatch> datagrams_;
    Poller poller_;
    Inbox inbox_;
    TimerFd far_deadline_;
    TimerQueue timers_;
    Signals signals_;
    IntrusiveList<TurnEnd> turn_ends_;
    TurnMarker turn_marker_;
    BlockingHooks hooks_;
    SignalSink* signal_sink_ = nullptr;
    Nanoseconds polled_at_ = 0;
    Nanoseconds busy_poll_time_ = 0;
    bool had_posts_ = false;  // in the previous turn
    bool had_events_ = false; // since the last busy poll
};

} // namespace hocket::engine
