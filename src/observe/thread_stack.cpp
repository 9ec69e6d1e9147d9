#include "observe/thread_stack.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include <execinfo.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hocket::observer {

namespace {

using namespace std::chrono_literals;

constexpr int stack_signal = SIGURG;
constexpr std::chrono::milliseconds time_to_answer = 200ms;

/// The one stack that is being recorded. Static, because the handler may run late, when nobody
/// waits for it any more.
struct Recording {
    enum State : int { idle, requested, being_recorded, recorded };

    std::atomic<int> state{idle};
    std::atomic<pid_t> thread{0};
    const InspectedLoop* loop = nullptr;
    RunningTask task;
    std::array<void*, 64> frames{};
    int depth = 0;
};

constinit Recording recording;
struct sigaction previous {};

void record_stack(int signal, siginfo_t* info, void* context) {
    const int saved = errno;
    int expected = Recording::requested;
    if (recording.thread.load() == static_cast<pid_t>(::syscall(SYS_gettid)) &&
        recording.state.compare_exchange_strong(expected, Recording::being_recorded)) {
        if (recording.loop != nullptr) {
            recording.loop->describe_running(recording.task);
        }
        recording.depth =
            ::backtrace(recording.frames.data(), static_cast<int>(recording.frames.size()));
        recording.state.store(Recording::recorded);
    } else if ((previous.sa_flags & SA_SIGINFO) != 0 && previous.sa_sigaction != nullptr) {
        previous.sa_sigaction(signal, info, context);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(signal);
    }
    errno = saved;
}

} // namespace

void prepare_stacks() {
    // The first call loads the unwinder, which a signal handler must not do.
    std::array<void*, 4> frames{};
    ::backtrace(frames.data(), static_cast<int>(frames.size()));
    struct sigaction action {};
    action.sa_sigaction = record_stack;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    struct sigaction found {};
    ::sigaction(stack_signal, &action, &found);
    // The child of a fork inherits its parent's handler, which is this one.
    if ((found.sa_flags & SA_SIGINFO) == 0 || found.sa_sigaction != record_stack) {
        previous = found;
    }
}

std::optional<ThreadStack> stack_of(const InspectedLoop* loop, pid_t thread) {
    recording.loop = loop;
    recording.task = RunningTask{};
    recording.thread.store(thread);
    recording.state.store(Recording::requested);
    const auto until = std::chrono::steady_clock::now() + time_to_answer;
    if (::syscall(SYS_tgkill, ::getpid(), thread, stack_signal) == 0) {
        while (recording.state.load() != Recording::recorded) {
            int expected = Recording::requested;
            if (std::chrono::steady_clock::now() >= until &&
                recording.state.compare_exchange_strong(expected, Recording::idle)) {
                return std::nullopt;
            }
            std::this_thread::sleep_for(200us);
        }
    } else {
        recording.state.store(Recording::idle);
        return std::nullopt;
    }
    ThreadStack stack;
    stack.task = recording.task;
    constexpr int own_frames = 2; // the handler, and the kernel's trampoline below it
    for (int i = own_frames; i < recording.depth; ++i) {
        stack.frames.push_back(recording.frames[static_cast<std::size_t>(i)]);
    }
    recording.state.store(Recording::idle);
    return stack;
}

} // namespace hocket::observer
