#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include <msgpack.hpp>

#include <hocket/engine/file_descriptor.hpp>

#include "engine/status_layout.hpp"

namespace hocket::tool {

/// An error that the user is told in one line.
class Problem : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class NoAnswer : public Problem {
public:
    NoAnswer() : Problem("the process does not answer: has it been stopped?") {}
};

/// The process has ended, or its observer has closed the connection.
class ConnectionClosed : public Problem {
public:
    ConnectionClosed()
        : Problem("the process ended, or closed the connection, before it had answered") {}
};

/// Opens the memory that a process shares as "hocket-<what>" and that begins with a header that
/// names its process; returns a closed descriptor if it shares none of at least `size` bytes.
/// Throws Problem if the process does not exist or is another user's.
[[nodiscard]] engine::FileDescriptor open_shared_memory(pid_t process, std::string_view what,
                                                        std::size_t size);

/// Whether a process has ended, even if its parent has not noticed it yet.
[[nodiscard]] bool has_ended(pid_t process);

/// The status page of a process, mapped read-only.
class ProcessPage {
public:
    /// Throws Problem if the process does not exist, is another user's, or has no page of a known
    /// version.
    explicit ProcessPage(pid_t process);
    /// The same, but returns nothing if there is no page.
    [[nodiscard]] static std::optional<ProcessPage> find(pid_t process);

    [[nodiscard]] const engine::StatusPage& operator*() const noexcept { return *page_; }
    [[nodiscard]] const engine::StatusPage* operator->() const noexcept { return page_.get(); }

private:
    explicit ProcessPage(std::shared_ptr<const engine::StatusPage> page) noexcept
        : page_(std::move(page)) {}

    std::shared_ptr<const engine::StatusPage> page_;
};

/// Asks the observer of a process.
class Observer {
public:
    /// Throws Problem if the process has none or does not let this user in.
    explicit Observer(pid_t process);
    /// The same, but returns nothing if it has none.
    [[nodiscard]] static std::optional<Observer> find(pid_t process);

    /// Throws Problem if there is no answer, or if it is an error.
    [[nodiscard]] msgpack::object_handle ask(const std::string& what,
                                             const std::vector<std::string>& arguments = {});

private:
    explicit Observer(engine::FileDescriptor fd) noexcept : fd_(std::move(fd)) {}

    engine::FileDescriptor fd_;
};

/// The processes of the user of `process` that have observers, or had and were killed.
[[nodiscard]] std::vector<pid_t> observed_processes(pid_t process);

/// All processes of this machine that this user may look at and that have a status page.
[[nodiscard]] std::vector<std::pair<pid_t, ProcessPage>> all_processes();

} // namespace hocket::tool
