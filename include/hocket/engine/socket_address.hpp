#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace hocket::engine {

/// A socket's address: an IPv4 or IPv6 address with a port, or a Unix path (also an abstract one,
/// which begins with a zero byte). A value type.
class SocketAddress {
public:
    /// No address: family AF_UNSPEC.
    SocketAddress() noexcept = default;

    /// Copies a native address. If that is too long or empty, returns no address.
    [[nodiscard]] static SocketAddress from_native(const sockaddr* native,
                                                   std::size_t size) noexcept;
    /// From a numeric IP address ("127.0.0.1", "::1", "fe80::1%eth0"); empty for anything else.
    [[nodiscard]] static std::optional<SocketAddress> from_ip(std::string_view host,
                                                              std::uint16_t port);
    /// From a path in the file system, or an abstract name after a zero byte. Empty if it is longer
    /// than 107 bytes (abstract: 108).
    [[nodiscard]] static std::optional<SocketAddress>
    from_unix_path(std::string_view path) noexcept;

    /// The local and the peer's address of a socket; no address if the kernel does not know it (any
    /// more).
    [[nodiscard]] static SocketAddress local_of(int fd) noexcept;
    [[nodiscard]] static SocketAddress peer_of(int fd) noexcept;

    [[nodiscard]] bool is_known() const noexcept { return size_ != 0; }
    [[nodiscard]] int family() const noexcept; ///< AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC.
    [[nodiscard]] bool is_ip() const noexcept;
    [[nodiscard]] std::uint16_t port() const noexcept; ///< 0 if the family has no ports.
    [[nodiscard]] std::uint32_t scope_id() const noexcept;
    /// Without the port: "127.0.0.1", "fe80::1%eth0", "/run/x.sock", "\0name", "" for an unnamed
    /// socket.
    [[nodiscard]] std::string host() const;
    /// For messages: "127.0.0.1 port 80", "/run/x.sock", "@name", "an unnamed socket".
    [[nodiscard]] std::string text() const;

    [[nodiscard]] const sockaddr* native() const noexcept;
    [[nodiscard]] unsigned native_size() const noexcept { return size_; }

    // For system calls in which the kernel writes an address: the buffer, its capacity, and the
    // size that the kernel reports. A size that is too small or too large makes this no address.
    [[nodiscard]] sockaddr* native_space() noexcept;
    [[nodiscard]] static constexpr unsigned native_capacity() noexcept { return capacity; }
    void set_native_size(std::size_t size) noexcept {
        // For a path that fills sun_path, the kernel also counts the terminating zero, which does
        // not fit.
        const bool is_one = size >= sizeof(std::uint16_t) && size <= capacity + 1;
        size_ = static_cast<std::uint16_t>(!is_one ? 0 : size < capacity ? size : capacity);
    }

    friend bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept;

private:
    static constexpr std::size_t capacity = 110; // of sockaddr_un, the largest

    alignas(8) std::array<std::byte, capacity> bytes_{};
    std::uint16_t size_ = 0;
};

} // namespace hocket::engine
