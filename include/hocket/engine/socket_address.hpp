#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace hocket::engine {

/// Where a socket is: an IPv4 or IPv6 address with a port, or a Unix path (also an abstract one,
/// which begins with a zero byte). A value.
class SocketAddress {
public:
    /// No address: family AF_UNSPEC.
    SocketAddress() noexcept = default;

    /// Copies a native address; one that is too long, or empty, gives no address.
    [[nodiscard]] static SocketAddress from_native(const sockaddr* native,
                                                   std::size_t size) noexcept;
    /// From an IP address in digits ("127.0.0.1", "::1", "fe80::1%eth0"); nothing for anything
    /// else.
    [[nodiscard]] static std::optional<SocketAddress> from_ip(std::string_view host,
                                                              std::uint16_t port);
    /// From a path in the file system, or an abstract name behind a zero byte. Nothing when it does
    /// not fit (107 bytes; abstract 108).
    [[nodiscard]] static std::optional<SocketAddress>
    from_unix_path(std::string_view path) noexcept;

    /// The two ends of a socket; no address when the kernel does not know it (any more).
    [[nodiscard]] static SocketAddress local_of(int fd) noexcept;
    [[nodiscard]] static SocketAddress peer_of(int fd) noexcept;

    [[nodiscard]] bool is_known() const noexcept { return size_ != 0; }
    [[nodiscard]] int family() const noexcept; ///< AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC.
    [[nodiscard]] bool is_ip() const noexcept;
    [[nodiscard]] std::uint16_t port() const noexcept; ///< 0 where there are no ports.
    [[nodiscard]] std::uint32_t scope_id() const noexcept;
    /// Without the port: "127.0.0.1", "fe80::1%eth0", "/run/x.sock", "\0name", "" for an unnamed
    /// socket.
    [[nodiscard]] std::string host() const;
    /// For people: "127.0.0.1 port 80", "/run/x.sock", "@name", "an unnamed socket".
    [[nodiscard]] std::string text() const;

    [[nodiscard]] const sockaddr* native() const noexcept;
    [[nodiscard]] unsigned native_size() const noexcept { return size_; }

    // For calls in which the kernel writes an address: where, how much at most, and how much it
    // says it was. Nothing, or too much, makes it no address.
    [[nodiscard]] sockaddr* native_space() noexcept;
    [[nodiscard]] static constexpr unsigned native_capacity() noexcept { return capacity; }
    void set_native_size(std::size_t size) noexcept {
        // The kernel counts the terminating zero of a path that fills sun_path: one byte more than
        // fits.
        const bool is_one = size >= sizeof(std::uint16_t) && size <= capacity + 1;
        size_ = static_cast<std::uint16_t>(!is_one ? 0 : size < capacity ? size : capacity);
    }

    friend bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept;

private:
    static constexpr std::size_t capacity = 110; // sockaddr_un, the largest of them

    alignas(8) std::array<std::byte, capacity> bytes_{};
    std::uint16_t size_ = 0;
};

} // namespace hocket::engine
