#include "engine/connector.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/socket.h>

namespace hocket::engine {

/// A connect in progress.
struct Connector::Attempt final : Watcher {
    Attempt(Connector& its_owner, Socket its_socket, std::size_t its_index) noexcept
        : owner(its_owner), socket(std::move(its_socket)), index(its_index) {}
    ~Attempt() { owner.reactor_.poller().remove(*this); }

    void on_ready(std::uint32_t) noexcept override { owner.finish_attempt(*this); }

    Connector& owner;
    Socket socket;
    std::size_t index;
};

std::vector<SocketAddress> interleave_families(std::vector<SocketAddress> addresses,
                                               std::size_t first_family_count) {
    std::vector<std::vector<SocketAddress>> families; // in order of first appearance
    for (const SocketAddress& address : addresses) {
        auto family = std::find_if(families.begin(), families.end(), [&](const auto& list) {
            return list.front().family() == address.family();
        });
        if (family == families.end()) {
            family = families.emplace(families.end());
        }
        family->push_back(address);
    }
    std::vector<SocketAddress> reordered;
    if (!families.empty() && first_family_count > 1) {
        auto& first = families.front();
        const auto count =
            static_cast<std::ptrdiff_t>(std::min(first_family_count - 1, first.size()));
        reordered.assign(first.begin(), first.begin() + count);
        first.erase(first.begin(), first.begin() + count);
    }
    for (std::size_t row = 0; reordered.size() < addresses.size(); ++row) {
        for (const auto& family : families) {
            if (row < family.size()) {
                reordered.push_back(family[row]);
            }
        }
    }
    return reordered;
}

Failure combine_failures(const std::vector<Failure>& failures) {
    if (failures.size() == 1) {
        return failures.front();
    }
    std::string what = "connect to any of " + std::to_string(failures.size()) + " addresses (";
    for (const Failure& failure : failures) {
        what += (&failure == &failures.front() ? "" : "; ") + failure.message();
    }
    return {failures.front().code, what + ")"};
}

Connector::Connector(Reactor& reactor, ConnectSink& sink) noexcept
    : reactor_(reactor), sink_(sink) {}

Connector::~Connector() { cancel(); }

void Connector::start(ConnectPlan plan) {
    plan_ = std::move(plan);
    is_pending_ = true;
    next_ = 0;
    failures_.clear();
    if (plan_.addresses.empty()) {
        add_failure(std::make_error_code(std::errc::address_not_available),
                    "connect to an empty list of addresses");
    }
    try_next();
}

void Connector::cancel() noexcept {
    is_pending_ = false;
    attempts_.clear();
    connected_.close();
    if (is_armed()) {
        reactor_.timers().cancel(*this);
    }
    reactor_.cancel_turn_end(*this);
}

// Tries addresses until an attempt is in progress or has succeeded, or no address is left.
void Connector::try_next() noexcept {
    if (is_armed()) {
        reactor_.timers().cancel(*this);
    }
    while (next_ < plan_.addresses.size()) {
        if (try_address(plan_.addresses[next_++])) {
            break;
        }
    }
    if (connected_.is_open() || attempts_.empty()) {
        reactor_.at_turn_end(*this);
    } else if (plan_.happy_eyeballs_delay && next_ < plan_.addresses.size()) {
        reactor_.timers().arm(*this, Reactor::now() + *plan_.happy_eyeballs_delay);
    }
}

// Returns false if it has already failed.
bool Connector::try_address(const SocketAddress& address) noexcept {
    std::error_code error;
    Socket socket = Socket::create(address.family(), SOCK_STREAM, 0, error);
    if (error) {
        add_failure(error, "socket for " + address.text());
        return false;
    }
    if (!plan_.local_addresses.empty() && !bind_local(socket, address.family())) {
        return false;
    }
    error = socket.connect(address);
    if (!error) {
        connected_ = std::move(socket);
        peer_ = address;
        return true;
    }
    if (error == std::errc::operation_in_progress) {
        auto attempt = std::make_unique<Attempt>(*this, std::move(socket), next_ - 1);
        error = reactor_.poller().add(*attempt, attempt->socket.fileno(), Watcher::writable);
        if (!error) {
            attempts_.push_back(std::move(attempt));
            return true;
        }
    }
    add_failure(error, "connect to " + address.text());
    return false;
}

bool Connector::bind_local(Socket& socket, int family) noexcept {
    bool is_any_of_family = false;
    for (const SocketAddress& local : plan_.local_addresses) {
        if (local.family() != family) {
            continue;
        }
        is_any_of_family = true;
        const auto error = socket.bind(local);
        if (!error) {
            return true;
        }
        add_failure(error, "bind to " + local.text());
    }
    if (!is_any_of_family) {
        add_failure(std::make_error_code(std::errc::address_family_not_supported),
                    "find a local address for a connection to " +
                        plan_.addresses[next_ - 1].text());
    }
    return false;
}

void Connector::finish_attempt(Attempt& attempt) noexcept {
    const SocketAddress& address = plan_.addresses[attempt.index];
    const bool is_latest = attempt.index + 1 == next_;
    const auto error = attempt.socket.pending_error();
    reactor_.poller().remove(attempt);
    if (!error) {
        connected_ = std::move(attempt.socket);
        peer_ = address;
        tell();
        return;
    }
    add_failure(error, "connect to " + address.text());
    std::erase_if(attempts_, [&](const auto& each) { return each.get() == &attempt; });
    if (connected_.is_open()) {
        return; // another attempt has succeeded, which is reported at the turn's end
    }
    if (is_latest && next_ < plan_.addresses.size()) {
        try_next();
    } else if (attempts_.empty() && next_ == plan_.addresses.size()) {
        tell();
    }
}

void Connector::expire() noexcept { try_next(); }

void Connector::on_turn_end() noexcept { tell(); }

void Connector::tell() noexcept {
    Socket socket = std::move(connected_);
    const SocketAddress peer = peer_;
    std::vector<Failure> failures = std::move(failures_);
    cancel(); // closes the other attempts
    if (socket.is_open()) {
        sink_.on_connected(std::move(socket), peer);
    } else {
        sink_.on_connect_failed(std::move(failures));
    }
}

void Connector::add_failure(std::error_code error, std::string what) noexcept {
    failures_.push_back({error, std::move(what)});
}

} // namespace hocket::engine
