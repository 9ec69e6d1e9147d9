#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>

#include <hocket/engine/file_descriptor.hpp>

#include "engine/poller.hpp"

namespace hocket::detail {

/// Called with each line that a worker writes: (worker's number, whether it was stderr, the line).
using OutputSink = std::function<void(int worker, bool is_error, std::string_view line)>;

/// Reads the output of a worker on stdout and stderr, and passes it on line by line.
class WorkerOutput {
public:
    /// Throws std::system_error.
    WorkerOutput(engine::Poller& poller, int worker, const OutputSink& sink);

    /// The ends that the worker writes to. Close them once the worker has them.
    engine::FileDescriptor worker_stdout;
    engine::FileDescriptor worker_stderr;

    /// Reads the remaining output, passes on the last lines, and returns the last part of stderr.
    [[nodiscard]] std::string finish();

private:
    class Stream final : public engine::Watcher {
    public:
        Stream(engine::Poller& poller, WorkerOutput& owner, bool is_error)
            : poller_(poller), owner_(owner), is_error_(is_error) {}
        ~Stream() { poller_.remove(*this); }
        engine::FileDescriptor open();
        void drain();

    private:
        void on_ready(std::uint32_t) noexcept override { drain(); }
        void forward_lines(bool rest_too);

        engine::Poller& poller_;
        WorkerOutput& owner_;
        const bool is_error_;
        engine::FileDescriptor end_;
        std::string text_;
    };

    const int worker_;
    const OutputSink& sink_;
    std::string last_words_;
    Stream stdout_;
    Stream stderr_;
};

/// Writes the line to this process's own stdout or stderr, with the worker's number before it.
void print_worker_line(int worker, bool is_error, std::string_view line);

} // namespace hocket::detail
