#include "output_queue.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/socket.h>
#include <sys/uio.h>

namespace hocket::python {

namespace {

// More pieces in one call save little.
constexpr std::size_t most_pieces = 64;

std::size_t size_of(PyObject* bytes) noexcept {
    return static_cast<std::size_t>(PyBytes_GET_SIZE(bytes));
}

} // namespace

ssize_t send_bytes(int fd, const void* bytes, std::size_t size) noexcept {
    ssize_t sent = 0;
    do {
        sent = ::send(fd, bytes, size, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent;
}

ssize_t send_pieces(int fd, iovec* pieces, std::size_t count) noexcept {
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = count;
    ssize_t sent = 0;
    do {
        sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent;
}

bool OutputQueue::push(Ref bytes, std::size_t begin) noexcept {
    const std::size_t size = size_of(bytes.get()) - begin;
    if (size == 0) {
        return true;
    }
    auto* const piece = static_cast<Piece*>(PyMem_Malloc(sizeof(Piece)));
    if (piece == nullptr) {
        PyErr_NoMemory();
        return false;
    }
    *piece = {nullptr, bytes.release(), begin};
    (last_ == nullptr ? first_ : last_->next) = piece;
    last_ = piece;
    size_ += size;
    return true;
}

int OutputQueue::send(int fd) noexcept {
    std::array<iovec, most_pieces> pieces;
    std::size_t count = 0;
    for (Piece* piece = first_; piece != nullptr && count < most_pieces; piece = piece->next) {
        pieces[count++] = {PyBytes_AS_STRING(piece->bytes) + piece->begin,
                           size_of(piece->bytes) - piece->begin};
    }
    const ssize_t sent = count == 1 ? send_bytes(fd, pieces[0].iov_base, pieces[0].iov_len)
                                    : send_pieces(fd, pieces.data(), count);
    if (sent < 0) {
        return errno;
    }
    consume(static_cast<std::size_t>(sent));
    return 0;
}

void OutputQueue::consume(std::size_t count) noexcept {
    size_ -= count;
    while (count > 0) {
        const std::size_t in_piece = size_of(first_->bytes) - first_->begin;
        if (count < in_piece) {
            first_->begin += count;
            return;
        }
        count -= in_piece;
        Piece* const done = std::exchange(first_, first_->next);
        release(done);
    }
    if (first_ == nullptr) {
        last_ = nullptr;
    }
}

void OutputQueue::clear() noexcept {
    Piece* piece = std::exchange(first_, nullptr);
    last_ = nullptr;
    size_ = 0;
    while (piece != nullptr) {
        release(std::exchange(piece, piece->next));
    }
}

void OutputQueue::release(Piece* piece) noexcept {
    Py_DECREF(piece->bytes);
    PyMem_Free(piece);
}

} // namespace hocket::python
