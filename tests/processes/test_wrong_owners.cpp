// A worker process behind a stream whose owner breaks the protocol, or ends: the tests play the
// owner.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/detail/processes/calls/remote_function.hpp>

#include "engine/process_exit.hpp"
#include "processes/start/start_stream_worker.hpp"

#include "support/frame_peer.hpp"
#include "support/temporary_folder.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using engine::FrameKind;

namespace {

int add(int a, int b) { return a + b; }

void run_for_ever(const std::string& sign) {
    std::ofstream{sign};
    for (;;) {
        ::pause();
    }
}

/// A worker process, and this end of its stream.
class Worker {
public:
    explicit Worker(const std::string& token = {}) : Worker(detail::start_stream_worker(token)) {}

    FramePeer owner;

    template <class F, class... Args>
    void call(std::uint64_t number, const F& function, const Args&... args) {
        detail::GatherBuffer body;
        detail::Descriptors none;
        const auto where = detail::pack_call<std::decay_t<F>>(body, none, function, args...);
        const auto prefix = engine::CallPrefix::encode(where);
        std::string bytes(prefix.data(), prefix.size());
        for (const auto& range : body.ranges()) {
            bytes.append(range.data(), range.size());
        }
        owner.send(FrameKind::call, number, bytes);
    }
    /// Its exit status, once it has ended.
    int status() {
        siginfo_t exit{};
        ::waitid(engine::by_pidfd, static_cast<id_t>(pidfd_.fileno()), &exit, WEXITED);
        return exit.si_code == CLD_EXITED ? exit.si_status : -exit.si_status;
    }

private:
    explicit Worker(engine::StreamPeer peer)
        : owner(std::move(peer.socket), engine::FrameSender::worker),
          pidfd_(std::move(peer.pidfd)) {}

    engine::FileDescriptor pidfd_;
};

/// The next frame must be of this kind.
engine::Frame expect(Worker& worker, FrameKind kind) {
    auto frame = worker.owner.receive();
    EXPECT_TRUE(frame) << "no frame";
    if (!frame) {
        return {};
    }
    EXPECT_EQ(frame->kind, kind) << std::string(frame->body().begin(), frame->body().end());
    return *std::move(frame);
}

TEST(WrongOwners, OfTheRightKindAreServed) {
    Worker worker("secret");
    worker.owner.send_hello(engine::program_build(), "secret");
    worker.call(1, add, 20, 22);
    worker.owner.send(FrameKind::ping);
    worker.owner.send(FrameKind::stop);
    const auto hello = expect(worker, FrameKind::hello);
    EXPECT_EQ(engine::Hello::decode(hello.body())->build, engine::program_build());
    std::optional<engine::Frame> result;
    bool is_answered = false;
    while (auto frame = worker.owner.receive()) {
        is_answered |= frame->kind == FrameKind::pong;
        if (frame->kind == FrameKind::result) {
            result = std::move(frame);
        }
    }
    ASSERT_TRUE(result);
    EXPECT_EQ(result->call, 1U);
    EXPECT_EQ(result->body().back(), 42);
    EXPECT_TRUE(is_answered);
    EXPECT_EQ(worker.status(), 0);
}

TEST(WrongOwners, ThatEndAfterAStopEndTheCallThatRuns) {
    const TemporaryFolder folder;
    const std::string sign = folder.path() / "sign";
    Worker worker;
    worker.owner.send_hello(engine::program_build());
    worker.call(1, run_for_ever, sign);
    while (!std::filesystem::exists(sign)) {
        std::this_thread::sleep_for(1ms);
    }
    worker.owner.send(FrameKind::stop); // after the call
    worker.owner.shutdown(SHUT_RDWR);   // nobody waits for it
    EXPECT_EQ(worker.status(), EXIT_FAILURE);
}

TEST(WrongOwners, OfAnotherBuildAreRefusedWithTheReason) {
    Worker worker;
    worker.owner.send_hello("of yesterday");
    expect(worker, FrameKind::hello);
    const auto refusal = expect(worker, FrameKind::refusal);
    EXPECT_EQ(std::string(refusal.body().begin(), refusal.body().end()),
              "the owner is another build of the program: its build id is of yesterday, this "
              "end's is " +
                  engine::program_build() + " (was the program rebuilt?)");
    EXPECT_TRUE(worker.owner.is_closed());
    EXPECT_EQ(worker.status(), 1);
}

TEST(WrongOwners, WithAnotherTokenAreRefused) {
    Worker worker("secret");
    worker.owner.send_hello(engine::program_build(), "guess");
    expect(worker, FrameKind::hello);
    expect(worker, FrameKind::refusal);
    EXPECT_EQ(worker.status(), 1);
}

TEST(WrongOwners, ThatCallBeforeTheirHelloAreRefused) {
    Worker worker;
    worker.call(1, add, 1, 2);
    expect(worker, FrameKind::hello);
    const auto refusal = expect(worker, FrameKind::refusal);
    EXPECT_EQ(std::string(refusal.body().begin(), refusal.body().end()),
              "the owner did not say hello first");
    EXPECT_EQ(worker.status(), 1);
}

TEST(WrongOwners, ThatSendGarbageEndTheWorker) {
    Worker worker;
    worker.owner.send_hello();
    worker.owner.send_bytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(worker.owner.is_closed());
    EXPECT_EQ(worker.status(), 1);
}

TEST(WrongOwners, ThatEndInsideAFrameEndTheWorker) {
    Worker worker;
    worker.owner.send_hello();
    worker.owner.send_bytes(
        FramePeer::encode(FrameKind::call, 1, std::string(100, 'x')).substr(0, 50));
    worker.owner.close();
    EXPECT_EQ(worker.status(), 1);
}

TEST(WrongOwners, ThatEndWhileACallRunsEndTheWorker) {
    const TemporaryFolder folder;
    const std::string sign = folder.path() / "sign";
    Worker worker;
    worker.owner.send_hello();
    worker.call(1, run_for_ever, sign);
    while (!std::filesystem::exists(sign)) {
        std::this_thread::sleep_for(1ms);
    }
    worker.owner.shutdown(SHUT_WR); // one direction is enough
    EXPECT_EQ(worker.status(), 1);
}

TEST(WrongOwners, ACallWithoutContentIsAnsweredWithAnError) {
    Worker worker;
    worker.owner.send_hello();
    expect(worker, FrameKind::hello);
    const auto prefix = engine::CallPrefix::encode(detail::locate_function(&add));
    // The function is not a thunk, but it is not called: the arguments cannot be unpacked.
    worker.owner.send(FrameKind::call, 1, {prefix.data(), prefix.size()});
    EXPECT_EQ(expect(worker, FrameKind::error).call, 1U);
    worker.call(2, add, 1, 2);
    EXPECT_EQ(expect(worker, FrameKind::result).body().back(), 3);
}

TEST(WrongOwners, CallsOfUnknownModulesAreAnsweredWithAnError) {
    Worker worker;
    worker.owner.send_hello();
    expect(worker, FrameKind::hello);
    const auto prefix = engine::CallPrefix::encode({77, 0x1000});
    worker.owner.send(FrameKind::call, 1, {prefix.data(), prefix.size()});
    expect(worker, FrameKind::error);
}

TEST(WrongOwners, ACancelledCallEndsTheWorkerOnlyIfItRuns) {
    const TemporaryFolder folder;
    const std::string sign = folder.path() / "sign";
    Worker worker;
    worker.owner.send_hello();
    expect(worker, FrameKind::hello);
    worker.call(1, add, 1, 2);
    expect(worker, FrameKind::result);
    worker.owner.send(FrameKind::cancel, 1); // done
    worker.call(2, run_for_ever, sign);
    worker.call(3, add, 1, 2);
    worker.call(4, add, 1, 2);
    worker.owner.send(FrameKind::cancel, 3); // waits
    EXPECT_EQ(expect(worker, FrameKind::returned).call, 3U);
    worker.owner.send(FrameKind::give_back, 4); // waits
    EXPECT_EQ(expect(worker, FrameKind::returned).call, 4U);
    worker.owner.send(FrameKind::cancel, 4); // unknown by now
    while (!std::filesystem::exists(sign)) {
        std::this_thread::sleep_for(1ms);
    }
    worker.owner.send(FrameKind::give_back, 2); // runs
    worker.owner.send(FrameKind::ping);
    expect(worker, FrameKind::pong);
    worker.owner.send(FrameKind::cancel, 2); // runs
    EXPECT_TRUE(worker.owner.is_closed());
    EXPECT_EQ(worker.status(), 1);
}

} // namespace
