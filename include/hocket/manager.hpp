#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <hocket/managed_dict.hpp>
#include <hocket/managed_list.hpp>
#include <hocket/managed_lock.hpp>
#include <hocket/managed_object.hpp>
#include <hocket/managed_queue.hpp>
#include <hocket/managed_value.hpp>
#include <hocket/process.hpp>

namespace hocket {

/// A process that holds objects for the other processes of this program: Python's
/// multiprocessing.Manager. Its functions return proxies, which can be sent to workers and
/// Processes as arguments and results, and stored in other managed objects.
///
///     void count_visit(const hocket::ManagedDict<std::string, int>& visits) {
///         visits.update("home", [](int& n) { ++n; });
///     }
///     hocket::Manager manager;
///     auto visits = manager.dict<std::string, int>();
///     hocket::Pool pool(4);
///     pool.apply(count_visit, visits);
///
/// An object lives until its last proxy in any process is destroyed; proxies of a process that died
/// do not count. (A proxy that was sent but never received keeps its object alive until the manager
/// exits.) The manager runs one function at a time, on one thread, so each call is atomic and a
/// long call delays all others. A call that waits for a queue or a lock does not delay others.
///
/// The manager's own proxies cannot be used inside the manager. Two managers must not hold proxies
/// of each other's objects, because they may deadlock. Only processes of the same user can connect
/// to a manager.
///
/// The manager exits with this process, or on `shutdown`. Once it has exited, pending and new calls
/// throw WorkerDied at once. The exitcode() of that WorkerDied is 255 in every process but the
/// owner, because only the owner knows the real exit code. The manager ignores SIGINT. May be used
/// from any thread.
class Manager {
public:
    /// Starts the process: Python's `get_context(start_method).Manager()`. Throws
    /// std::system_error.
    explicit Manager(StartMethod start_method = StartMethod::spawn);
    ~Manager(); ///< Calls shutdown().
    Manager(Manager&&) noexcept = default;
    Manager& operator=(Manager&&) noexcept = default;

    template <class K, class V> [[nodiscard]] ManagedDict<K, V> dict() const {
        return ManagedDict<K, V>(create_object<detail::HeldDict<K, V>>());
    }
    template <class T> [[nodiscard]] ManagedList<T> list() const {
        return ManagedList<T>(create_object<detail::HeldList<T>>());
    }
    template <class T> [[nodiscard]] ManagedValue<T> value(const T& initial) const {
        return ManagedValue<T>(create_object<detail::HeldValue<T>>(initial));
    }
    /// Creates a queue for at most `maxsize` items; 0 means no limit.
    template <class T> [[nodiscard]] ManagedQueue<T> queue(std::size_t maxsize = 0) const {
        return ManagedQueue<T>(create_object<detail::HeldQueue<T>>(maxsize));
    }
    [[nodiscard]] ManagedLock lock() const;
    /// Creates an object of the user's type T from `args`, in the manager.
    template <class T, class... Args>
    [[nodiscard]] ManagedObject<T> create(const Args&... args) const {
        return ManagedObject<T>(create_object<T>(args...));
    }

    /// The manager's process. Do not end it yourself; use `shutdown`.
    [[nodiscard]] const Process& process() const noexcept { return process_; }
    /// Destroys the objects and ends the process, killing it if that takes more than five seconds.
    /// Does nothing if it has already exited.
    void shutdown();

private:
    Manager(StartMethod start_method, const std::string& address);
    template <class T, class... Args>
    [[nodiscard]] detail::ManagedReference create_object(const Args&... args) const {
        return {link_, detail::ManagerReference(link_).create<T>(args...)};
    }

    Process process_;
    std::shared_ptr<detail::ManagerLink> link_;
};

} // namespace hocket
