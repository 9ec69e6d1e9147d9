#pragma once

#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

#include <hocket/detail/processes/manager/managed_reference.hpp>

#include "processes/manager/manager_message.hpp"
#include "processes/start/child_process.hpp"

namespace hocket::detail {

/// This process's connections to one manager: as many as threads have used at the same time. May be
/// used on any thread.
class ManagerLink {
public:
    using UnpackResult = void (*)(void* to, const msgpack::object& object);

    /// The link to the manager with this address (an abstract name) and pid.
    static std::shared_ptr<ManagerLink> find(const std::string& address, pid_t manager);

    ManagerLink(std::string address, pid_t manager)
        : address_(std::move(address)), manager_(manager) {}

    /// Sends the request and unpacks the answer. Throws the exception that the manager's object
    /// threw, or WorkerDied if the manager has ended.
    void exchange(const GatherBuffer& request, const Descriptors& descriptors, void* result,
                  UnpackResult unpack);
    /// The same in a task. Cannot be cancelled: yields the CancelledError instead, when the manager
    /// has withdrawn the call or `result` is there.
    static Coro<std::exception_ptr> exchange_async(std::shared_ptr<ManagerLink> link,
                                                   PackedManagerRequest request, void* result,
                                                   UnpackResult unpack);
    [[nodiscard]] const std::string& address() const noexcept { return address_; }
    [[nodiscard]] pid_t manager() const noexcept { return manager_; }
    /// For the manager's owner, because only the owner knows its exit status.
    void set_process(std::weak_ptr<ChildProcess> process) { process_ = std::move(process); }

private:
    struct Connection {
        engine::FileDescriptor socket;
        ManagerMessage message;
    };
    std::unique_ptr<Connection> take_connection();
    void put_back(std::unique_ptr<Connection> connection);
    static std::exception_ptr unpack_answer(Connection& connection, void* result,
                                            UnpackResult unpack);
    void require_other_process() const;
    void throw_if_failed(const std::error_code& error) const;
    [[nodiscard]] engine::FileDescriptor connect() const;
    [[noreturn]] void throw_died() const;

    const std::string address_;
    const pid_t manager_;
    std::weak_ptr<ChildProcess> process_;
    std::mutex lock_; // guards what follows
    pid_t process_of_idle_ = 0;
    std::vector<std::unique_ptr<Connection>> idle_;
};

/// An unguessable name of 128 random bits in the abstract namespace.
[[nodiscard]] std::string random_address();
/// Returns a socket that listens at that address.
[[nodiscard]] engine::FileDescriptor listen_at(const std::string& address);

} // namespace hocket::detail
