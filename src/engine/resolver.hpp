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

/// The arguments of getaddrinfo. Zero means any.
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

/// The error codes of getaddrinfo (EAI_NONAME, etc.) as an error category.
[[nodiscard]] const std::error_category& resolver_category() noexcept;

struct ResolveJob;

/// A query in progress. Stored in the waiter; destroying it withdraws the query.
class ResolveRequest : public ListLink {
public:
    /// Called on the loop's thread with at least one address or with a failure. May destroy the
    /// request.
    virtual void on_resolved(std::vector<ResolvedAddress> addresses,
                             const Failure* failure) noexcept = 0;

    [[nodiscard]] bool is_pending() const noexcept { return job_ != nullptr; }

protected:
    ~ResolveRequest(); // withdraws the query

private:
    friend class Resolver;
    std::shared_ptr<ResolveJob> job_;
    class Resolver* resolver_ = nullptr;
};

/// Resolves names for one loop, on a few threads that all loops of the process share: getaddrinfo
/// blocks, sometimes for half a minute. Belongs to the loop's thread. An answer may be posted to
/// the reactor while this is being closed, so it must live until the reactor has run or discarded
/// the post.
class Resolver {
public:
    explicit Resolver(Reactor& reactor);
    ~Resolver() { close(); }
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// The answer if no query is needed, because `host` is a numeric IP address and `service` a
    /// number (asyncio's rule).
    [[nodiscard]] static std::optional<ResolvedAddress> literal(const ResolveQuery& query);

    /// Withdraws all pending queries. No more may be started.
    void close() noexcept;

    /// Starts a query. `request` must not be pending. Never answers from within this call.
    void start(ResolveRequest& request, ResolveQuery query);
    /// Withdraws a pending query, which will not be answered. Does nothing if it is not pending.
    void cancel(ResolveRequest& request) noexcept;

private:
    friend struct ResolveJob;
    class Port;

    void deliver() noexcept;

    std::shared_ptr<Port> port_;
    IntrusiveList<ResolveRequest> pending_;
};

} // namespace hocket::engine
