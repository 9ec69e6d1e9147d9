#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <hocket/event_loop.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/wait.hpp>
#include <hocket/wait_signal.hpp>

#include "support/turns.hpp"

namespace hocket {
namespace {

using namespace std::chrono_literals;

bool has_default_effect(int signal) {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    return action.sa_handler == SIG_DFL;
}

Task<int> start_wait(int signal) { return create_task(wait_signal(signal)); }

TEST(Signals, AHandlerMayBeACoroutineFunction) {
    run([]() -> Coro<> {
        Log log;
        get_running_loop().add_signal_handler(SIGUSR1, [&log]() -> Coro<> {
            log.push_back(current_task().name());
            co_await sleep(0s);
            log.emplace_back("done");
        });
        ::raise(SIGUSR1);
        while (log.size() < 2) {
            co_await sleep(0s);
        }
        EXPECT_EQ(log, (Log{"handler of SIGUSR1", "done"}));
        ::raise(SIGUSR1); // each signal starts a handler
        while (log.size() < 4) {
            co_await sleep(0s);
        }
    });
    EXPECT_TRUE(has_default_effect(SIGUSR1));
}

TEST(Signals, ATaskOfAHandlerOutlivesIt) {
    run([]() -> Coro<> {
        bool is_done = false;
        auto text = std::make_shared<std::string>("kept");
        get_running_loop().add_signal_handler(SIGUSR1, [&is_done, text]() -> Coro<> {
            get_running_loop().remove_signal_handler(SIGUSR1);
            co_await sleep(1ms);
            EXPECT_EQ(*text, "kept");
            is_done = true;
        });
        text.reset();
        ::raise(SIGUSR1);
        while (!is_done) {
            co_await sleep(0s);
        }
    });
}

TEST(Signals, AnExceptionOfAHandlersTaskIsReported) {
    run([]() -> Coro<> {
        std::string reported;
        get_running_loop().set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
            try {
                std::rethrow_exception(context.exception);
            } catch (const std::exception& error) {
                reported = error.what();
            }
        });
        get_running_loop().add_signal_handler(SIGUSR1, []() -> Coro<> {
            throw std::runtime_error("no");
            co_return;
        });
        ::raise(SIGUSR1);
        while (reported.empty()) {
            co_await sleep(0s);
        }
        EXPECT_EQ(reported, "no");
        get_running_loop().set_exception_handler({});
    });
}

TEST(WaitSignal, YieldsTheSignalThatCame) {
    run([]() -> Coro<> {
        Task<int> waiting = create_task(wait_signal(SIGUSR1, SIGUSR2));
        co_await turns(1);
        EXPECT_FALSE(waiting.done());
        ::raise(SIGUSR2);
        EXPECT_EQ(co_await waiting, SIGUSR2);
        EXPECT_TRUE(has_default_effect(SIGUSR1));
        EXPECT_TRUE(has_default_effect(SIGUSR2));
    });
}

TEST(WaitSignal, TellsEveryTaskThatWaits) {
    run([]() -> Coro<> {
        Task<int> first = start_wait(SIGUSR1);
        Task<int> second = start_wait(SIGUSR1);
        co_await turns(1);
        ::raise(SIGUSR1);
        EXPECT_EQ(co_await first, SIGUSR1);
        EXPECT_EQ(co_await second, SIGUSR1);
        EXPECT_TRUE(has_default_effect(SIGUSR1));
    });
}

TEST(WaitSignal, TakesPrecedenceOverAHandlerAndLeavesItInPlace) {
    run([]() -> Coro<> {
        int handled = 0;
        get_running_loop().add_signal_handler(SIGUSR1, [&] { ++handled; });
        Task<int> waiting = start_wait(SIGUSR1);
        co_await turns(1);
        ::raise(SIGUSR1);
        EXPECT_EQ(co_await waiting, SIGUSR1);
        EXPECT_EQ(handled, 0);
        ::raise(SIGUSR1);
        while (handled == 0) {
            co_await sleep(0s);
        }
    });
}

TEST(WaitSignal, UnderRunCtrlCCanBeAwaited) {
    bool went_on = false;
    run([&]() -> Coro<> {
        Task<int> waiting = start_wait(SIGINT);
        co_await turns(1);
        ::raise(SIGINT);
        EXPECT_EQ(co_await waiting, SIGINT);
        co_await turns(2); // nothing has cancelled this task
        went_on = true;
    });
    EXPECT_TRUE(went_on);
}

TEST(WaitSignal, RemovingAHandlerDoesNotTakeTheSignalFromAWaiter) {
    run([]() -> Coro<> {
        get_running_loop().add_signal_handler(SIGUSR1, [] {});
        Task<int> waiting = start_wait(SIGUSR1);
        co_await turns(1);
        EXPECT_TRUE(get_running_loop().remove_signal_handler(SIGUSR1));
        EXPECT_FALSE(get_running_loop().remove_signal_handler(SIGUSR1));
        ::raise(SIGUSR1);
        EXPECT_EQ(co_await waiting, SIGUSR1);
    });
}

TEST(WaitSignal, CancellingRestoresTheSignal) {
    run([]() -> Coro<> {
        Task<int> waiting = start_wait(SIGUSR1);
        co_await turns(1);
        EXPECT_FALSE(has_default_effect(SIGUSR1));
        waiting.cancel();
        co_await turns(1);
        EXPECT_TRUE(waiting.cancelled());
        EXPECT_TRUE(has_default_effect(SIGUSR1));
    });
}

TEST(WaitSignal, ASignalThatCameWithACancellationIsNotLost) {
    run([]() -> Coro<> {
        // Both signals arrive in one turn and are handled in the order of their numbers: the
        // canceller runs first.
        Task<int> waiting = start_wait(SIGUSR2);
        const auto cancel = [](Task<int> other) -> Coro<> {
            co_await wait_signal(SIGUSR1);
            other.cancel();
        };
        Task<> canceller = create_task(cancel, waiting);
        int handled = 0;
        get_running_loop().add_signal_handler(SIGUSR2, [&] { ++handled; });
        co_await turns(1);
        ::raise(SIGUSR2);
        ::raise(SIGUSR1);
        co_await canceller;
        co_await turns(2);
        EXPECT_TRUE(waiting.cancelled());
        EXPECT_EQ(handled, 1);
    });
    EXPECT_TRUE(has_default_effect(SIGUSR2));
}

TEST(WaitSignal, SaysWhatCannotBeAwaited) {
    EventLoop other;
    other.add_signal_handler(SIGUSR2, [] {});
    run([]() -> Coro<> {
        for (const int signal : {SIGKILL, 0, 1000, SIGUSR2}) {
            Task<int> waiting = create_task(wait_signal(SIGUSR1, signal));
            co_await turns(2);
            EXPECT_NE(waiting.exception(), nullptr) << signal;
            EXPECT_TRUE(has_default_effect(SIGUSR1)) << "the first signal is restored";
        }
    });
}

TEST(WaitSignal, ALoopThatIsClosedGivesTheSignalBack) {
    EventLoop loop;
    Task<int> waiting = loop.create_task(wait_signal(SIGUSR1));
    loop.call_soon([&] { loop.stop(); });
    loop.run_forever();
    EXPECT_FALSE(has_default_effect(SIGUSR1));
    loop.set_exception_handler([](EventLoop&, const ExceptionContext&) {}); // destroyed pending
    loop.close();
    EXPECT_TRUE(has_default_effect(SIGUSR1));
}

} // namespace
} // namespace hocket
