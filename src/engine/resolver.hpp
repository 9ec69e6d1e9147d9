#pragma once

#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <hocket/engine/intrusive_list.hpp>
#include <hocket/engine/socket_address.hpp>

#include "engine/failure.hpp"
#include "engine/reactor.hpp"

namespace hocket::engine {

/// What getaddrinfo is asked. Zero means any.
struct ResolveQuery {
    std::string host;    ///< Empty: no host (all interfaces when passive, else loopback).
    std::string service; ///< A port number or a name; empty: port 0.
    int family = 0;
    int type = 0;
    int protocol = 0;
    int flags = 0;

    [[nodiscard]] std::string text() const; ///< "example.org port 80"
};

struct ResolvedAddress {
    SocketAddress address;
    int type = 0;
    int protocol = 0;
    std::string canonical_name;
};

/// The codes of getaddrinfo (EAI_NONAME …) as an error category.
[[nodiscard]] const std::error_category& resolver_category() noexcept;

struct ResolveJob;

/// A question on its way. Lives in whoever waits; destroying it withdraws the question.
class ResolveRequest : public ListLink {
public:
    /// Either addresses, at least one, or a failure. Called on the loop's thread; may destroy the
    /// request.
    virtual void on_resolved(std::vector<ResolvedAddress> addresses,
                             const Failure* failure) noexcept = 0;

    [[nodiscard]] bool is_pending() const noexcept { return job_ != nullptr; }

protected:
    ~ResolveRequest(); // takes the question back

private:
    friend class Resolver;
    std::shared_ptr<ResolveJob> job_;
    class Resolver* resolver_ = nullptr;
};

/// Resolves names for one loop, on a few threads that all loops of the process share: getaddrinfo
/// blocks, sometimes for half a minute. Belongs to the loop's thread. An answer may be posted to
/// the reactor as this is closed: it must live until the reactor has run or discarded that.
class Resolver {
public:
    explicit Resolver(Reactor& reactor);
    ~Resolver() { close(); }
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// The answer when no question need be asked: `host` is an IP address in digits and `service` a
    /// number (asyncio's rule).
    [[nodiscard]] static std::optional<ResolvedAddress> literal(const ResolveQuery& query);

    /// Withdraws every pending question; there may be no others.
    void close() noexcept;

    /// Asks. `request` must not be pending. The answer never comes from within this call.
    void start(ResolveRequest& request, ResolveQuery query);
    /// Withdraws a pending question: it will not be answered. Does nothing when it is not pending.
    void cancel(ResolveRequest& request) noexcept;

private:
    friend struct ResolveJob;
    class Port;

    void deliver() noexcept;

    std::shared_ptr<Port> port_;
    IntrusiveList<ResolveRequest> pending_;
};

} // namespace hocket::engine
