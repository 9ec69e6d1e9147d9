#include "processes/start/worker_output.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "engine/last_error.hpp"
#include "loop/report.hpp"

namespace hocket::detail {

namespace {

constexpr std::size_t longest_last_words = 4096;
constexpr std::size_t longest_line = std::size_t{64} * 1024; // a longer line is passed on in parts

} // namespace

WorkerOutput::WorkerOutput(engine::Poller& poller, int worker, const OutputSink& sink)
    : worker_(worker), sink_(sink), stdout_(poller, *this, false), stderr_(poller, *this, true) {
    worker_stdout = stdout_.open();
    worker_stderr = stderr_.open();
}

std::string WorkerOutput::finish() {
    stdout_.drain();
    stderr_.drain();
    while (last_words_.ends_with('\n')) {
        last_words_.pop_back();
    }
    return last_words_;
}

engine::FileDescriptor WorkerOutput::Stream::open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        engine::throw_errno("pipe2 for a worker's output");
    }
    end_ = engine::FileDescriptor(ends[0]);
    engine::FileDescriptor theirs(ends[1]);
    ::fcntl(end_.fileno(), F_SETFL, O_NONBLOCK);
    if (const auto error = poller_.add(*this, end_.fileno(), readable)) {
        throw std::system_error(error, "epoll_ctl for a worker's output");
    }
    return theirs;
}

// Reads what is available, but does not wait for the end of the pipe: a process that the worker
// started may keep it open.
void WorkerOutput::Stream::drain() {
    std::array<char, 4096> part;
    while (end_.is_open()) {
        const ssize_t count = ::read(end_.fileno(), part.data(), part.size());
        if (count > 0) {
            text_.append(part.data(), static_cast<std::size_t>(count));
            forward_lines(false);
        } else if (count < 0 && errno == EINTR) {
            continue;
        } else {
            if (count == 0) {
                forward_lines(true);
                poller_.remove(*this);
                end_.close();
            }
            return;
        }
    }
}

void WorkerOutput::Stream::forward_lines(bool rest_too) {
    std::size_t begin = 0;
    for (;;) {
        std::size_t end = text_.find('\n', begin);
        if (end == std::string::npos) {
            if (begin == text_.size() || (!rest_too && text_.size() - begin < longest_line)) {
                break;
            }
            end = text_.size();
        }
        const std::string_view line = std::string_view(text_).substr(begin, end - begin);
        if (is_error_) {
            owner_.last_words_.append(line).push_back('\n');
        }
        try {
            owner_.sink_(owner_.worker_, is_error_, line);
        } catch (...) {
            report_thread_exception("exception in the callback for a worker's output",
                                    std::current_exception());
        }
        begin = std::min(end + 1, text_.size());
    }
    text_.erase(0, begin);
    if (owner_.last_words_.size() > longest_last_words) {
        owner_.last_words_.erase(0, owner_.last_words_.size() - longest_last_words);
    }
}

void print_worker_line(int worker, bool is_error, std::string_view line) {
    // Use one call, so that lines of several workers do not mix.
    std::fprintf(is_error ? stderr : stdout, "[worker %d] %.*s\n", worker,
                 static_cast<int>(line.size()), line.data());
    std::fflush(is_error ? stderr : stdout);
}

} // namespace hocket::detail
