#include "processes/manager/manager_server.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include <hocket/errors.hpp>

#include "loop/event_loop_state.hpp"
#include "processes/calls/remote_exception.hpp"
#include "processes/shared/busy_poll.hpp"

namespace hocket::detail {

namespace {

ManagerServer* this_server = nullptr;

constexpr auto accept_pause = std::chrono::milliseconds(50);

void begin_answer(ManagerResult& result, bool is_value) {
    result.bytes.clear();
    result.descriptors.clear();
    ResultPacker packer(result.bytes);
    packer.pack_array(2);
    packer.pack(is_value);
}

// Must be called in an exception handler.
void answer_with_exception(ManagerResult& result) {
    begin_answer(result, false);
    ResultPacker packer(result.bytes);
    pack_current_exception(packer, "manager " + std::to_string(::getpid()));
}

} // namespace

int calling_process() noexcept {
    return this_server == nullptr ? no_process : this_server->calling_process();
}

void throw_wrong_object() {
    throw RuntimeError("the manager's object has a different type than this proxy: was a proxy "
                       "passed as one of a different type?");
}

ManagerServer* ManagerServer::here(const std::string& address) noexcept {
    return this_server != nullptr && this_server->address_ == address ? this_server : nullptr;
}

ManagerServer::ManagerServer(engine::FileDescriptor listener, std::string address)
    : listener_(std::move(listener)), address_(std::move(address)) {
    objects_.emplace(manager_object, Entry{std::make_shared<Held<ManagerControl>>(*this), 1});
    this_server = this;
}

ManagerServer::~ManagerServer() {
    // Objects may contain proxies, whose destructors drop references here. The table must be empty
    // by then.
    const auto objects = std::move(objects_);
    objects_.clear();
}

Coro<> ManagerServer::serve() {
    loop_ = &get_running_loop();
    reactor_of(*loop_).set_busy_poll(busy_poll_time); // clients often send request after request
    loop_->add_signal_handler(SIGTERM, [this] { stopped_.set(); });
    loop_->add_reader(listener_.fileno(), [this] { accept(); });
    co_await stopped_.wait();
    loop_->remove_reader(listener_.fileno());
    for (auto& [pid, client] : clients_) {
        loop_->remove_reader(client.pidfd.fileno());
        while (!client.connections.empty()) {
            close(*client.connections.begin());
        }
    }
}

void ManagerServer::accept() {
    engine::FileDescriptor socket(
        ::accept4(listener_.fileno(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.is_open()) {
        add_connection(std::move(socket));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        pause_accepting();
    }
}

// Otherwise the listener stays readable and keeps the loop busy.
void ManagerServer::pause_accepting() {
    loop_->remove_reader(listener_.fileno());
    loop_->call_later(accept_pause, [this] {
        if (!stopped_.is_set()) {
            loop_->add_reader(listener_.fileno(), [this] { accept(); });
        }
    });
}

void ManagerServer::add_connection(engine::FileDescriptor socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket.fileno(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
        peer.uid != ::geteuid()) {
        return; // a process of another user: its connection is closed
    }
    Client& client = client_of(peer.pid);
    if (!client.pidfd.is_open()) {
        clients_.erase(peer.pid); // the process has already ended
        return;
    }
    const auto connection = std::make_shared<Connection>();
    connection->socket = std::move(socket);
    connection->client = &client;
    client.connections.insert(connection);
    loop_->add_reader(connection->socket.fileno(), [this, connection] { on_readable(connection); });
}

ManagerServer::Client& ManagerServer::client_of(pid_t pid) {
    const auto [found, is_new] = clients_.try_emplace(pid);
    Client& client = found->second;
    if (is_new) {
        client.pid = pid;
        client.pidfd = engine::FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
        if (client.pidfd.is_open()) {
            loop_->add_reader(client.pidfd.fileno(), [this, pid] { client_ended(pid); });
        }
    }
    return client;
}

void ManagerServer::client_ended(pid_t pid) {
    Client& client = clients_.at(pid);
    // First close its connections: whatever their waiting requests are being granted goes to the
    // next waiter.
    while (!client.connections.empty()) {
        close(*client.connections.begin());
    }
    loop_->remove_reader(client.pidfd.fileno());
    const auto references = std::move(client.references);
    clients_.erase(pid);
    for (auto& [id, each] : objects_) {
        each.object->client_ended(pid);
    }
    for (const auto& [id, count] : references) {
        for (std::int64_t i = 0; i < count; ++i) {
            drop_reference(id, no_process);
        }
    }
}

void ManagerServer::close(const std::shared_ptr<Connection>& connection) {
    const auto kept = connection; // keeps it alive after the erase
    if (!kept->socket.is_open()) {
        return;
    }
    loop_->remove_reader(kept->socket.fileno());
    kept->socket.close();
    kept->client->connections.erase(kept);
    if (kept->waiting) {
        kept->waiting.cancel();
    }
}

void ManagerServer::on_readable(const std::shared_ptr<Connection>& connection) {
    const auto kept = connection;
    const auto error = message_.receive(kept->socket.fileno());
    if (error == std::errc::resource_unavailable_try_again) {
        return;
    }
    if (error) {
        close(kept);
        return;
    }
    calling_process_ = kept->client->pid;
    begin_answer(result_, true);
    try {
        msgpack::zone zone(zone_size(message_.bytes()));
        answer(kept, unpack_object(zone, message_.bytes()));
    } catch (...) {
        answer_with_exception(result_);
        send(kept, result_);
    }
    calling_process_ = no_process;
}

void ManagerServer::answer(const std::shared_ptr<Connection>& connection,
                           const msgpack::object& request) {
    if (request.type != msgpack::type::ARRAY || request.via.array.size < 2) {
        throw RuntimeError("a manager received a message that is not a request");
    }
    const msgpack::object* const parts = request.via.array.ptr;
    const void* const address = parts[0].as<PortableFunction>().resolve();
    ManagerThunk thunk = nullptr;
    std::memcpy(&thunk, &address, sizeof thunk);
    const std::shared_ptr<HeldObject> object = entry(parts[1].as<std::uint64_t>()).object;
    ManagerRequest call{*object, parts + 2, message_.descriptors(), result_};
    thunk(call);
    if (call.later) {
        connection->waiting = create_task(
            answer_later(connection, object, *std::move(call.later), call.later_result));
    } else {
        send(connection, result_);
    }
}

Coro<> ManagerServer::answer_later(std::shared_ptr<Connection> connection,
                                   [[maybe_unused]] std::shared_ptr<HeldObject> object,
                                   Coro<> waiting, std::shared_ptr<ManagerResult> result) {
    begin_answer(*result, true);
    try {
        co_await std::move(waiting);
    } catch (const CancelledError&) {
        throw; // nobody waits for the answer any more
    } catch (...) {
        answer_with_exception(*result);
    }
    send(connection, *result);
}

void ManagerServer::send(const std::shared_ptr<Connection>& connection,
                         const ManagerResult& result) {
    // A client waits for each answer before its next request, so there is always room for one
    // answer.
    if (connection->socket.is_open() &&
        send_manager_message(connection->socket.fileno(),
                             {result.bytes.data(), result.bytes.size()}, result.descriptors)) {
        close(connection);
    }
}

std::uint64_t ManagerControl::hold(std::shared_ptr<HeldObject> object) {
    return server_.hold(std::move(object));
}
void ManagerControl::add_reference(std::uint64_t id) { server_.add_reference(id); }
void ManagerControl::adopt_reference(std::uint64_t id) { server_.adopt_reference(id); }
void ManagerControl::drop_reference(std::uint64_t id) {
    server_.drop_reference(id, server_.calling_process());
}

ManagerServer::Entry& ManagerServer::entry(std::uint64_t id) {
    const auto found = objects_.find(id);
    if (found == objects_.end()) {
        throw RuntimeError("object " + std::to_string(id) + " is no longer at the manager");
    }
    return found->second;
}

std::uint64_t ManagerServer::hold(std::shared_ptr<HeldObject> object) {
    const std::uint64_t id = next_id_++;
    objects_.emplace(id, Entry{std::move(object), 1});
    adopt_reference(id);
    return id;
}

void ManagerServer::add_reference(std::uint64_t id) { ++entry(id).references; }

void ManagerServer::adopt_reference(std::uint64_t id) {
    if (const auto client = clients_.find(calling_process_); client != clients_.end()) {
        ++client->second.references[id];
    }
}

void ManagerServer::drop_reference(std::uint64_t id, int process) {
    if (const auto client = clients_.find(process); client != clients_.end()) {
        if (--client->second.references[id] == 0) {
            client->second.references.erase(id);
        }
    }
    const auto found = objects_.find(id);
    if (found == objects_.end() || --found->second.references > 0) {
        return;
    }
    // Remove it from the table first, because its destructor may drop references.
    const auto object = std::move(found->second.object);
    objects_.erase(found);
}

} // namespace hocket::detail
