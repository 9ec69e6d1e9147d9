#include "processes/manager/manager_link.hpp"

#include <cerrno>
#include <cstring>
#include <map>
#include <system_error>
#include <tuple>
#include <utility>

#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>

#include "engine/last_error.hpp"
#include "engine/per_process.hpp"
#include "loop/event_loop_state.hpp"
#include "loop/network_operations.hpp"
#include "processes/calls/remote_exception.hpp"
#include "processes/manager/manager_server.hpp"
#include "processes/shared/busy_poll.hpp"

namespace hocket::detail {

namespace {

constexpr int unknown_exitcode = 255;

struct AbstractAddress {
    explicit AbstractAddress(const std::string& name) {
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path + 1, name.data(), name.size()); // after a zero byte
        size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    }
    [[nodiscard]] const sockaddr* get() const noexcept {
        return reinterpret_cast<const sockaddr*>(&address);
    }
    sockaddr_un address{};
    socklen_t size;
};

} // namespace

std::string random_address() {
    unsigned char random[16];
    if (::getrandom(random, sizeof random, 0) != sizeof random) {
        engine::throw_errno("getrandom for a manager's address");
    }
    std::string name = "hocket-manager-";
    for (const unsigned char byte : random) {
        name += "0123456789abcdef"[byte >> 4];
        name += "0123456789abcdef"[byte & 15];
    }
    return name;
}

engine::FileDescriptor listen_at(const std::string& address) {
    engine::FileDescriptor socket(
        ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const AbstractAddress at(address);
    if (!socket.is_open() || ::bind(socket.fileno(), at.get(), at.size) != 0 ||
        ::listen(socket.fileno(), SOMAXCONN) != 0) {
        engine::throw_errno("listen for the clients of a manager");
    }
    return socket;
}

std::shared_ptr<ManagerLink> ManagerLink::find(const std::string& address, pid_t manager) {
    struct Links {
        std::mutex mutex;
        std::map<std::string, std::weak_ptr<ManagerLink>> by_address;
    };
    static PerProcess<Links> of_process;
    auto& [mutex, links] = of_process.get();
    const std::scoped_lock lock(mutex);
    std::erase_if(links, [](const auto& each) { return each.second.expired(); });
    std::weak_ptr<ManagerLink>& known = links[address];
    std::shared_ptr<ManagerLink> link = known.lock();
    if (!link) {
        link = std::make_shared<ManagerLink>(address, manager);
        known = link;
    }
    return link;
}

engine::FileDescriptor ManagerLink::connect() const {
    engine::FileDescriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) {
        engine::throw_errno("socket for a manager");
    }
    const AbstractAddress at(address_);
    while (::connect(socket.fileno(), at.get(), at.size) != 0) {
        if (errno == ECONNREFUSED) {
            throw_died();
        }
        if (errno != EINTR) {
            engine::throw_errno("connect to a manager");
        }
    }
    return socket;
}

std::unique_ptr<ManagerLink::Connection> ManagerLink::take_connection() {
    {
        const std::scoped_lock lock(lock_);
        if (std::exchange(process_of_idle_, ::getpid()) != ::getpid()) {
            idle_.clear(); // a forked child has copies of its parent's connections, which the
                           // parent still uses
        }
        if (!idle_.empty()) {
            auto connection = std::move(idle_.back());
            idle_.pop_back();
            return connection;
        }
    }
    auto connection = std::make_unique<Connection>();
    connection->socket = connect();
    return connection;
}

void ManagerLink::exchange(const GatherBuffer& request, const Descriptors& descriptors,
                           void* result, UnpackResult unpack) {
    require_other_process();
    auto connection = take_connection();
    const int socket = connection->socket.fileno();
    std::error_code error = send_manager_message(socket, request, descriptors);
    if (!error) {
        busy_poll([&] {
            error = connection->message.receive(socket, MSG_DONTWAIT);
            return error != std::errc::resource_unavailable_try_again;
        });
        if (error == std::errc::resource_unavailable_try_again) {
            error = connection->message.receive(socket);
        }
    }
    throw_if_failed(error);
    const std::exception_ptr thrown = unpack_answer(*connection, result, unpack);
    put_back(std::move(connection));
    if (thrown) {
        std::rethrow_exception(thrown);
    }
}

// A cancellation closes this end for writing. The manager then either withdraws the call and closes
// its end, or has sent the answer before: what is received says which.
Coro<std::exception_ptr> ManagerLink::exchange_async(std::shared_ptr<ManagerLink> link,
                                                     PackedManagerRequest request, void* result,
                                                     UnpackResult unpack) {
    link->require_other_process();
    auto connection = link->take_connection();
    const int socket = connection->socket.fileno();
    std::error_code error = send_manager_message(socket, request.bytes, request.descriptors);
    std::exception_ptr cancelled;
    while (!error) {
        error = connection->message.receive(socket, MSG_DONTWAIT);
        if (error != std::errc::resource_unavailable_try_again) {
            break;
        }
        error.clear();
        try {
            FdReady ready(get_running_loop().state().network, socket, FdWatch::Direction::read);
            co_await ready;
        } catch (const CancelledError&) {
            if (!cancelled) {
                cancelled = std::current_exception();
                ::shutdown(socket, SHUT_WR);
            }
        }
    }
    if (cancelled && error) {
        co_return cancelled;
    }
    link->throw_if_failed(error);
    const std::exception_ptr thrown = link->unpack_answer(*connection, result, unpack);
    if (cancelled) {
        co_return cancelled; // the connection is of no more use
    }
    link->put_back(std::move(connection));
    if (thrown) {
        std::rethrow_exception(thrown);
    }
    co_return nullptr;
}

void ManagerLink::require_other_process() const {
    if (ManagerServer::here(address_) != nullptr) {
        throw RuntimeError("a manager's object cannot call another object of the same manager: "
                           "the manager is busy with this call");
    }
}

void ManagerLink::throw_if_failed(const std::error_code& error) const {
    if (error == std::errc::broken_pipe || error == std::errc::connection_reset) {
        throw_died();
    }
    if (error) {
        throw std::system_error(error, "cannot send a request to a manager");
    }
}

// Returns what was thrown at the manager.
std::exception_ptr ManagerLink::unpack_answer(Connection& connection, void* result,
                                              UnpackResult unpack) {
    const DescriptorScope scope(connection.message.descriptors());
    msgpack::zone zone(zone_size(connection.message.bytes()));
    const msgpack::object answer = unpack_object(zone, connection.message.bytes());
    const msgpack::object* const parts = answer.via.array.ptr;
    if (!parts[0].as<bool>()) {
        return unpack_exception(parts[1]);
    }
    unpack(result, parts[1]);
    return nullptr;
}

void ManagerLink::put_back(std::unique_ptr<Connection> connection) {
    const std::scoped_lock lock(lock_);
    idle_.push_back(std::move(connection));
}

void ManagerLink::throw_died() const {
    int exitcode = unknown_exitcode;
    if (const auto process = process_.lock(); process && process->is_ours()) {
        // Its sockets are closed shortly before it can be reaped.
        process->join_until(std::chrono::steady_clock::now() + std::chrono::seconds(1));
        exitcode = process->exitcode().value_or(unknown_exitcode);
    }
    std::string what = "the manager (process " + std::to_string(manager_) + ") has ended";
    if (exitcode != unknown_exitcode) {
        what += exitcode < 0 ? " by signal " + std::to_string(-exitcode)
                             : " with exit code " + std::to_string(exitcode);
    }
    throw WorkerDied(what, manager_, exitcode, {});
}

ManagedReference::Hold::Hold(std::shared_ptr<ManagerLink> link, std::uint64_t id) noexcept
    : link_(std::move(link)), id_(id) {}

ManagedReference::Hold::~Hold() {
    if (id_ == manager_object) {
        return;
    }
    if (ManagerServer* const server = ManagerServer::here(link_->address())) {
        server->drop_reference(id_, no_process);
        return;
    }
    try {
        ManagerReference(link_).drop_reference(id_);
    } catch (...) {
        // The manager has ended or cannot be reached: at worst it keeps the object.
    }
}

ManagedReference::ManagedReference(std::shared_ptr<ManagerLink> link, std::uint64_t id)
    : hold_(std::make_shared<const Hold>(std::move(link), id)) {}

const ManagedReference::Hold& ManagedReference::hold() const {
    if (hold_ == nullptr) {
        throw RuntimeError("this proxy is empty: proxies come from a Manager");
    }
    return *hold_;
}

std::uint64_t ManagedReference::id() const { return hold().id(); }

void ManagedReference::exchange(const GatherBuffer& request, const Descriptors& descriptors,
                                void* result, UnpackResult unpack) const {
    hold().link()->exchange(request, descriptors, result, unpack);
}

Coro<std::exception_ptr> ManagedReference::exchange_async(std::shared_ptr<const Hold> hold,
                                                          PackedManagerRequest request,
                                                          void* result, UnpackResult unpack) {
    co_return co_await ManagerLink::exchange_async(hold->link(), std::move(request), result,
                                                   unpack);
}

ManagedReference::Sent ManagedReference::sent() const {
    const std::shared_ptr<ManagerLink>& link = hold().link();
    if (ManagerServer* const server = ManagerServer::here(link->address())) {
        server->add_reference(id());
    } else {
        ManagerReference(link).add_reference(id());
    }
    return {link->address(), link->manager(), id()};
}

void ManagedReference::msgpack_unpack(const msgpack::object& object) {
    if (object.is_nil()) {
        hold_ = nullptr;
        return;
    }
    Sent received;
    std::tie(received.address, received.manager, received.id) =
        object.as<std::tuple<std::string, int, std::uint64_t>>();
    auto link = ManagerLink::find(received.address, received.manager);
    // Inside an object of the manager itself, the reference belongs to no process.
    if (ManagerServer::here(received.address) == nullptr) {
        ManagerReference(link).adopt_reference(received.id);
    }
    hold_ = std::make_shared<const Hold>(std::move(link), received.id);
}

ManagerReference::ManagerReference(std::shared_ptr<ManagerLink> link)
    : ManagedReference(std::move(link), manager_object) {}

void ManagerReference::add_reference(std::uint64_t id) const {
    ask<&ManagerControl::add_reference>(id);
}
void ManagerReference::adopt_reference(std::uint64_t id) const {
    ask<&ManagerControl::adopt_reference>(id);
}
void ManagerReference::drop_reference(std::uint64_t id) const {
    ask<&ManagerControl::drop_reference>(id);
}

} // namespace hocket::detail
