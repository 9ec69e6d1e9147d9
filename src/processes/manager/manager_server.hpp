#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>

#include <sys/types.h>

#include <hocket/detail/processes/manager/manager_request.hpp>
#include <hocket/event.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/task.hpp>

#include "processes/manager/manager_message.hpp"

namespace hocket::detail {

/// Runs in the manager's process: holds objects and answers requests, one at a time, on a loop.
/// Requests that wait are coroutines.
class ManagerServer {
public:
    ManagerServer(engine::FileDescriptor listener, std::string address);
    ~ManagerServer();
    ManagerServer(const ManagerServer&) = delete;
    ManagerServer& operator=(const ManagerServer&) = delete;

    /// Serves until SIGTERM.
    Coro<> serve();

    /// The server of this process with this address; nullptr if there is none.
    [[nodiscard]] static ManagerServer* here(const std::string& address) noexcept;

    // References are counted for each process, so that those of a process that dies are dropped. A
    // reference on its way to another process, or in an object here, belongs to no process.
    /// Returns the object's number. The caller gets a reference.
    std::uint64_t hold(std::shared_ptr<HeldObject> object);
    void add_reference(std::uint64_t id);
    /// The caller has received a reference that was on its way.
    void adopt_reference(std::uint64_t id);
    /// Drops one of the process's references.
    void drop_reference(std::uint64_t id, int process);
    [[nodiscard]] int calling_process() const noexcept { return calling_process_; }

private:
    struct Client;
    /// A thread of a client.
    struct Connection {
        engine::FileDescriptor socket;
        Client* client = nullptr;
        Task<> waiting; // waits to send the answer
    };
    /// A process that uses the manager.
    struct Client {
        pid_t pid;
        engine::FileDescriptor pidfd;
        std::set<std::shared_ptr<Connection>> connections;
        std::map<std::uint64_t, std::int64_t> references;
    };
    struct Entry {
        std::shared_ptr<HeldObject> object;
        std::int64_t references;
    };

    void accept();
    void pause_accepting();
    void add_connection(engine::FileDescriptor socket);
    Client& client_of(pid_t pid);
    void client_ended(pid_t pid);
    void close(const std::shared_ptr<Connection>& connection);
    void on_readable(const std::shared_ptr<Connection>& connection);
    void answer(const std::shared_ptr<Connection>& connection, const msgpack::object& request);
    Coro<> answer_later(std::shared_ptr<Connection> connection, std::shared_ptr<HeldObject> object,
                        Coro<> waiting, std::shared_ptr<ManagerResult> result);
    void send(const std::shared_ptr<Connection>& connection, const ManagerResult& result);
    Entry& entry(std::uint64_t id);

    const engine::FileDescriptor listener_;
    const std::string address_;
    EventLoop* loop_ = nullptr;
    Event stopped_;
    std::map<pid_t, Client> clients_;
    std::map<std::uint64_t, Entry> objects_;
    std::uint64_t next_id_ = 1;
    int calling_process_ = no_process;
    ManagerMessage message_;
    ManagerResult result_;
};

} // namespace hocket::detail
