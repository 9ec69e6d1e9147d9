#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include <hocket/detail/processes/calls/received_message.hpp>

#include "engine/memory_mapping.hpp"
#include "processes/shared/broadcast.hpp"

namespace hocket::detail {

struct ItemHead;
struct QueueHead;

/// One process's view of a queue that processes share: a memory file to which items are written one
/// after the other, as in a log. Memory before the first item is returned to the system.
class ProcessQueueState {
public:
    /// The descriptors of a queue: the file, two Broadcasts, and both ends of the connection that
    /// carries the descriptors of items.
    using Parts = std::array<engine::FileDescriptor, 5>;

    explicit ProcessQueueState(std::size_t maxsize);
    explicit ProcessQueueState(Parts parts); ///< Received from another process.
    ProcessQueueState(const ProcessQueueState&) = delete;
    ProcessQueueState& operator=(const ProcessQueueState&) = delete;

    enum class Attempt {
        done,
        would_block,    // no room or no item: the Broadcast will notify
        no_descriptors, // the limit of descriptors in transit is reached: wait until
                        // `descriptors_out` is writable
    };
    /// Throws ValueError if closed.
    [[nodiscard]] Attempt try_put(const Message& message);
    [[nodiscard]] bool try_get(ReceivedMessage& message);

    [[nodiscard]] std::size_t size();
    [[nodiscard]] std::size_t maxsize() const noexcept;
    void close() noexcept { closed_ = true; }

    /// While this object exists, the other side notifies the Broadcast.
    class Waiting {
    public:
        enum class For { item, room };
        Waiting(ProcessQueueState& queue, For what) : queue_(queue), what_(what) { add(1); }
        ~Waiting() { add(-1U); }
        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;
        [[nodiscard]] const Broadcast& broadcast() const noexcept {
            return what_ == For::item ? queue_.items_ : queue_.room_;
        }

    private:
        void add(std::uint32_t count) const;

        ProcessQueueState& queue_;
        For what_;
    };

    [[nodiscard]] int descriptors_out() const noexcept { return descriptors_out_.fileno(); }
    [[nodiscard]] std::array<int, 5> parts() const noexcept {
        return {file_.fileno(), items_.fileno(), room_.fileno(), descriptors_out_.fileno(),
                descriptors_in_.fileno()};
    }

private:
    class Hold;
    [[nodiscard]] QueueHead& head() const noexcept;
    void require_open() const;
    void recount();
    void write_item(const ItemHead& item, std::span<const char> body) const;
    [[nodiscard]] ItemHead read_item(ReceivedMessage& message) const;
    void receive_descriptors(std::uint64_t ticket, Descriptors& descriptors) const;
    void drop_descriptors() const noexcept;
    void give_memory_back() const noexcept;

    MemoryMapping file_; // mapped up to the first item
    Broadcast items_;
    Broadcast room_;
    engine::FileDescriptor descriptors_out_;
    engine::FileDescriptor descriptors_in_;
    std::atomic<bool> closed_ = false;
};

} // namespace hocket::detail
