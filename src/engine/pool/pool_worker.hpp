#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <hocket/engine/pool_call.hpp>

#include "engine/pool/call_body.hpp"

namespace hocket::engine {

/// How a worker has ended, in words and in numbers.
struct WorkerEnd {
    std::string text; // "worker 3 (process 4711) was ended by SIGKILL"
    int pid = 0;
    int status = 0; // exit status, or minus the signal that ended it
    std::string last_words{};
};

/// A failure of a system call.
[[nodiscard]] PoolFailure failure_of(const std::system_error& error, PoolFailure::Code code);

/// "ended with exit code 3", "was ended by SIGKILL".
[[nodiscard]] std::string describe_exit_status(int status);

/// The owner's side of one worker of a pool: the calls that were sent to it and their progress. A
/// worker makes its calls one after the other, in the order in which they were sent. What carries
/// them (shared memory, a stream of frames) is up to the derived class.
///
/// The pool calls everything with its lock held, except where it says otherwise.
class PoolWorker {
public:
    using Calls = std::vector<PoolCall*>;
    static constexpr std::size_t unlimited = static_cast<std::size_t>(-1);

    enum class Sending {
        sent,
        full,    // there is no room now
        refused, // it cannot be sent at all
    };
    enum class AnswerKind {
        result,
        error,    // what the function threw
        lost,     // it could not be received
        returned, // the call was not started, and is to be sent again; see `take_back`
    };
    struct Answer {
        PoolCall* call = nullptr; // nullptr if nobody needs the answer any more
        AnswerKind kind = AnswerKind::result;
        std::span<const char> body{};
        std::vector<FileDescriptor> descriptors{};
        std::optional<PoolFailure> why_lost{};
    };
    /// The unanswered calls of a worker that has ended.
    struct Remains {
        Calls ran; // they may have been started; and the initializer, in any case
        Calls not_started;
    };

    explicit PoolWorker(int number) noexcept : number_(number) {}
    virtual ~PoolWorker() = default;
    PoolWorker(const PoolWorker&) = delete;
    PoolWorker& operator=(const PoolWorker&) = delete;

    [[nodiscard]] int number() const noexcept { return number_; }
    /// Whether the worker runs and its initializer, if there is one, has succeeded. Any thread may
    /// ask.
    [[nodiscard]] virtual bool is_ready() const noexcept = 0;
    /// For the supervisor: returns true once, when the worker has become ready since the last call.
    [[nodiscard]] bool became_ready() noexcept {
        return is_ready() && !std::exchange(known_to_be_ready_, true);
    }
    /// The number of calls that were sent and not answered yet.
    [[nodiscard]] std::size_t outstanding() const noexcept { return outstanding_; }
    /// Whether the worker accepts another call: it is neither stopped nor killed, and has fewer
    /// than `most` calls, and fewer than it wants.
    [[nodiscard]] bool accepts(std::size_t most) const noexcept {
        return !ending_ && outstanding_ < most &&
               outstanding_ < most_ahead_.load(std::memory_order_relaxed) && calls_left_ != 0;
    }
    [[nodiscard]] bool is_ending() const noexcept { return ending_; }

    /// Sends a call. If it is refused, `why` says why.
    [[nodiscard]] virtual Sending send(PoolCall& call, const CallBody& body,
                                       std::optional<PoolFailure>& why) = 0;
    /// Called after each call that was sent: wakes the worker if it sleeps.
    virtual void wake() noexcept = 0;
    /// Called after the last one of a batch.
    virtual void flush() noexcept {}
    /// Sends at most this many more calls; then the worker is stopped.
    void limit_calls(std::size_t calls) noexcept { calls_left_ = calls; }
    /// Makes the worker end once it has handled the calls that were sent.
    virtual void stop() = 0;
    virtual void kill() noexcept = 0;

    /// Takes back calls that were not started: at most the last `most` of them, and never the
    /// initializer. Returns them oldest first. A worker that cannot be sure at once returns none,
    /// and asks for them: they come back as answers.
    [[nodiscard]] virtual Calls take_back(std::size_t most) = 0;
    /// Takes back one call. Returns false if it was started, or may have been.
    [[nodiscard]] virtual bool take_back(PoolCall& call) = 0;
    /// Ends a call that runs, by ending the worker, and gives it up. First puts the worker's other
    /// calls, where it can take them back, into `others`, so that they do not fail. Returns false
    /// if the call has been answered.
    [[nodiscard]] virtual bool end_call(PoolCall& call, Calls& others) = 0;
    /// The call that the worker has started and not answered; nullptr if there is none, or if
    /// nobody needs it.
    [[nodiscard]] virtual PoolCall* running() noexcept = 0;
    /// Takes all calls out of a worker that has ended or was killed.
    [[nodiscard]] virtual Remains take_remains() = 0;
    /// When the running call with a timeout was started, on the monotonic clock.
    [[nodiscard]] virtual std::int64_t started_at() const noexcept = 0;
    /// The shortest timeout of the calls that were sent but not started; the largest number if none
    /// has one.
    [[nodiscard]] virtual std::int64_t shortest_timeout() const noexcept = 0;

    /// For the collector, without the lock: whether there is an answer.
    [[nodiscard]] virtual bool has_answer() const noexcept = 0;
    /// The next one. Its body stays valid until `answer_taken`.
    [[nodiscard]] virtual Answer take_answer() = 0;
    /// Called without the lock.
    virtual void answer_taken() noexcept = 0;

    /// For the supervisor, without the lock; see PoolCore::request_service.
    virtual void service() noexcept {}

protected:
    /// The call is on its way.
    void mark_sent(PoolCall& call) {
        call.worker_ = this;
        call.state_ = PoolCall::State::sent;
        ++outstanding_;
        if (calls_left_ != unlimited && --calls_left_ == 0) {
            stop();
        }
    }
    /// The call was answered, or nobody needs its answer any more.
    static void mark_left(PoolCall& call) noexcept {
        call.worker_ = nullptr;
        call.state_ = PoolCall::State::left;
    }
    /// The call was taken back: gives it its content again.
    void mark_returned(PoolCall& call, std::string body) noexcept;

    std::size_t outstanding_ = 0;
    std::atomic<std::size_t> most_ahead_{128}; // the most calls that the worker wants at a time
    bool ending_ = false;

private:
    const int number_;
    std::size_t calls_left_ = unlimited;
    bool known_to_be_ready_ = false;
};

} // namespace hocket::engine
