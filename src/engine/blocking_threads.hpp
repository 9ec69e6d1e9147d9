#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

#include <hocket/engine/intrusive_list.hpp>

namespace hocket::engine {

/// A piece of work that blocks a thread. Stored in the object that submits it.
class BlockingWork : public ListLink {
public:
    /// Called once, on one of the threads. The work may be destroyed as soon as it has reported
    /// that it is done; it is not accessed after this call.
    virtual void perform() noexcept = 0;

protected:
    ~BlockingWork() = default;
};

/// Threads for calls that block and cannot be interrupted. They are started on demand, shared by
/// all loops of the process, and never joined, because one may be blocked in a call for half a
/// minute when the program ends. For that reason an object of this class is never destroyed. May be
/// used from any thread.
class BlockingThreads {
public:
    /// The threads for name resolution.
    [[nodiscard]] static BlockingThreads& for_names();
    /// The threads for file system calls.
    [[nodiscard]] static BlockingThreads& for_files();
    /// The threads that open FIFOs and devices, which may block indefinitely. There are up to 512,
    /// so that these calls do not delay others.
    [[nodiscard]] static BlockingThreads& for_long_opens();

    BlockingThreads() noexcept : BlockingThreads(8, 8) {}
    /// At most `most` threads; those above `kept` end when they have no work.
    BlockingThreads(unsigned most, unsigned kept) noexcept : most_(most), kept_(kept) {}
    BlockingThreads(const BlockingThreads&) = delete;
    BlockingThreads& operator=(const BlockingThreads&) = delete;

    /// Has a thread perform `work`. Returns false if there is no thread and none can be started.
    [[nodiscard]] bool submit(BlockingWork& work) noexcept;
    /// Withdraws `work`, which was submitted. Returns false if it has begun.
    [[nodiscard]] bool withdraw(BlockingWork& work) noexcept;

private:
    [[nodiscard]] bool start_thread() noexcept;
    void work() noexcept;

    const unsigned most_;
    const unsigned kept_;
    std::mutex mutex_;
    std::condition_variable wake_;
    IntrusiveList<BlockingWork> queue_;
    std::size_t queued_ = 0;
    std::size_t idle_ = 0;
    unsigned count_ = 0;
};

} // namespace hocket::engine
