#include <hocket/engine/socket_address.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <system_error>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace hocket::engine {

namespace {

constexpr std::size_t path_offset = offsetof(sockaddr_un, sun_path);
static_assert(sizeof(sockaddr_un) == SocketAddress::native_capacity());

template <class Native> Native read_as(const sockaddr* native, std::size_t size) noexcept {
    Native copy{};
    std::memcpy(&copy, native, std::min(size, sizeof copy));
    return copy;
}

std::optional<std::uint32_t> scope_from(const std::string& zone) {
    if (const unsigned index = ::if_nametoindex(zone.c_str()); index != 0) {
        return index;
    }
    std::uint32_t number = 0;
    const char* end = zone.data() + zone.size();
    const auto parsed = std::from_chars(zone.data(), end, number);
    if (zone.empty() || parsed.ec != std::errc() || parsed.ptr != end) {
        return std::nullopt;
    }
    return number;
}

std::string zone_name(std::uint32_t scope) {
    std::array<char, IF_NAMESIZE> name{};
    return ::if_indextoname(scope, name.data()) != nullptr ? name.data() : std::to_string(scope);
}

template <class Call> SocketAddress ask(int fd, Call call) noexcept {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (call(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
        return {};
    }
    return SocketAddress::from_native(reinterpret_cast<sockaddr*>(&storage), size);
}

} // namespace

SocketAddress SocketAddress::from_native(const sockaddr* native, std::size_t size) noexcept {
    SocketAddress address;
    if (native != nullptr) {
        std::memcpy(address.bytes_.data(), native, std::min(size, capacity));
        address.set_native_size(size);
    }
    return address;
}

std::optional<SocketAddress> SocketAddress::from_ip(std::string_view host, std::uint16_t port) {
    const std::size_t percent = host.find('%');
    const std::string digits(host.substr(0, percent));
    sockaddr_in v4{};
    if (percent == std::string_view::npos &&
        ::inet_pton(AF_INET, digits.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        return from_native(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
    }
    sockaddr_in6 v6{};
    if (::inet_pton(AF_INET6, digits.c_str(), &v6.sin6_addr) != 1) {
        return std::nullopt;
    }
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    if (percent != std::string_view::npos) {
        const auto scope = scope_from(std::string(host.substr(percent + 1)));
        if (!scope) {
            return std::nullopt;
        }
        v6.sin6_scope_id = *scope;
    }
    return from_native(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

std::optional<SocketAddress> SocketAddress::from_unix_path(std::string_view path) noexcept {
    const bool is_abstract = !path.empty() && path.front() == '\0';
    sockaddr_un native{};
    if (path.size() + (is_abstract ? 0 : 1) > sizeof native.sun_path) {
        return std::nullopt;
    }
    native.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), std::begin(native.sun_path));
    // The size determines the length of an abstract name; a path ends at its zero byte.
    const std::size_t size = path_offset + path.size() + (is_abstract || path.empty() ? 0 : 1);
    return from_native(reinterpret_cast<const sockaddr*>(&native), size);
}

SocketAddress SocketAddress::local_of(int fd) noexcept { return ask(fd, ::getsockname); }

SocketAddress SocketAddress::peer_of(int fd) noexcept { return ask(fd, ::getpeername); }

const sockaddr* SocketAddress::native() const noexcept {
    return reinterpret_cast<const sockaddr*>(bytes_.data());
}

sockaddr* SocketAddress::native_space() noexcept {
    return reinterpret_cast<sockaddr*>(bytes_.data());
}

int SocketAddress::family() const noexcept {
    return is_known() ? read_as<sockaddr>(native(), size_).sa_family : AF_UNSPEC;
}

bool SocketAddress::is_ip() const noexcept { return family() == AF_INET || family() == AF_INET6; }

std::uint16_t SocketAddress::port() const noexcept {
    // The port has the same offset in both structs.
    return is_ip() ? ntohs(read_as<sockaddr_in>(native(), size_).sin_port) : std::uint16_t{0};
}

std::uint32_t SocketAddress::scope_id() const noexcept {
    return family() == AF_INET6 ? read_as<sockaddr_in6>(native(), size_).sin6_scope_id : 0;
}

std::string SocketAddress::host() const {
    std::array<char, INET6_ADDRSTRLEN> digits{};
    switch (family()) {
    case AF_INET: {
        const auto v4 = read_as<sockaddr_in>(native(), size_);
        return ::inet_ntop(AF_INET, &v4.sin_addr, digits.data(), digits.size());
    }
    case AF_INET6: {
        const auto v6 = read_as<sockaddr_in6>(native(), size_);
        std::string text = ::inet_ntop(AF_INET6, &v6.sin6_addr, digits.data(), digits.size());
        return v6.sin6_scope_id == 0 ? text : text + "%" + zone_name(v6.sin6_scope_id);
    }
    case AF_UNIX: {
        std::string path(reinterpret_cast<const char*>(bytes_.data()) + path_offset,
                         size_ - path_offset);
        const bool is_abstract = !path.empty() && path.front() == '\0';
        return is_abstract ? path : path.substr(0, path.find('\0'));
    }
    default: return {};
    }
}

std::string SocketAddress::text() const {
    std::string text = host();
    if (is_ip()) {
        return text + " port " + std::to_string(port());
    }
    if (text.empty()) {
        return family() == AF_UNIX ? "an unnamed socket" : "an unknown address";
    }
    std::replace(text.begin(), text.end(), '\0', '@');
    return text;
}

bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept {
    return a.size_ == b.size_ && std::memcmp(a.bytes_.data(), b.bytes_.data(), a.size_) == 0;
}

} // namespace hocket::engine
