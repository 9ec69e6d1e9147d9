#include <csignal>
#include <optional>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "engine/child_watcher.hpp"
#include "support/drive_reactor.hpp"

namespace hocket::engine {
namespace {

using namespace hocket::engine::testing;

struct Parent final : ChildWatcher {
    using ChildWatcher::ChildWatcher;
    std::optional<int> status;
    std::error_code error;

    void on_exit(int exit_status, std::error_code why) noexcept override {
        status = exit_status;
        error = why;
    }
};

/// Forks a child that runs `body` and then waits forever.
template <class Body> pid_t fork_child(Body body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        body();
        for (;;) {
            ::pause();
        }
    }
    return pid;
}

TEST(ChildWatcher, TellsTheExitStatusAndLeavesNoZombie) {
    Reactor reactor;
    Parent parent(reactor.poller());
    const pid_t child = fork_child([] { ::_exit(7); });
    ASSERT_FALSE(parent.start(child));
    ASSERT_TRUE(run_until(reactor, [&] { return parent.status.has_value(); }));
    EXPECT_EQ(parent.status, 7);
    EXPECT_FALSE(parent.is_started());
    EXPECT_EQ(::waitpid(child, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST(ChildWatcher, TellsTheSignalThatEndedTheChildAsANegativeNumber) {
    Reactor reactor;
    Parent parent(reactor.poller());
    const pid_t child = fork_child([] {});
    ASSERT_FALSE(parent.start(child));
    ::kill(child, SIGKILL);
    ASSERT_TRUE(run_until(reactor, [&] { return parent.status.has_value(); }));
    EXPECT_EQ(parent.status, -SIGKILL);
}

TEST(ChildWatcher, TakesAChildThatHasEndedBefore) {
    Reactor reactor;
    Parent parent(reactor.poller());
    const pid_t child = fork_child([] { ::_exit(0); });
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
    ASSERT_FALSE(parent.start(child));
    ASSERT_TRUE(run_until(reactor, [&] { return parent.status.has_value(); }));
    EXPECT_EQ(parent.status, 0);
}

TEST(ChildWatcher, ReportsAChildThatOtherCodeHasReaped) {
    Reactor reactor;
    Parent parent(reactor.poller());
    const pid_t child = fork_child([] {});
    ASSERT_FALSE(parent.start(child));
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    ASSERT_TRUE(run_until(reactor, [&] { return parent.status.has_value(); }));
    EXPECT_EQ(parent.status, 255);
    EXPECT_EQ(parent.error, std::errc::no_child_process);
}

TEST(ChildWatcher, AnUnknownProcessIsAnError) {
    Reactor reactor;
    Parent parent(reactor.poller());
    const pid_t child = fork_child([] { ::_exit(0); });
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_EQ(parent.start(child), std::errc::no_such_process);
}

TEST(ChildWatcher, StoppingLeavesTheChildToOthers) {
    Reactor reactor;
    const pid_t child = fork_child([] {});
    {
        Parent parent(reactor.poller());
        ASSERT_FALSE(parent.start(child));
    }
    EXPECT_EQ(reactor.poller().size(), 2U); // the inbox and the timerfd
    ::kill(child, SIGKILL);
    EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

} // namespace
} // namespace hocket::engine
