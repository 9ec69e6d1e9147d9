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
#include "engine/timer_fd.hpp"
#include "engine/timer_queue.hpp"

namespace hocket::engine {

/// Something to do once before the loop polls again: a transport's gathered write.
class TurnEnd : public ListLink {
public:
    virtual void on_turn_end() noexcept = 0;

protected:
    ~TurnEnd() = default;
};

/// Called around every wait that may block, on the loop's thread: a face that holds an interpreter
/// lock lets go of it there.
struct BlockingHooks {
    void (*before)(void* context) noexcept = nullptr;
    void (*after)(void* context) noexcept = nullptr;
    void* context = nullptr;
};

/// Who is told about the signals a loop has taken over.
class SignalSink {
public:
    virtual void on_signal(int signal) noexcept = 0;

protected:
    ~SignalSink() = default;
};

/// One thread's loop, without coroutines: what is ready, timers, file descriptors, wake-ups from
/// other threads, signals. Only `post` and `wake` may be called from other threads.
class Reactor {
public:
    Reactor(); ///< Throws std::system_error when the kernel has no descriptors left.
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    [[nodiscard]] static Nanoseconds now() noexcept;

    ReadyQueue& ready() noexcept { return ready_; }
    TimerQueue& timers() noexcept { return timers_; }
    Poller& poller() noexcept { return poller_; }
    Signals& signals() noexcept { return signals_; }
    /// For bytes just received, until they are handed on.
    BufferPool& read_buffers() noexcept { return read_buffers_; }
    /// For bytes that wait to be sent.
    BufferPool& write_blocks() noexcept { return write_blocks_; }
    /// For datagrams just received, until they are handed on. Made when first asked for: throws
    /// std::bad_alloc then.
    DatagramBatch& datagrams() {
        if (!datagrams_) {
            datagrams_ = std::make_unique<DatagramBatch>();
        }
        return *datagrams_;
    }

    /// Runs `item` in the next turn. Any thread; `item` must live until it has run.
    void post(Runnable& item) noexcept { inbox_.post(item); }
    /// Ends the wait of a blocked loop. Any thread.
    void wake() noexcept { inbox_.wake(); }

    /// Calls `item.on_turn_end()` once, before the loop polls again. Does nothing when it is
    /// asked for already; `cancel_turn_end` takes it back.
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
    /// For how long a loop that has just had something to do polls without blocking before it
    /// sleeps: for a loop whose peers answer within microseconds. By default 0.
    void set_busy_poll(Nanoseconds time) noexcept { busy_poll_time_ = time; }
    void set_signal_sink(SignalSink* sink) noexcept { signal_sink_ = sink; }

    /// The first half of a turn: waits until something is ready (not at all when something is
    /// already, or with `may_block` false), then dispatches descriptors, signals, posts and timers.
    void poll(bool may_block);

    /// The second half: runs what is ready by now, then what was asked for at the turn's end.
    void run_ready() {
        ReadyQueue batch = ready_.take_all();
        while (!batch.empty()) {
            batch.pop().run();
        }
        end_turn();
    }

    /// Calls `discard` on everything that is ready or posted: the loop will not run it.
    void discard_ready() noexcept;

    /// For a face that runs the batch itself (to time each callback).
    void end_turn() noexcept;

private:
    struct TurnMarker final : TurnEnd {
        void on_turn_end() noexcept override {}
    };

    [[nodiscard]] bool poll_is_due(Nanoseconds& time) noexcept;
    void sleep();
    [[nodiscard]] bool more_posts_are_near() noexcept;
    [[nodiscard]] bool busy_poll() noexcept;
    void dispatch(int count) noexcept;
    void deliver_signals() noexcept;

    ReadyQueue ready_;
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
    bool had_posts_ = false;  // in the turn before
    bool had_events_ = false; // since the last busy poll
};

} // namespace hocket::engine
