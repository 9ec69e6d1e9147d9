#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "crawl/interrupt.hpp"
#include "web/page_fetch.hpp"
#include "web/url.hpp"

struct addrinfo;

namespace crawl {

using Deadline = std::chrono::steady_clock::time_point;

/// Thrown when a deadline has passed.
struct TimedOut {};

/// A TCP connection of which every call blocks its thread, until the deadline or an interrupt.
/// The calls throw std::system_error, TimedOut or Interrupted.
class BlockingConnection {
public:
    explicit BlockingConnection(const Interrupt& interrupt) : interrupt_(interrupt) {}
    ~BlockingConnection() { close(); }
    BlockingConnection(const BlockingConnection&) = delete;
    BlockingConnection& operator=(const BlockingConnection&) = delete;

    bool is_open_to(const web::Url& url) const;
    /// Connects to the URL's host and port, trying each of its addresses.
    void open(const web::Url& url, Deadline deadline);
    void close();

    void send(std::string_view bytes, Deadline deadline);
    /// How many bytes came; 0 when the peer has ended the connection.
    std::size_t receive(std::span<char> space, Deadline deadline);

private:
    int connect_to(const addrinfo& address, Deadline deadline);
    void wait_until_ready(int descriptor, short events, Deadline deadline) const;

    const Interrupt& interrupt_;
    int socket_ = -1;
    std::string authority_;
};

/// Fetches one page, redirects included, on `connection`, which is opened, kept and closed as the
/// server wants it. Everything that goes wrong is in the outcome. Throws Interrupted only.
web::PageOutcome fetch_page(BlockingConnection& connection, web::PageFetch fetch,
                            std::chrono::milliseconds timeout);

} // namespace crawl
