// fork() inside a running loop: the child runs its own loop, and the parent's loop continues.

#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/hocket.hpp>

using namespace hocket;
using namespace std::chrono_literals;

namespace {

/// Runs `child` in a forked process, whose exit code is its result, and waits for that.
template <class Child> Coro<int> in_child(Child child) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::_exit(child());
    }
    const FileDescriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    Event ended;
    EventLoop& loop = get_running_loop();
    loop.add_reader(pidfd.fileno(), [&] { ended.set(); });
    co_await ended.wait();
    loop.remove_reader(pidfd.fileno());
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    co_return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

Coro<std::string> echo_once(int port) {
    auto [reader, writer] = co_await open_connection("127.0.0.1", port);
    writer.write("hello\n");
    std::string line = co_await reader.readline();
    writer.close();
    co_return line;
}

Coro<> echo(StreamReader reader, StreamWriter writer) {
    const std::string line = co_await reader.readline();
    writer.write(line);
    co_await writer.drain();
    writer.close();
}

/// Uses a server, a client, a timer, a thread and a file.
Coro<int> program() {
    Server server = co_await start_server(echo, "127.0.0.1", 0);
    const int port = server.sockets().at(0).port();
    const std::string line = co_await echo_once(port);
    co_await sleep(1ms);
    const int four = co_await to_thread([] { return 4; });
    const std::string text = co_await files::read_text("/proc/self/comm");
    server.close();
    co_return line == "hello\n" && four == 4 && !text.empty() ? 7 : 1;
}

TEST(ForkedChild, AChildOfARunningLoopRunsALoopOfItsOwn) {
    EXPECT_EQ(run(in_child([] { return run(program()); })), 7);
}

TEST(ForkedChild, TheParentsLoopGoesOn) {
    run([]() -> Coro<> {
        Server server = co_await start_server(echo, "127.0.0.1", 0);
        const int port = server.sockets().at(0).port();
        EventLoop& loop = get_running_loop();
        int signals = 0;
        loop.add_signal_handler(SIGUSR1, [&] { ++signals; });
        auto [reader, writer] = co_await open_connection("127.0.0.1", port);
        const Task<> timer = create_task(sleep(20ms));

        const int code = co_await in_child([] { return run(program()); });
        EXPECT_EQ(code, 7);

        ::raise(SIGUSR1);
        writer.write("still there\n");
        const std::string line = co_await reader.readline();
        EXPECT_EQ(line, "still there\n");
        co_await timer;
        EXPECT_EQ(signals, 1);
        writer.close();
        server.close();
        co_await server.wait_closed();
    });
}

TEST(ForkedChild, TheChildHasTheSignalsDispositionsFromBeforeTheLoop) {
    run([]() -> Coro<> {
        EventLoop& loop = get_running_loop();
        int signals = 0;
        loop.add_signal_handler(SIGUSR1, [&] { ++signals; });
        const int code = co_await in_child([] {
            ::raise(SIGUSR1); // ends the process if there is no handler
            return 0;
        });
        EXPECT_EQ(code, -SIGUSR1);
        EXPECT_EQ(signals, 0); // the child did not wake its parent's loop
    });
}

TEST(ForkedChild, TheChildHasNoRunningLoopAndNoTask) {
    const int code = run(in_child([] {
        try {
            static_cast<void>(get_running_loop());
            return 1;
        } catch (const RuntimeError&) {
            return current_task() ? 2 : 0;
        }
    }));
    EXPECT_EQ(code, 0);
}

TEST(ForkedChild, TheChildMayExitWithTheParentsLoopStillThere) {
    const int code = run(in_child([]() -> int {
        std::exit(run([]() -> Coro<int> {
            co_await sleep(0s);
            co_return 5;
        }));
    }));
    EXPECT_EQ(code, 5);
}

TEST(ForkedChild, AChildOfAChildRunsALoopToo) {
    const int code = run(in_child(
        [] { return run(in_child([] { return run(in_child([] { return run(program()); })); })); }));
    EXPECT_EQ(code, 7);
}

} // namespace
