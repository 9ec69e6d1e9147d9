#pragma once

#include <cstddef>
#include <deque>
#include <map>
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

/// A process that holds objects for other processes of this program: Python's
/// multiprocessing.Manager. What it makes are proxies, which cross to workers and to Processes as
/// arguments, in results, and as values inside of other managed objects.
///
///     void count_visit(const hocket::ManagedDict<std::string, int>& visits) {
///         visits.update("home", [](int& n) { ++n; });
///     }
///     hocket::Manager manager;
///     auto visits = manager.dict<std::string, int>();
///     hocket::Pool pool(4);
///     pool.apply(count_visit, visits);
///
/// An object lives as long as there are proxies of it, in whatever process; those of a process that
/// dies do not count. (A proxy that was sent and never received counts as long as the manager
/// lives.) The manager runs one function at a time, on one thread, so each call is atomic, and a
/// long one delays the others; what waits there (a queue, a lock) delays nobody. Its own
/// proxies cannot be used inside the manager; two managers must not hold each other's, or one may
/// wait for the other for ever. Only processes of the same user can reach it.
///
/// It ends with this process, or by `shutdown`; a manager that is gone throws WorkerDied at
/// everybody who waits for it or asks it, at once (its exitcode() is 255 but in the owner, which
/// alone knows it). It ignores SIGINT. Any thread.
class Manager {
public:
    /// Starts the process; Python's `get_context(start_method).Manager()`. Throws
    /// std::system_error.
    explicit Manager(StartMethod start_method = StartMethod::spawn);
    ~Manager(); ///< Shuts down.
    Manager(Manager&&) noexcept = default;
    Manager& operator=(Manager&&) noexcept = default;

    template <class K, class V> [[nodiscard]] ManagedDict<K, V> dict() const {
        return ManagedDict<K, V>(create_object<std::map<K, V>>());
    }
    template <class T> [[nodiscard]] ManagedList<T> list() const {
        return ManagedList<T>(create_object<std::deque<T>>());
    }
    template <class T> [[nodiscard]] ManagedValue<T> value(const T& initial) const {
        return ManagedValue<T>(create_object<T>(initial));
    }
    /// For at most `maxsize` items; 0: for as many as there is memory for.
    template <class T> [[nodiscard]] ManagedQueue<T> queue(std::size_t maxsize = 0) const {
        return ManagedQueue<T>(create_object<Queue<T>>(maxsize));
    }
    [[nodiscard]] ManagedLock lock() const;
    /// A T of the program's own, made of `args` at the manager.
    template <class T, class... Args>
    [[nodiscard]] ManagedObject<T> create(const Args&... args) const {
        return ManagedObject<T>(create_object<T>(args...));
    }

    /// The process. It is for the manager to end it.
    [[nodiscard]] const Process& process() const noexcept { return process_; }
    /// Ends the process: its objects are destroyed, and it is killed if that takes over five
    /// seconds. Does nothing when it has ended.
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
