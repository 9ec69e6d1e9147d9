#include "observe/connection.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

#include "engine/status.hpp"
#include "observe/open_metrics.hpp"
#include "observe/request.hpp"

namespace hocket::observer {

namespace {

constexpr std::size_t length_size = 4;

std::string framed(const std::string& bytes) {
    std::string frame;
    frame.reserve(length_size + bytes.size());
    for (std::size_t i = 0; i < length_size; ++i) {
        frame += static_cast<char>((bytes.size() >> (8 * i)) & 0xff);
    }
    return frame += bytes;
}

std::size_t length_of(std::string_view frame) noexcept {
    std::size_t length = 0;
    for (std::size_t i = 0; i < length_size; ++i) {
        length |= static_cast<std::size_t>(static_cast<unsigned char>(frame[i])) << (8 * i);
    }
    return length;
}

std::string http_answer(std::string_view status, std::string_view type, const std::string& body) {
    return "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: " + std::string(type) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
           body;
}

} // namespace

Connection::Connection(engine::FileDescriptor fd, Speaks language) noexcept
    : fd_(std::move(fd)), language_(language) {}

short Connection::events() const noexcept { return to_send_.empty() ? POLLIN : POLLOUT; }

bool Connection::advance() {
    if (to_send_.empty()) {
        return read_some();
    }
    return write_some() && (language_ == Speaks::http || answer_frames());
}

bool Connection::read_some() {
    std::array<char, 4096> bytes;
    const ssize_t count = ::recv(fd_.fileno(), bytes.data(), bytes.size(), 0);
    if (count <= 0) {
        return count < 0 && (errno == EAGAIN || errno == EINTR);
    }
    received_.append(bytes.data(), static_cast<std::size_t>(count));
    return language_ == Speaks::frames ? answer_frames() : answer_http();
}

bool Connection::answer_frames() {
    while (to_send_.empty() && received_.size() >= length_size) {
        const std::size_t length = length_of(received_);
        if (length > longest_request) {
            return false;
        }
        if (received_.size() < length_size + length) {
            return true;
        }
        const auto request = parse_request(std::string_view(received_).substr(length_size, length));
        if (!request) {
            return false;
        }
        received_.erase(0, length_size + length);
        const std::string bytes = answer(*request, session_);
        if (bytes.size() > std::numeric_limits<std::uint32_t>::max()) {
            return false;
        }
        to_send_ = framed(bytes);
        if (!write_some()) {
            return false;
        }
    }
    return true;
}

bool Connection::answer_http() {
    if (received_.size() > longest_request) {
        return false;
    }
    if (received_.find("\r\n\r\n") == std::string::npos) {
        return true;
    }
    ends_ = true;
    const std::string_view line = std::string_view(received_).substr(0, received_.find("\r\n"));
    if (line.starts_with("GET /metrics ") || line.starts_with("GET / ")) {
        to_send_ =
            http_answer("200 OK", "application/openmetrics-text; version=1.0.0; charset=utf-8",
                        open_metrics(engine::status_page()));
    } else {
        to_send_ = http_answer("404 Not Found", "text/plain", "The metrics are at /metrics.\n");
    }
    return write_some();
}

bool Connection::write_some() {
    while (sent_ < to_send_.size()) {
        const ssize_t count =
            ::send(fd_.fileno(), to_send_.data() + sent_, to_send_.size() - sent_, MSG_NOSIGNAL);
        if (count < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        sent_ += static_cast<std::size_t>(count);
    }
    to_send_.clear();
    sent_ = 0;
    return !ends_;
}

} // namespace hocket::observer
