#include <algorithm>
#include <csignal>
#include <memory>
#include <optional>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/event.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/subprocess_protocol.hpp>

#include "support/open_descriptors.hpp"
#include "support/turns.hpp"

namespace hocket {
namespace {

using subprocess::DEVNULL;
using subprocess::INHERIT;

/// Records the callbacks under their names in Python.
struct Notes : SubprocessProtocol {
    Log log;
    std::string received;
    SubprocessTransport* transport = nullptr;
    Event over;

    void connection_made(SubprocessTransport& made) override {
        transport = &made;
        log.emplace_back("connection_made");
    }
    void pipe_data_received(int fd, std::string_view data) override {
        log.push_back(std::to_string(fd) + ": " + std::string(data.substr(0, 20)));
        received += data;
    }
    void pipe_connection_lost(int fd, std::exception_ptr error) override {
        log.push_back("pipe " + std::to_string(fd) + (error ? " broke" : " closed"));
    }
    void process_exited() override { log.emplace_back("process_exited"); }
    void connection_lost(std::exception_ptr error) override {
        log.emplace_back(error ? "connection broke" : "connection_lost");
        over.set();
    }
    void pause_writing() override { log.emplace_back("pause_writing"); }
    void resume_writing() override { log.emplace_back("resume_writing"); }

    [[nodiscard]] bool was_told(const char* what) const {
        return std::find(log.begin(), log.end(), what) != log.end();
    }
};

std::shared_ptr<Notes> make_notes() { return std::make_shared<Notes>(); }

class SubprocessProtocols : public ::testing::Test {
protected:
    void SetUp() override { descriptors_ = open_descriptors(); }
    void TearDown() override {
        EXPECT_TRUE(has_no_children());
        EXPECT_EQ(open_descriptors(), descriptors_);
    }

private:
    std::size_t descriptors_ = 0;
};

// As in python3.13, all three are pipes unless the call says otherwise.
TEST_F(SubprocessProtocols, ReceiveEverythingAndTheEndLast) {
    run([]() -> Coro<> {
        auto [transport, protocol] = co_await get_running_loop().subprocess_exec(
            make_notes, "sh", "-c", "cat; echo error >&2; exit 3");
        EXPECT_GT(transport->get_pid(), 0);
        EXPECT_EQ(transport->get_returncode(), std::nullopt);
        EXPECT_EQ(protocol->transport, transport.get());
        transport->get_pipe_transport(0)->write("hello");
        transport->get_pipe_transport(0)->write_eof();
        co_await protocol->over.wait();
        EXPECT_EQ(protocol->log.front(), "connection_made");
        EXPECT_EQ(protocol->log.back(), "connection_lost");
        for (const char* what : {"1: hello", "2: error\n", "pipe 0 closed", "pipe 1 closed",
                                 "pipe 2 closed", "process_exited"}) {
            EXPECT_TRUE(protocol->was_told(what)) << what;
        }
        EXPECT_EQ(protocol->log.size(), 8U);
        EXPECT_EQ(transport->get_returncode(), 3);
        EXPECT_THROW(transport->kill(), std::system_error);
    });
}

TEST_F(SubprocessProtocols, GetEverythingThatWasWrittenBeforeTheEnd) {
    run([]() -> Coro<> {
        auto [transport, protocol] = co_await get_running_loop().subprocess_shell(
            make_notes, "head -c 1000000 /dev/zero", {.stdin = DEVNULL, .stderr = INHERIT});
        EXPECT_EQ(transport->get_pipe_transport(0), nullptr);
        EXPECT_EQ(transport->get_pipe_transport(2), nullptr);
        EXPECT_EQ(transport->get_pipe_transport(7), nullptr);
        co_await protocol->over.wait();
        EXPECT_EQ(protocol->received.size(), 1'000'000U);
    });
}

TEST_F(SubprocessProtocols, PauseWriting) {
    run([]() -> Coro<> {
        auto [transport, protocol] = co_await get_running_loop().subprocess_exec(make_notes, "cat");
        transport->get_pipe_transport(1)->pause_reading();
        transport->get_pipe_transport(0)->write(std::string(1'000'000, 'x'));
        EXPECT_EQ(protocol->log.back(), "pause_writing");
        transport->get_pipe_transport(1)->resume_reading();
        transport->get_pipe_transport(0)->write_eof();
        co_await protocol->over.wait();
        EXPECT_TRUE(protocol->was_told("resume_writing"));
        EXPECT_EQ(protocol->received.size(), 1'000'000U);
    });
}

TEST_F(SubprocessProtocols, ClosingKills) {
    run([]() -> Coro<> {
        auto [transport, protocol] = co_await get_running_loop().subprocess_exec(make_notes, "cat");
        EXPECT_FALSE(transport->is_closing());
        transport->close();
        EXPECT_TRUE(transport->is_closing());
        co_await protocol->over.wait();
        EXPECT_EQ(transport->get_returncode(), -SIGKILL);
    });
}

TEST_F(SubprocessProtocols, SignalsReachTheProgram) {
    run([]() -> Coro<> {
        auto [transport, protocol] =
            co_await get_running_loop().subprocess_exec(make_notes, "sleep", "1000");
        transport->terminate();
        co_await protocol->over.wait();
        EXPECT_EQ(transport->get_returncode(), -SIGTERM);
    });
}

TEST_F(SubprocessProtocols, AProgramThatDoesNotReadBreaksItsPipe) {
    run([]() -> Coro<> {
        auto [transport, protocol] =
            co_await get_running_loop().subprocess_exec(make_notes, "sh", "-c", "exec <&-; read x");
        transport->get_pipe_transport(0)->write(std::string(1'000'000, 'x'));
        co_await protocol->over.wait();
        EXPECT_TRUE(protocol->was_told("pipe 0 broke"));
    });
}

TEST_F(SubprocessProtocols, AGrandchildMayKeepAPipeOpenAfterTheExit) {
    run([]() -> Coro<> {
        auto [transport, protocol] =
            co_await get_running_loop().subprocess_shell(make_notes, "sleep 1000 & echo $!");
        while (!protocol->was_told("process_exited") || protocol->received.empty()) {
            co_await turns(1);
        }
        EXPECT_FALSE(protocol->was_told("connection_lost"));
        EXPECT_EQ(transport->get_returncode(), 0);
        ::kill(std::stoi(protocol->received), SIGKILL);
        co_await protocol->over.wait();
    });
}

TEST_F(SubprocessProtocols, ALoopThatClosesAfterTheExitKeepsNothing) {
    std::weak_ptr<Notes> watched;
    int grandchild = 0;
    run([&]() -> Coro<> {
        auto [transport, protocol] =
            co_await get_running_loop().subprocess_shell(make_notes, "sleep 1000 & echo $!");
        watched = protocol;
        while (!protocol->was_told("process_exited") || protocol->received.empty()) {
            co_await turns(1);
        }
        grandchild = std::stoi(protocol->received);
    });
    EXPECT_TRUE(watched.expired());
    ::kill(grandchild, SIGKILL);
}

TEST_F(SubprocessProtocols, TheLoopKeepsThemAndEndsThemWithItself) {
    std::weak_ptr<Notes> watched;
    run([&]() -> Coro<> {
        {
            auto made = co_await get_running_loop().subprocess_exec(make_notes, "cat");
            watched = made.second;
        }
        co_await turns(3);
        EXPECT_FALSE(watched.expired());
        EXPECT_FALSE(watched.lock()->was_told("process_exited"));
    });
    EXPECT_TRUE(watched.expired());
}

TEST_F(SubprocessProtocols, AnExceptionInACallbackIsReportedAndTheRestGoesOn) {
    run([]() -> Coro<> {
        struct Thrower : Notes {
            void process_exited() override { throw std::runtime_error("no"); }
        };
        std::string message;
        get_running_loop().set_exception_handler(
            [&](EventLoop&, const ExceptionContext& context) { message = context.message; });
        auto [transport, protocol] = co_await get_running_loop().subprocess_exec(
            [] { return std::make_unique<Thrower>(); }, "true");
        co_await protocol->over.wait();
        EXPECT_EQ(message, "exception in a protocol's process_exited");
        get_running_loop().set_exception_handler({});
    });
}

TEST_F(SubprocessProtocols, AProgramThatDoesNotStartLeavesNothing) {
    run([]() -> Coro<> {
        std::string what;
        try {
            static_cast<void>(
                co_await get_running_loop().subprocess_exec(make_notes, "no-such-program"));
        } catch (const std::system_error& error) {
            what = error.what();
        }
        EXPECT_EQ(what, "start no-such-program: No such file or directory");
    });
}

} // namespace
} // namespace hocket
