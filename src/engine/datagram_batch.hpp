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

/// A loop's receive buffer for datagrams, shared by all its sockets; one system call receives
/// several. Reserves four megabytes of address space, of which only the parts that datagrams have
/// filled use memory.
class DatagramBatch {
public:
    DatagramBatch(); ///< Throws std::bad_alloc.
    DatagramBatch(const DatagramBatch&) = delete;
    DatagramBatch& operator=(const DatagramBatch&) = delete;

    struct Received {
        std::size_t count = 0; ///< If less than `capacity`, the socket is empty.
        std::error_code error; ///< Not set if there was just no datagram.
    };
    /// Receives the available datagrams. `largest` is the maximum size of a datagram of this
    /// socket.
    Received receive(int fd, std::size_t largest) noexcept;
    /// How many datagrams it receives at once.
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

    // These refer to the last receive.
    [[nodiscard]] std::string_view data(std::size_t index) const noexcept;
    [[nodiscard]] const SocketAddress& address(std::size_t index) const noexcept {
        return addresses_[index];
    }
    /// The size as sent; larger than the size of `data` if the datagram was truncated.
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
    std::size_t used_ = 0; // entries of the last receive; the kernel has set their address sizes
    std::unique_ptr<std::byte[]> memory_;
    std::array<iovec, most> pieces_;
    std::array<SocketAddress, most> addresses_;
    std::array<mmsghdr, most> messages_;
};

} // namespace hocket::engine
