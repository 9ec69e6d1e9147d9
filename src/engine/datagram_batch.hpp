#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <system_error>

#include <sys/socket.h>
#include <sys/uio.h>

#include <hocket/engine/socket_address.hpp>

namespace hocket::engine {

/// Where a loop's datagrams arrive, several by one system call: one for all of its sockets. Four
/// megabytes of addresses, of which those are backed by memory that datagrams have filled.
class DatagramBatch {
public:
    DatagramBatch(); ///< Throws std::bad_alloc.
    DatagramBatch(const DatagramBatch&) = delete;
    DatagramBatch& operator=(const DatagramBatch&) = delete;

    struct Received {
        std::size_t count = 0; ///< Less than `capacity`: the socket was empty by then.
        std::error_code error; ///< Not set when there was merely nothing.
    };
    /// Takes what is there. `largest` is what the datagrams of this socket may measure at most.
    Received receive(int fd, std::size_t largest) noexcept;
    /// How many it takes at once.
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

    // Of those received last.
    [[nodiscard]] std::string_view data(std::size_t index) const noexcept;
    [[nodiscard]] const SocketAddress& address(std::size_t index) const noexcept {
        return addresses_[index];
    }
    /// How long it was when it was sent: more than there is of its data when it did not fit.
    [[nodiscard]] std::size_t full_size(std::size_t index) const noexcept {
        return messages_[index].msg_len;
    }
    [[nodiscard]] bool is_truncated(std::size_t index) const noexcept {
        return (messages_[index].msg_hdr.msg_flags & MSG_TRUNC) != 0;
    }

private:
    static constexpr std::size_t most = 64;
    static constexpr std::size_t smallest_slot = std::size_t{64} * 1024;

    void divide(std::size_t slot) noexcept;

    std::size_t slot_ = 0;
    std::size_t capacity_ = 0;
    std::size_t used_ = 0; // addresses of the last receive, whose room the kernel has shortened
    std::unique_ptr<std::byte[]> memory_;
    std::array<iovec, most> pieces_;
    std::array<SocketAddress, most> addresses_;
    std::array<mmsghdr, most> messages_;
};

} // namespace hocket::engine
