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

/// A queue that processes share, as one of them sees it: a memory file to which items are written
/// one behind the other, as in a log. What is behind the first item is given back to the system.
class ProcessQueueState {
public:
    /// The descriptors that a queue consists of: of the file, of two Broadcasts, of both ends of
    /// the connection through which descriptors of items go.
    using Parts = std::array<engine::FileDescriptor, 5>;

    explicit ProcessQueueState(std::size_t maxsize);
    explicit ProcessQueueState(Parts parts); ///< That came from another process.
    ProcessQueueState(const ProcessQueueState&) = delete;
    ProcessQueueState& operator=(const ProcessQueueState&) = delete;

    enum class Attempt {
        done,
        in_vain,        // no room, no item: the Broadcast will notify
        no_descriptors, // as many as the system carries are on their way: wait until
                        // `descriptors_out` can be written to
    };
    /// Throws ValueError when closed.
    [[nodiscard]] Attempt try_put(const Message& message);
    [[nodiscard]] bool try_get(ReceivedMessage& message);

    [[nodiscard]] std::size_t size();
    [[nodiscard]] std::size_t maxsize() const noexcept;
    void close() noexcept { closed_ = true; }

    /// As long as it lives, the other side notifies the Broadcast.
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

    MemoryMapping file_; // mapped up to where the items begin
    Broadcast items_;
    Broadcast room_;
    engine::FileDescriptor descriptors_out_;
    engine::FileDescriptor descriptors_in_;
    std::atomic<bool> closed_ = false;
};

} // namespace hocket::detail
