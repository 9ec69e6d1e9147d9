#include "processes/shared/process_queue_state.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/socket.h>

#include <hocket/errors.hpp>

#include "engine/descriptor_passing.hpp"
#include "engine/last_error.hpp"
#include "processes/shared/process_mutex.hpp"

namespace hocket::detail {

namespace {

constexpr std::size_t page = 4096;
constexpr std::uint64_t items_begin = page;
// Memory is returned to the system in pieces that are worth a system call.
constexpr std::uint64_t piece = std::uint64_t{256} * 1024;

// A body up to this size is written in one system call with the head before it.
constexpr std::size_t small_body = 1000;

template <class T> std::span<const char> bytes_of(const T& value) noexcept {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::array<engine::FileDescriptor, 2> connected_pair() {
    std::array<int, 2> sockets{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets.data()) !=
        0) {
        engine::throw_errno("create a ProcessQueue's connection");
    }
    return {engine::FileDescriptor(sockets[0]), engine::FileDescriptor(sockets[1])};
}

} // namespace

/// Precedes each item.
struct ItemHead {
    std::uint64_t size = 0;
    std::uint64_t ticket = 0; // of the message with its descriptors; 0 if there is none
};

/// An item is put by the single store that moves `last`, and taken by the single store that moves
/// `first`. If a process is killed between two stores, only the count is wrong, and the next
/// process corrects it.
struct QueueHead {
    ProcessMutex mutex;
    std::uint64_t maxsize = 0;
    std::uint64_t first = items_begin; // offset of the first item
    std::uint64_t last = items_begin;  // offset of the next item
    std::uint64_t count = 0;
    std::uint64_t last_ticket = 0;
    std::uint64_t given_back = items_begin; // memory before this was returned to the system
    // These are upper limits: a process that is killed while waiting is counted forever.
    std::uint32_t waiting_for_item = 0;
    std::uint32_t waiting_for_room = 0;
};

static_assert(sizeof(QueueHead) <= items_begin);

class ProcessQueueState::Hold {
public:
    explicit Hold(ProcessQueueState& queue) : mutex_(queue.head().mutex) {
        if (mutex_.lock() == ProcessMutex::Outcome::owner_died) {
            queue.recount();
        }
    }
    ~Hold() { mutex_.unlock(); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

private:
    ProcessMutex& mutex_;
};

ProcessQueueState::ProcessQueueState(std::size_t maxsize)
    : file_(make_memory_file("queue", items_begin, Growth::allowed), items_begin) {
    auto [out, in] = connected_pair();
    descriptors_out_ = std::move(out);
    descriptors_in_ = std::move(in);
    auto* const made = new (file_.data()) QueueHead;
    made->maxsize = maxsize;
}

ProcessQueueState::ProcessQueueState(Parts parts)
    : file_(MemoryMapping::of_received(std::move(parts[0]), items_begin, Growth::allowed)),
      items_(std::move(parts[1])),
      room_(std::move(parts[2])),
      descriptors_out_(std::move(parts[3])),
      descriptors_in_(std::move(parts[4])) {}

QueueHead& ProcessQueueState::head() const noexcept {
    return *std::launder(reinterpret_cast<QueueHead*>(file_.data()));
}

void ProcessQueueState::require_open() const {
    if (closed_) {
        throw ValueError("the ProcessQueue is closed");
    }
}

ProcessQueueState::Attempt ProcessQueueState::try_put(const Message& message) {
    require_open();
    if (message.descriptors.size() > engine::most_descriptors) {
        throw ValueError(std::to_string(message.descriptors.size()) +
                         " descriptors (of shared memory, locks, pipes) in one item: at most " +
                         std::to_string(engine::most_descriptors) + " can be sent with it");
    }
    QueueHead& queue = head();
    const Hold hold(*this);
    if (queue.maxsize != 0 && queue.count >= queue.maxsize) {
        return Attempt::would_block;
    }
    ItemHead item{message.bytes.size(), 0};
    if (!message.descriptors.empty()) {
        // Tickets are never reused, so that the descriptors of an item that was not put are not
        // mistaken for those of another.
        item.ticket = ++queue.last_ticket;
    }
    write_item(item, {message.bytes.data(), message.bytes.size()});
    if (item.ticket != 0) {
        const auto error = engine::send_message(descriptors_out_.fileno(), bytes_of(item.ticket),
                                                message.descriptors);
        if (error == std::errc::resource_unavailable_try_again) {
            return Attempt::no_descriptors;
        }
        if (error) {
            throw std::system_error(error, "send descriptors to a ProcessQueue");
        }
    }
    if (queue.waiting_for_item > 0) {
        // Notify before the item is put. If this process is killed in between, the woken process
        // finds nothing and continues to wait. In the other order, nobody would be woken.
        items_.notify_all();
    }
    queue.last += sizeof item + item.size;
    ++queue.count;
    return Attempt::done;
}

bool ProcessQueueState::try_get(ReceivedMessage& message) {
    require_open();
    QueueHead& queue = head();
    const Hold hold(*this);
    if (queue.first == queue.last) {
        return false;
    }
    const ItemHead item = read_item(message);
    if (item.ticket != 0) {
        receive_descriptors(item.ticket, message.descriptors);
    }
    if (queue.waiting_for_room > 0) {
        room_.notify_all();
    }
    queue.first += sizeof item + item.size;
    --queue.count;
    if (item.ticket != 0) {
        drop_descriptors(); // the item is taken; if we are killed before this, the next process
                            // does it
    }
    if (queue.first - queue.given_back >= piece) {
        give_memory_back();
    }
    return true;
}

void ProcessQueueState::write_item(const ItemHead& item, std::span<const char> body) const {
    const std::uint64_t offset = head().last;
    if (body.size() > small_body) {
        write_memory_file(file_.fileno(), bytes_of(item), offset);
        write_memory_file(file_.fileno(), body, offset + sizeof item);
        return;
    }
    std::array<char, sizeof(ItemHead) + small_body> both;
    std::memcpy(both.data(), &item, sizeof item);
    std::memcpy(both.data() + sizeof item, body.data(), body.size());
    write_memory_file(file_.fileno(), std::span(both).first(sizeof item + body.size()), offset);
}

ItemHead ProcessQueueState::read_item(ReceivedMessage& message) const {
    const QueueHead& queue = head();
    std::array<char, sizeof(ItemHead) + small_body> both;
    const std::size_t there = std::min<std::uint64_t>(both.size(), queue.last - queue.first);
    read_memory_file(file_.fileno(), std::span(both).first(there), queue.first);
    ItemHead item;
    std::memcpy(&item, both.data(), sizeof item);
    message.space = std::make_unique_for_overwrite<char[]>(item.size);
    message.size = item.size;
    const std::size_t read = std::min<std::uint64_t>(item.size, there - sizeof item);
    std::memcpy(message.space.get(), both.data() + sizeof item, read);
    read_memory_file(file_.fileno(), {message.space.get() + read, message.size - read},
                     queue.first + sizeof item + read);
    return item;
}

/// Copies the descriptors out of their message but leaves the message in the socket: until the item
/// is taken, another process may have to do the same. Messages with earlier tickets belong to items
/// that were taken, or never put, by a process that was killed then.
void ProcessQueueState::receive_descriptors(std::uint64_t ticket, Descriptors& descriptors) const {
    for (;;) {
        std::uint64_t found = 0;
        const auto received = engine::receive_message(
            descriptors_in_.fileno(), {reinterpret_cast<char*>(&found), sizeof found}, descriptors,
            MSG_PEEK);
        if (received.error) {
            throw std::system_error(received.error, "receive descriptors from a ProcessQueue");
        }
        if (found >= ticket) {
            return;
        }
        drop_descriptors();
    }
}

void ProcessQueueState::drop_descriptors() const noexcept {
    char nothing = 0;
    ::recv(descriptors_in_.fileno(), &nothing, 1, 0);
}

void ProcessQueueState::give_memory_back() const noexcept {
    QueueHead& queue = head();
    const std::uint64_t until = queue.first / page * page;
    ::fallocate(file_.fileno(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                static_cast<off_t>(queue.given_back), static_cast<off_t>(until - queue.given_back));
    queue.given_back = until;
}

void ProcessQueueState::recount() {
    QueueHead& queue = head();
    std::uint64_t count = 0;
    for (std::uint64_t offset = queue.first; offset < queue.last; ++count) {
        ItemHead item;
        read_memory_file(file_.fileno(), {reinterpret_cast<char*>(&item), sizeof item}, offset);
        offset += sizeof item + item.size;
    }
    queue.count = count;
}

std::size_t ProcessQueueState::size() {
    const Hold hold(*this);
    return head().count;
}

std::size_t ProcessQueueState::maxsize() const noexcept { return head().maxsize; }

void ProcessQueueState::Waiting::add(std::uint32_t count) const {
    const Hold hold(queue_);
    QueueHead& head = queue_.head();
    (what_ == For::item ? head.waiting_for_item : head.waiting_for_room) += count;
}

} // namespace hocket::detail
