#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <hocket/engine/file_descriptor.hpp>
#include <hocket/engine/function_ref.hpp>

namespace hocket::engine {

class PoolWorker;

/// Why a pool could not answer a call. A face of the engine makes its own exception of it.
struct PoolFailure {
    enum class Code : std::uint32_t {
        worker_died,   ///< it ran the call, or may have
        timed_out,     ///< the call ran for longer than its timeout
        broken,        ///< the pool cannot start workers
        shut_down,     ///< the pool accepts no more calls
        undeliverable, ///< the call cannot be passed to a worker
        lost_answer,   ///< the call was made, but its answer could not be received
    };
    Code code = Code::broken;
    std::string text;
    std::error_code error{};  ///< of the system call that failed, if one did
    int pid = 0;              ///< of the worker that died
    int status = 0;           ///< its exit status, or minus the signal that ended it
    std::string last_words{}; ///< the last part of its output on stderr
};

/// The content of a call, in pieces that lie apart in memory.
using ByteRanges = std::span<const std::span<const char>>;

/// A call in a pool, from its submission to its completion. The pool does not look at its content:
/// the bytes mean something only to the function, in the worker, and to `complete`.
class PoolCall {
public:
    PoolCall() noexcept = default;
    PoolCall(const PoolCall&) = delete;
    PoolCall& operator=(const PoolCall&) = delete;

    // One of these four is called, on any thread and without a lock, or none if `withdraw` has
    // succeeded. The bytes are valid during the call only.
    /// The function's result.
    virtual void complete(std::span<const char> result,
                          std::vector<FileDescriptor>& descriptors) noexcept = 0;
    /// What the function threw, as the worker packed it.
    virtual void complete_with_error(std::span<const char> error,
                                     std::vector<FileDescriptor>& descriptors) noexcept = 0;
    virtual void fail(const PoolFailure& failure) noexcept = 0;
    /// Cancels the future, without telling the pool.
    virtual void cancel_future() noexcept = 0;

    /// Called when the pool does not need the call any more.
    virtual void release() noexcept = 0;

    FunctionRef function;
    std::string name;
    std::vector<FileDescriptor> descriptors; // of shared objects in the arguments
    std::int64_t timeout = 0;                // how long it may run, in nanoseconds; 0: no limit
    int priority = 0;
    bool is_initializer = false; // runs once in each worker

protected:
    ~PoolCall() = default;

private:
    friend class CallQueue;
    friend class PoolCore;
    friend class PoolWorker;

    // What follows belongs to the pool and is guarded by its lock. The states: in the pool's queue,
    // sent to a worker, no longer in the pool.
    enum class State : std::uint8_t { waiting, sent, left };
    std::string body_; // set while the call is in the pool's queue
    PoolWorker* worker_ = nullptr;
    State state_ = State::left;
};

} // namespace hocket::engine
