#pragma once

#include "python.hpp"

#include <cstddef>

#include <sys/uio.h>

namespace hocket::python {

/// Bytes objects that wait to be sent: a transport's write buffer. Empty, it has no memory.
class OutputQueue {
public:
    OutputQueue() noexcept = default;
    ~OutputQueue() { clear(); }
    OutputQueue(const OutputQueue&) = delete;
    OutputQueue& operator=(const OutputQueue&) = delete;

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Appends what `bytes`, a bytes object, has from `begin` on. Returns false with MemoryError
    /// set.
    [[nodiscard]] bool push(Ref bytes, std::size_t begin = 0) noexcept;
    /// Sends as much as the socket takes in one call. Returns 0 or the error's number: EAGAIN if it
    /// takes nothing.
    [[nodiscard]] int send(int fd) noexcept;
    void clear() noexcept;

private:
    struct Piece {
        Piece* next;
        PyObject* bytes;
        std::size_t begin; // of what is not sent yet
    };

    static void release(Piece* piece) noexcept;
    void consume(std::size_t count) noexcept;

    Piece* first_ = nullptr;
    Piece* last_ = nullptr;
    std::size_t size_ = 0;
};

/// What ::send and ::sendmsg do, tried again after a signal. A peer that is gone is EPIPE, without
/// the signal.
[[nodiscard]] ssize_t send_bytes(int fd, const void* bytes, std::size_t size) noexcept;
[[nodiscard]] ssize_t send_pieces(int fd, iovec* pieces, std::size_t count) noexcept;

} // namespace hocket::python
