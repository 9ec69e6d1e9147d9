#include "observe/observer.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <hocket/engine/file_descriptor.hpp>

#include "engine/last_error.hpp"
#include "engine/per_process.hpp"
#include "engine/status.hpp"
#include "engine/trace.hpp"
#include "observe/connection.hpp"
#include "observe/inspected_loop.hpp"
#include "observe/own_descriptors.hpp"
#include "observe/socket_folder.hpp"
#include "observe/stall_watch.hpp"
#include "observe/thread_stack.hpp"

namespace hocket::observer {

namespace {

using engine::FileDescriptor;

constexpr std::size_t most_connections = 32;
/// How often to look for loops while there are none.
constexpr std::chrono::milliseconds idle_interval{500};

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(engine::last_error(), what);
}

FileDescriptor listen_on_path(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        throw std::runtime_error("the path of the observer's socket is too long: " + path);
    }
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    FileDescriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::unlink(path.c_str()); // left by a process that had the same number
    if (!listener.is_open() ||
        ::bind(listener.fileno(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
            0 ||
        ::listen(listener.fileno(), 16) != 0) {
        fail("listen on " + path);
    }
    return listener;
}

FileDescriptor listen_on_port(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!listener.is_open() ||
        ::setsockopt(listener.fileno(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::bind(listener.fileno(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
            0 ||
        ::listen(listener.fileno(), 16) != 0) {
        fail("listen on 127.0.0.1:" + std::to_string(port) + " for metrics");
    }
    return listener;
}

/// Whether the process at the other end is this user's or root's.
bool is_allowed(int fd) noexcept {
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == ::geteuid() || peer.uid == 0);
}

class Observer {
public:
    void start(std::optional<std::uint16_t> metrics_port) {
        const std::scoped_lock lock(mutex_);
        if (is_started_) {
            return;
        }
        const std::string folder = socket_folder();
        require_own_folder(folder);
        remove_stale_sockets(folder);
        path_ = folder + '/' + socket_name(::getpid());
        // Made by this thread, so that the `hocket` command finds their files among the process's
        // descriptors.
        static_cast<void>(engine::status_page());
        engine::prepare_trace();
        prepare_stacks();
        std::promise<void> listens;
        std::future<void> result = listens.get_future();
        std::thread([this, metrics_port, listens = std::move(listens)]() mutable {
            run(metrics_port, std::move(listens));
        }).detach(); // it ends with the process
        result.get();
        is_started_ = true;
    }

    /// Records until somebody who looks for new processes has found this one.
    void record_at_first() {
        const std::scoped_lock lock(mutex_);
        first_recording_.emplace();
        first_recording_ends_ = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    }

    /// Called in the child of a fork: the parent's sockets must not stay open there.
    void close_inherited_sockets() noexcept {
        if (!has_own_descriptors_) {
            commands_.close();
            metrics_.close();
        }
    }
    void remove_socket() const noexcept {
        if (is_started_) {
            ::unlink(path_.c_str());
        }
    }

private:
    /// The observer's thread.
    void run(std::optional<std::uint16_t> metrics_port, std::promise<void> listens) noexcept {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
        ::pthread_setname_np(::pthread_self(), "hocket-observe");
        has_own_descriptors_ = leave_descriptors();
        try {
            FileDescriptor commands = listen_on_path(path_);
            if (metrics_port) {
                metrics_ = listen_on_port(*metrics_port);
            }
            commands_ = std::move(commands);
        } catch (...) {
            listens.set_exception(std::current_exception());
            return;
        }
        listens.set_value();
        serve();
    }

    void serve() noexcept {
        while (true) {
            try {
                serve_once();
                watch_.look();
                end_first_recording();
            } catch (const std::exception& error) { // out of memory; the next round may succeed
                write_to_stderr(std::string("hocket: observer: ") + error.what() + '\n');
                connections_.clear();
            }
        }
    }

    void end_first_recording() {
        const std::scoped_lock lock(mutex_);
        if (first_recording_ && std::chrono::steady_clock::now() > first_recording_ends_) {
            first_recording_.reset();
        }
    }

    void serve_once() {
        std::vector<pollfd> polled{{commands_.fileno(), POLLIN, 0}, {metrics_.fileno(), POLLIN, 0}};
        for (const auto& connection : connections_) {
            polled.push_back({connection->fileno(), connection->events(), 0});
        }
        // A worker process may have no loop for all its life.
        const auto interval = has_loops() ? StallWatch::interval : idle_interval;
        if (::poll(polled.data(), polled.size(), static_cast<int>(interval.count())) <= 0) {
            return;
        }
        for (std::size_t i = 2; i < polled.size(); ++i) {
            if (polled[i].revents != 0 && !connections_[i - 2]->advance()) {
                connections_[i - 2].reset();
            }
        }
        std::erase(connections_, nullptr);
        if (polled[0].revents != 0) {
            accept_from(commands_, Connection::Speaks::frames);
        }
        if (polled[1].revents != 0) {
            accept_from(metrics_, Connection::Speaks::http);
        }
    }

    void accept_from(const FileDescriptor& listener, Connection::Speaks language) {
        FileDescriptor fd(
            ::accept4(listener.fileno(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!fd.is_open()) { // out of descriptors, perhaps: the listener stays ready
            std::this_thread::sleep_for(StallWatch::interval);
        }
        if (!fd.is_open() || (language == Connection::Speaks::frames && !is_allowed(fd.fileno()))) {
            return;
        }
        if (connections_.size() == most_connections) {
            connections_.erase(connections_.begin()); // the oldest
        }
        connections_.push_back(std::make_unique<Connection>(std::move(fd), language));
    }

    std::mutex mutex_;
    std::atomic<bool> is_started_{false};
    std::string path_;
    // Used by the observer's thread only: their numbers mean nothing to others if it has
    // descriptors of its own.
    FileDescriptor commands_;
    FileDescriptor metrics_;
    std::vector<std::unique_ptr<Connection>> connections_;
    StallWatch watch_;
    bool has_own_descriptors_ = false;                 // constant once started
    std::optional<engine::Recording> first_recording_; // guarded by mutex_, like the next
    std::chrono::steady_clock::time_point first_recording_ends_;
};

constinit engine::PerProcess<Observer> observer_of_process;
std::atomic<Observer*> started{nullptr}; // of this process, or of the parent it was forked from

void register_handlers() {
    static const int at_fork = ::pthread_atfork(nullptr, nullptr, [] {
        if (Observer* parents = started.exchange(nullptr)) {
            parents->close_inherited_sockets();
        }
    });
    static const int at_exit = std::atexit(remove_socket);
    static_cast<void>(at_fork);
    static_cast<void>(at_exit);
}

constinit engine::PerProcess<engine::Recording> recording_of_process;
std::atomic<pid_t> recorder{0}; // the process that records until its end

bool is_asked_by_environment(const char* variable) noexcept {
    const char* const value = std::getenv(variable);
    return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

} // namespace

void start_observer(std::optional<std::uint16_t> metrics_port) {
    Observer& observer = observer_of_process.get();
    observer.start(metrics_port);
    register_handlers();
    started.store(&observer);
}

void record_until_the_end() {
    static_cast<void>(recording_of_process.get());
    recorder.store(::getpid());
}

Watch own_watch() noexcept {
    return started.load() == nullptr       ? Watch::none
           : recorder.load() == ::getpid() ? Watch::recorded
           : engine::is_traced()           ? Watch::traced
                                           : Watch::observed;
}

void start_or_report(Watch watch, const char* subject) noexcept {
    try {
        start_observer(std::nullopt);
        if (watch == Watch::traced) {
            observer_of_process.get().record_at_first();
        } else if (watch == Watch::recorded) {
            record_until_the_end();
        }
    } catch (const std::exception& error) {
        static std::atomic<bool> is_reported{false};
        if (!is_reported.exchange(true)) {
            std::fprintf(stderr, "hocket: %s: %s\n", subject, error.what());
        }
    }
}

void start_if_asked() noexcept {
    static const bool records = is_asked_by_environment("HOCKET_TRACE");
    static const bool observes = is_asked_by_environment("HOCKET_OBSERVE");
    if (records || observes) {
        start_or_report(records ? Watch::recorded : Watch::observed,
                        records ? "HOCKET_TRACE has no effect" : "HOCKET_OBSERVE has no effect");
    }
}

void remove_socket() noexcept {
    if (const Observer* own = started.load()) {
        own->remove_socket();
    }
}

} // namespace hocket::observer
