#include "net/send_pieces.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>

#include <unistd.h>

#include <hocket/engine/file_descriptor.hpp>
#include <hocket/errors.hpp>
#include <hocket/executor.hpp>

#include "engine/last_error.hpp"

namespace hocket::detail {

namespace {

using FilePointer = std::shared_ptr<const engine::FileDescriptor>;

// A thread must be woken for each piece.
constexpr std::int64_t piece_size = std::int64_t{256} * 1024;

/// Runs on a thread. Keeps the file open until it is done, because the task may be cancelled
/// meanwhile and close the file.
std::string read_piece(const FilePointer& file, std::int64_t offset, std::size_t size) {
    std::string bytes(size, '\0');
    for (;;) {
        ssize_t got = ::pread(file->fileno(), bytes.data(), size, offset);
        if (got < 0 && errno == ESPIPE) {
            got = ::read(file->fileno(), bytes.data(), size);
        }
        if (got >= 0) {
            bytes.resize(static_cast<std::size_t>(got));
            return bytes;
        }
        if (errno != EINTR) {
            engine::throw_errno("read the file to send");
        }
    }
}

} // namespace

PositionBehind::~PositionBehind() {
    if (sent_ > 0) {
        ::lseek(file_, offset_ + static_cast<std::int64_t>(sent_), SEEK_SET);
    }
}

Coro<std::uint64_t> send_pieces(int file, SendfileOptions options, const WritePiece& write) {
    const FilePointer own =
        std::make_shared<engine::FileDescriptor>(engine::FileDescriptor::duplicate(file));
    if (options.offset > 0 && ::lseek(file, options.offset, SEEK_SET) < 0) {
        engine::throw_errno("seek in the file to send");
    }
    std::uint64_t sent = 0;
    const PositionBehind position(file, options.offset, sent);
    for (;;) {
        const auto total = static_cast<std::int64_t>(sent);
        const std::int64_t want =
            options.count ? std::min(piece_size, *options.count - total) : piece_size;
        if (want == 0) {
            break;
        }
        const std::string piece = co_await to_thread(read_piece, own, options.offset + total,
                                                     static_cast<std::size_t>(want));
        if (piece.empty()) {
            break;
        }
        co_await write(piece);
        sent += piece.size();
    }
    co_return sent;
}

void throw_sendfile_unavailable(std::error_code error) {
    throw SendfileNotAvailableError("sendfile is not available for this file: " + error.message());
}

} // namespace hocket::detail
