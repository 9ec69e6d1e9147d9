#include "engine/resolver.hpp"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <mutex>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "engine/blocking_threads.hpp"
#include "engine/last_error.hpp"

namespace hocket::engine {

/// One query: the loop's thread fills it in, a resolver thread answers it, and the loop's thread
/// reads the answer.
struct ResolveJob final : BlockingWork {
    void perform() noexcept override;

    ResolveQuery query;
    ResolveRequest* request = nullptr;  // loop's thread only; null if withdrawn
    std::atomic<bool> withdrawn{false}; // the query need not be made any more
    std::vector<ResolvedAddress> addresses;
    std::optional<Failure> failure;
    std::shared_ptr<Resolver::Port> port;
    std::shared_ptr<ResolveJob> self; // until it is answered
};

/// Receives a loop's answers from the resolver threads. Shared with them, so that it still exists
/// when the loop has been closed.
class Resolver::Port final : public Runnable {
public:
    Port(Resolver& resolver, Reactor& reactor) noexcept : resolver_(resolver), reactor_(&reactor) {}

    /// May be called from any thread.
    void deliver(std::shared_ptr<ResolveJob> job) {
        const std::lock_guard lock(mutex_);
        if (reactor_ == nullptr) {
            return;
        }
        answered_.push_back(std::move(job));
        if (answered_.size() == 1) {
            // Under the lock, because otherwise the loop could be closed between the check and the
            // post.
            reactor_->post(*this);
        }
    }

    [[nodiscard]] std::vector<std::shared_ptr<ResolveJob>> take() noexcept {
        const std::lock_guard lock(mutex_);
        return std::exchange(answered_, {});
    }

    void close() noexcept {
        const std::lock_guard lock(mutex_);
        reactor_ = nullptr;
        answered_.clear();
    }

    void run() noexcept override { resolver_.deliver(); }

private:
    Resolver& resolver_;
    std::mutex mutex_;
    Reactor* reactor_; // null once the loop is closed
    std::vector<std::shared_ptr<ResolveJob>> answered_;
};

namespace {

class ResolverCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "getaddrinfo"; }
    [[nodiscard]] std::string message(int code) const override { return ::gai_strerror(code); }
};

std::optional<std::uint16_t> port_number(std::string_view service) noexcept {
    std::uint16_t port = 0;
    const char* end = service.data() + service.size();
    const auto parsed = std::from_chars(service.data(), end, port);
    if (service.empty()) {
        return port;
    }
    return parsed.ec == std::errc() && parsed.ptr == end ? std::optional(port) : std::nullopt;
}

void ask_system(ResolveJob& job) {
    const ResolveQuery& query = job.query;
    addrinfo hints{};
    hints.ai_family = query.family;
    hints.ai_socktype = query.type;
    hints.ai_protocol = query.protocol;
    hints.ai_flags = query.flags;
    addrinfo* found = nullptr;
    // getaddrinfo requires one of them. The service "0" does not change the answer.
    const bool has_host = !query.host.empty();
    const bool has_service = !query.service.empty();
    const int code = ::getaddrinfo(has_host ? query.host.c_str() : nullptr,
                                   has_service ? query.service.c_str()
                                   : has_host  ? nullptr
                                               : "0",
                                   &hints, &found);
    if (code != 0) {
        const std::error_code error =
            code == EAI_SYSTEM ? last_error() : std::error_code(code, resolver_category());
        job.failure = Failure{error, "getaddrinfo for " + query.text()};
        return;
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
    for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
        job.addresses.push_back({SocketAddress::from_native(info->ai_addr, info->ai_addrlen),
                                 info->ai_socktype, info->ai_protocol,
                                 info->ai_canonname != nullptr ? info->ai_canonname : ""});
    }
}

} // namespace

void ResolveJob::perform() noexcept {
    const std::shared_ptr<ResolveJob> keep_alive = std::move(self);
    if (!withdrawn.load(std::memory_order_relaxed)) {
        ask_system(*this);
        port->deliver(keep_alive);
    }
}

const std::error_category& resolver_category() noexcept {
    static const ResolverCategory category;
    return category;
}

std::string ResolveQuery::text() const {
    const std::string port = service.empty() ? std::string() : "port " + service;
    return host.empty() ? port : port.empty() ? host : host + " " + port;
}

ResolveRequest::~ResolveRequest() {
    if (is_pending()) {
        resolver_->cancel(*this);
    }
}

Resolver::Resolver(Reactor& reactor) : port_(std::make_shared<Port>(*this, reactor)) {}

void Resolver::close() noexcept {
    port_->close();
    while (ResolveRequest* request = pending_.front()) {
        cancel(*request);
    }
}

std::optional<ResolvedAddress> Resolver::literal(const ResolveQuery& query) {
    int protocol = 0;
    if (query.type == SOCK_STREAM) {
        protocol = IPPROTO_TCP;
    } else if (query.type == SOCK_DGRAM) {
        protocol = IPPROTO_UDP;
    } else {
        return std::nullopt;
    }
    const bool is_known_protocol =
        query.protocol == 0 || query.protocol == IPPROTO_TCP || query.protocol == IPPROTO_UDP;
    const auto port = port_number(query.service);
    if (!is_known_protocol || !port || query.host.empty()) {
        return std::nullopt;
    }
    auto address = SocketAddress::from_ip(query.host, *port);
    if (!address || (query.family != AF_UNSPEC && query.family != address->family())) {
        return std::nullopt;
    }
    return ResolvedAddress{*address, query.type, protocol, {}};
}

void Resolver::start(ResolveRequest& request, ResolveQuery query) {
    auto job = std::make_shared<ResolveJob>();
    job->query = std::move(query);
    job->request = &request;
    job->port = port_;
    job->self = job;
    if (!BlockingThreads::for_names().submit(*job)) {
        job->self.reset();
        throw std::system_error(EAGAIN, std::system_category(), "start a thread to resolve names");
    }
    request.job_ = std::move(job);
    request.resolver_ = this;
    pending_.push_back(request);
}

void Resolver::cancel(ResolveRequest& request) noexcept {
    if (!request.is_pending()) {
        return;
    }
    request.job_->request = nullptr;
    request.job_->withdrawn.store(true, std::memory_order_relaxed);
    request.job_.reset();
    pending_.erase(request);
}

void Resolver::deliver() noexcept {
    for (const auto& job : port_->take()) {
        ResolveRequest* request = job->request;
        if (request == nullptr) {
            continue; // withdrawn, perhaps by one of the calls below
        }
        request->job_.reset();
        pending_.erase(*request);
        request->on_resolved(std::move(job->addresses), job->failure ? &*job->failure : nullptr);
    }
}

} // namespace hocket::engine
