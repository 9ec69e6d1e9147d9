#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

#include <hocket/engine/intrusive_list.hpp>

namespace hocket::engine {

/// A piece of work that blocks a thread. Lives in whoever has it done.
class BlockingWork : public ListLink {
public:
    /// Called on one of the threads, once. The work may be gone as soon as it has said that it is
    /// done: nothing touches it after this call.
    virtual void perform() noexcept = 0;

protected:
    ~BlockingWork() = default;
};

/// Threads for calls that block and cannot be interrupted. They start as work comes in, are shared
/// by all loops of the process, and are never joined: one may sit in a call for half a minute while
/// the program wants to end. So an object of this class is never destroyed either. Any thread.
class BlockingThreads {
public:
    /// Those that ask the name servers.
    [[nodiscard]] static BlockingThreads& for_names();
    /// Those that call the file system.
    [[nodiscard]] static BlockingThreads& for_files();
    /// Those that open FIFOs and devices, which may wait as long as somebody else likes: up to 512
    /// at a time, so that they keep no other call waiting.
    [[nodiscard]] static BlockingThreads& for_long_opens();

    BlockingThreads() noexcept : BlockingThreads(8, 8) {}
    /// At most `most` threads; those above `kept` end when there is nothing for them to do.
    BlockingThreads(unsigned most, unsigned kept) noexcept : most_(most), kept_(kept) {}
    BlockingThreads(const BlockingThreads&) = delete;
    BlockingThreads& operator=(const BlockingThreads&) = delete;

    /// Has `work` performed. False when there is no thread and none can be started.
    [[nodiscard]] bool submit(BlockingWork& work) noexcept;
    /// Takes `work`, which was submitted, back. False when it has begun.
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
