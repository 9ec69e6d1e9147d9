// A pool whose workers break the protocol, or say nothing: the tests play the workers.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/threadsafe_queue.hpp>

#include "support/frame_peer.hpp"
#include "support/stream_pool.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using engine::FrameKind;

namespace {

int add(int a, int b) { return a + b; }

std::string message_of(const Future<int>& future) {
    try {
        future.result();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "no exception";
}

/// What a worker does; called with its end of the stream on a thread of its own.
using Script = std::function<void(FramePeer&)>;

/// Starts workers that follow the scripts, one after the other; the last one also those after it.
class Scripted {
public:
    explicit Scripted(std::vector<Script> scripts) : scripts_(std::move(scripts)) {}
    Scripted(Scripted&&) = delete;
    ~Scripted() {
        for (std::thread& thread : threads_) {
            thread.join();
        }
    }

    engine::StreamPeer start() {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
            throw std::runtime_error("socketpair");
        }
        const Script script = scripts_[std::min(started_++, scripts_.size() - 1)];
        threads_.emplace_back([script, end = ends[1]] {
            FramePeer peer(engine::FileDescriptor(end), engine::FrameSender::owner);
            script(peer);
        });
        return {engine::FileDescriptor(ends[0]), "of the test"};
    }

private:
    const std::vector<Script> scripts_;
    std::vector<std::thread> threads_;
    std::size_t started_ = 0;
};

engine::StreamOptions quick() {
    engine::StreamOptions options = detail::stream_options();
    options.hello_timeout = 20'000'000'000;
    return options;
}

/// Says hello and answers every call with `value`.
void behave(FramePeer& peer, char value) {
    peer.send_hello();
    while (auto frame = peer.receive()) {
        if (frame->kind == FrameKind::call) {
            peer.send_result(frame->call, value);
        } else if (frame->kind == FrameKind::stop) {
            return;
        }
    }
}

void answer_seven(FramePeer& peer) { behave(peer, 7); }

/// Takes the first call, and then does something wrong.
Script after_a_call(Script wrong) {
    return [wrong](FramePeer& peer) {
        peer.send_hello();
        while (auto frame = peer.receive()) {
            if (frame->kind == FrameKind::call) {
                wrong(peer);
                return;
            }
        }
    };
}

/// The error of a call that a worker with this script has got. Others must not be affected.
std::string error_after(Script wrong, engine::StreamOptions options = quick()) {
    Scripted workers({after_a_call(std::move(wrong)), answer_seven});
    StreamPool pool(1, std::move(options), [&] { return workers.start(); });
    const auto victim = pool.submit(add, 1, 1);
    const auto next = pool.submit(add, 2, 2);
    EXPECT_THROW(victim.result(), WorkerDied);
    return message_of(victim);
}

/// Why a pool gives up whose workers do this instead of saying hello.
std::string error_of_start(Script greeting, engine::StreamOptions options = quick()) {
    Scripted workers({std::move(greeting)});
    StreamPool pool(1, std::move(options), [&] { return workers.start(); });
    const auto victim = pool.submit(add, 1, 1);
    EXPECT_THROW(victim.result(), BrokenExecutor);
    return message_of(victim);
}

TEST(WrongWorkers, OfTheRightKindWork) {
    Scripted workers({answer_seven});
    StreamPool pool(1, quick(), [&] { return workers.start(); });
    EXPECT_EQ(pool.submit(add, 1, 1).result(), 7);
}

TEST(WrongWorkers, ThatSendGarbageInsteadOfAHelloBreakThePool) {
    EXPECT_THAT(error_of_start([](FramePeer& peer) {
                    peer.send_bytes("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
                    EXPECT_TRUE(peer.is_closed());
                }),
                testing::HasSubstr("worker 5 of the test sent something that is not a frame"));
}

TEST(WrongWorkers, ThatNeverSayHelloBreakThePool) {
    auto options = quick();
    options.hello_timeout = 30'000'000;
    EXPECT_THAT(error_of_start([](FramePeer& peer) { EXPECT_TRUE(peer.is_closed()); }, options),
                testing::HasSubstr("did not say hello within 0.030 seconds"));
}

TEST(WrongWorkers, OfAnotherBuildAreRefused) {
    const std::string error = error_of_start([](FramePeer& peer) {
        peer.send_hello("an older build");
        auto frame = peer.receive();
        ASSERT_TRUE(frame);
        EXPECT_EQ(frame->kind, FrameKind::hello);
        frame = peer.receive();
        ASSERT_TRUE(frame);
        EXPECT_EQ(frame->kind, FrameKind::refusal);
        EXPECT_THAT(std::string(frame->body().begin(), frame->body().end()),
                    testing::HasSubstr("the worker is another build of the program: its build id "
                                       "is an older build, this end's is " +
                                       engine::program_build()));
        EXPECT_TRUE(peer.is_closed());
    });
    EXPECT_THAT(error, testing::HasSubstr("its build id is an older build, this end's is " +
                                          engine::program_build()));
}

TEST(WrongWorkers, OfAnotherVersionOrTokenAreRefused) {
    EXPECT_THAT(error_of_start([](FramePeer& peer) {
                    peer.send(FrameKind::hello, 0, engine::Hello{2, "", ""}.encode());
                    EXPECT_TRUE(peer.is_closed());
                }),
                testing::HasSubstr("speaks version 2 of the protocol"));
    auto options = quick();
    options.hello.token = "secret";
    EXPECT_THAT(error_of_start(
                    [](FramePeer& peer) {
                        peer.send_hello();
                        EXPECT_TRUE(peer.is_closed());
                    },
                    options),
                testing::HasSubstr("has another token"));
}

TEST(WrongWorkers, ThatRefuseTellWhy) {
    EXPECT_THAT(error_of_start([](FramePeer& peer) {
                    peer.send(FrameKind::refusal, 0, "this node is being drained");
                    EXPECT_TRUE(peer.is_closed());
                }),
                testing::HasSubstr("worker 5 of the test refuses: this node is being drained"));
}

TEST(WrongWorkers, ThatSendGarbageFailTheirCalls) {
    EXPECT_THAT(error_after([](FramePeer& peer) { peer.send_bytes(std::string(100, '?')); }),
                testing::HasSubstr("worker 1 of the test sent something that is not a frame, while "
                                   "running this call"));
}

TEST(WrongWorkers, ThatAnnounceTooMuchFailTheirCallsBeforeItArrives) {
    EXPECT_THAT(
        error_after([](FramePeer& peer) {
            const auto header =
                engine::FrameHeader{FrameKind::result, 1, std::uint64_t{1} << 60}.encode();
            peer.send_bytes({header.data(), header.size()});
            EXPECT_TRUE(peer.is_closed());
        }),
        testing::HasSubstr("sent a frame of kind 8 with 1152921504606846976 bytes (allowed: "
                           "8 to 1073741824)"));
}

TEST(WrongWorkers, ThatAnswerWhatTheyWereNotAskedFailTheirCalls) {
    EXPECT_THAT(error_after([](FramePeer& peer) { peer.send_result(99, 1); }),
                testing::HasSubstr("answered call 99, which it does not run"));
    EXPECT_THAT(error_after([](FramePeer& peer) { peer.send(FrameKind::returned, 1); }),
                testing::HasSubstr("answered call 1, which it does not run"));
}

TEST(WrongWorkers, ThatSendAnAnswerThatCannotBeReadFailOneCall) {
    Scripted workers({[](FramePeer& peer) {
        peer.send_hello();
        for (int calls = 0; auto frame = peer.receive();) {
            if (frame->kind == FrameKind::call) {
                peer.send_result(frame->call,
                                 calls++ == 0 ? '\xc1' : '\x07'); // 0xc1: never msgpack
            } else if (frame->kind == FrameKind::stop) {
                return;
            }
        }
    }});
    StreamPool pool(1, quick(), [&] { return workers.start(); });
    EXPECT_ANY_THROW(pool.submit(add, 1, 1).result());
    EXPECT_EQ(pool.submit(add, 1, 1).result(), 7);
}

TEST(WrongWorkers, ThatCloseInsideAFrameFailTheirCalls) {
    EXPECT_THAT(error_after([](FramePeer& peer) {
                    peer.send_bytes(FramePeer::encode_result(1, 7).substr(0, 30));
                }),
                testing::HasSubstr("closed the connection inside a frame"));
}

TEST(WrongWorkers, ThatCloseOneDirectionAreGivenUp) {
    EXPECT_THAT(error_after([](FramePeer& peer) {
                    peer.shutdown(SHUT_WR);
                    EXPECT_TRUE(peer.is_closed());
                }),
                testing::HasSubstr("closed the connection"));
}

TEST(WrongWorkers, ThatStopReceivingAreGivenUp) {
    Scripted workers({[](FramePeer& peer) {
                          peer.send_hello();
                          while (auto frame = peer.receive()) {
                              if (frame->kind == FrameKind::call) {
                                  peer.shutdown(SHUT_RD);
                                  std::this_thread::sleep_for(10ms);
                                  peer.send_result(frame->call, 5);
                                  EXPECT_FALSE(peer.receive());
                                  return;
                              }
                          }
                      },
                      answer_seven});
    StreamPool pool(1, quick(), [&] { return workers.start(); });
    EXPECT_EQ(pool.submit(add, 1, 1).result(), 5);
    EXPECT_EQ(pool.submit(add, 1, 1).result(), 7) << "by another worker: it did not get this one";
}

TEST(WrongWorkers, ThatSayNothingAnyMoreAreGivenUp) {
    auto options = quick();
    options.silence_limit = 200'000'000;
    EXPECT_THAT(error_after([](FramePeer& peer) { EXPECT_TRUE(peer.is_closed()); }, options),
                testing::HasSubstr("has sent nothing for 0.200 seconds"));
}

TEST(WrongWorkers, AnswersMayComeByteByByte) {
    Scripted workers({[](FramePeer& peer) {
        peer.send_hello();
        while (auto frame = peer.receive()) {
            if (frame->kind == FrameKind::call) {
                for (const char byte : FramePeer::encode_result(frame->call, 7)) {
                    peer.send_bytes({&byte, 1});
                    std::this_thread::sleep_for(100us);
                }
            } else if (frame->kind == FrameKind::stop) {
                return;
            }
        }
    }});
    StreamPool pool(1, quick(), [&] { return workers.start(); });
    EXPECT_EQ(pool.submit(add, 1, 1).result(), 7);
    EXPECT_EQ(pool.submit(add, 1, 1).result(), 7);
}

/// How many calls a worker gets before it answers one; it says that each has taken `time`.
/// `results` of 300 calls are waited for.
std::size_t calls_at_a_time(std::uint64_t time, std::size_t results,
                            engine::StreamOptions options = quick()) {
    ThreadsafeQueue<int> most_at_a_time;
    Scripted workers({[&](FramePeer& peer) {
        peer.send_hello();
        std::vector<std::uint64_t> calls;
        std::size_t most = 0;
        for (;;) {
            auto frame = peer.receive(calls.empty() ? 20s : 30ms);
            if (frame && frame->kind == FrameKind::call) {
                calls.push_back(frame->call);
                most = std::max(most, calls.size());
            } else if (frame && frame->kind == FrameKind::stop) {
                break;
            } else if (!frame && calls.empty()) {
                return;
            } else if (!frame) {
                for (const std::uint64_t call : calls) {
                    peer.send_result(call, 7, time);
                }
                calls.clear();
            }
        }
        for (const std::uint64_t call : calls) {
            peer.send_result(call, 7, time);
        }
        most_at_a_time.put_nowait(static_cast<int>(most));
    }});
    {
        StreamPool pool(1, std::move(options), [&] { return workers.start(); });
        std::vector<Future<int>> futures;
        for (int i = 0; i < 300; ++i) {
            futures.push_back(pool.submit(add, i, i));
        }
        for (std::size_t i = 0; i < results; ++i) {
            futures[i].result();
        }
        pool.shutdown({.wait = false, .cancel_futures = true});
    }
    return static_cast<std::size_t>(most_at_a_time.get_blocking());
}

TEST(WrongWorkers, ShortCallsAreSentManyAtATime) { EXPECT_EQ(calls_at_a_time(1'000, 200), 64U); }

TEST(WrongWorkers, LongCallsWaitAtTheOwner) { EXPECT_EQ(calls_at_a_time(10'000'000, 6), 2U); }

TEST(WrongWorkers, LargeCallsWaitAtTheOwner) {
    auto options = quick();
    options.most_bytes_ahead = 1;
    EXPECT_EQ(calls_at_a_time(1'000, 6, options), 1U);
}

TEST(WrongWorkers, ThatReadLateHoldUpNobody) {
    ThreadsafeQueue<bool> both_submitted;
    Scripted workers({[&](FramePeer& peer) {
        peer.send_hello();
        both_submitted.get_blocking(); // reads nothing until then
        while (auto frame = peer.receive()) {
            if (frame->kind == FrameKind::call) {
                peer.send_result(frame->call, 7);
            } else if (frame->kind == FrameKind::stop) {
                return;
            }
        }
    }});
    StreamPool pool(1, quick(), [&] { return workers.start(); });
    const auto size = [](const std::string& text) { return static_cast<int>(text.size()); };
    const auto first = pool.submit(size, std::string(std::size_t{20} << 20, 'x'));
    const auto second = pool.submit(add, 1, 1);
    both_submitted.put_nowait(true);
    EXPECT_EQ(first.result(), 7);
    EXPECT_EQ(second.result(), 7);
}

} // namespace
