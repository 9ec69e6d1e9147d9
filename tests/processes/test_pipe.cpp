#include <chrono>
#include <csignal>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/pipe.hpp>
#include <hocket/process_lock.hpp>
#include <hocket/run.hpp>
#include <hocket/shared_array.hpp>
#include <hocket/task.hpp>

#include "support/other_process.hpp"
#include "support/signal_storm.hpp"
#include "support/turns.hpp"

using namespace hocket;
using namespace other_process;
using namespace std::chrono_literals;

namespace {

struct Order {
    int number = 0;
    std::optional<std::string> note;
    SharedArray<double> prices;
    PipeEnd<int> answer;
    MSGPACK_DEFINE(number, note, prices, answer)
};

TEST(Pipe, CarriesValuesBothWays) {
    const auto [a, b] = Pipe<std::string>();
    a.send("there");
    a.send("");
    b.send("and back");
    EXPECT_EQ(b.recv(), "there");
    EXPECT_EQ(b.recv(), "");
    EXPECT_EQ(a.recv(), "and back");
}

TEST(Pipe, ReachesAnotherProcess) {
    OtherProcess other([](Channel& channel) {
        const auto end = channel.receive<PipeEnd<std::vector<int>>>();
        for (;;) {
            std::vector<int> numbers = end.recv();
            if (numbers.empty()) {
                break;
            }
            end.send({std::accumulate(numbers.begin(), numbers.end(), 0)});
        }
    });
    auto [ours, theirs] = Pipe<std::vector<int>>();
    other.send(theirs);
    theirs.close();
    ours.send({1, 2, 3});
    EXPECT_EQ(ours.recv(), std::vector<int>{6});
    ours.send({});
    EXPECT_EQ(other.join(), 0);
    EXPECT_THROW(ours.recv(), EOFError);
}

TEST(Pipe, CarriesWhatIsSharedInsideOfValues) {
    OtherProcess other([](Channel& channel) {
        const auto orders = channel.receive<PipeEnd<Order>>();
        const Order order = orders.recv();
        order.prices[1] = 99.5;
        order.answer.send(order.number + 1);
    });
    const auto [ours, theirs] = Pipe<Order>();
    other.send(theirs);
    const auto [answers, answer] = Pipe<int>(false);
    const SharedArray<double> prices(3);
    ours.send({41, "urgent", prices, answer});
    EXPECT_EQ(answers.recv(), 42);
    EXPECT_EQ(prices[1], 99.5);
}

TEST(Pipe, CarriesValuesOfAnySize) {
    const auto [a, b] = Pipe<std::string>();
    for (const std::size_t size :
         {0U, 1U, 16'380U, 16'381U, 16'382U, 16'384U, 16'385U, 5'000'000U}) {
        std::string value(size, 'x');
        for (std::size_t i = 0; i < size; i += 997) {
            value[i] = static_cast<char>('a' + i % 26);
        }
        a.send(value);
        EXPECT_EQ(b.recv(), value) << size;
    }
}

TEST(Pipe, WithOneWayHasAnEndForEach) {
    const auto [reader, writer] = Pipe<int>(false);
    writer.send(5);
    EXPECT_EQ(reader.recv(), 5);
    EXPECT_THROW(reader.send(1), RuntimeError);
    EXPECT_THROW(writer.recv(), RuntimeError);
    EXPECT_THROW(static_cast<void>(writer.poll()), RuntimeError);
    EXPECT_THROW(cross(writer).recv(), RuntimeError);
}

TEST(Pipe, EndsWhenAllCopiesOfTheOtherEndAreClosed) {
    auto [a, b] = Pipe<int>();
    auto copy = cross(b);
    b.send(1);
    b.close();
    copy.send(2);
    EXPECT_EQ(a.recv(), 1);
    EXPECT_FALSE(a.poll() && a.recv() != 2);
    copy.close();
    EXPECT_TRUE(a.poll());
    EXPECT_THROW(a.recv(), EOFError);
    EXPECT_THROW(a.recv(), EOFError);
    try {
        a.send(1);
        FAIL();
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::broken_pipe);
    }
}

TEST(Pipe, DeliversWhatWasSentBeforeTheOtherEndClosedOverUnreadValues) {
    auto [a, b] = Pipe<int>();
    a.send(7); // never read
    b.send(1);
    b.send(2);
    b.close();
    EXPECT_EQ(a.recv(), 1);
    EXPECT_EQ(a.recv(), 2);
    EXPECT_THROW(a.recv(), EOFError);
}

TEST(Pipe, ThatIsClosedSaysSo) {
    auto [a, b] = Pipe<int>();
    const auto copy = a;
    a.close();
    a.close();
    EXPECT_TRUE(copy.closed());
    EXPECT_THROW(copy.send(1), InvalidStateError);
    EXPECT_THROW(copy.recv(), InvalidStateError);
    EXPECT_THROW(static_cast<void>(PipeEnd<int>().fileno()), InvalidStateError);
}

TEST(Pipe, PollsForTheGivenTime) {
    const auto [a, b] = Pipe<int>();
    EXPECT_FALSE(a.poll());
    EXPECT_FALSE(a.poll(1ms));
    b.send(1);
    EXPECT_TRUE(a.poll());
    EXPECT_TRUE(a.poll(1h));
    EXPECT_EQ(a.recv(), 1);
}

TEST(Pipe, DeliversOnlyWholeValuesWhenItsSenderIsKilled) {
    for (int round = 0; round < 15; ++round) {
        auto [ours, theirs] = Pipe<std::vector<std::uint32_t>>();
        OtherProcess other([&, end = theirs, mine = ours](Channel& channel) mutable {
            mine.close();
            channel.send(true);
            for (std::uint32_t i = 0;; ++i) {
                end.send(std::vector<std::uint32_t>(i % 2 == 0 ? 2'000'000 : 3, i));
            }
        });
        theirs.close();
        EXPECT_TRUE(other.receive<bool>());
        for (int i = 0; i < round % 4; ++i) {
            ours.recv();
        }
        other.kill();
        try {
            for (;;) {
                const auto values = ours.recv();
                ASSERT_EQ(values.size(), values.front() % 2 == 0 ? 2'000'000U : 3U);
                ASSERT_EQ(values.front(), values.back());
            }
        } catch (const EOFError&) {
            SUCCEED();
        }
    }
}

TEST(Pipe, SendWaitsUntilThereIsRoom) {
    constexpr int count = 5000;
    auto [ours, theirs] = Pipe<int>();
    OtherProcess other([&, end = theirs](Channel&) {
        SignalStorm storm;
        for (int i = 0; i < count; ++i) {
            end.send(i);
        }
    });
    for (int i = 0; i < count; ++i) {
        ASSERT_EQ(ours.recv(), i);
    }
    EXPECT_EQ(other.join(), 0);
}

TEST(Pipe, IsReceivedFromByTasks) {
    const std::size_t before = open_descriptors();
    run([]() -> Coro<> {
        const auto [a, b] = Pipe<std::string>();
        auto first = create_task(a.recv_async());
        auto cancelled = create_task(a.recv_async());
        co_await turns(3);
        EXPECT_FALSE(first.done());
        cancelled.cancel();
        co_await turns(2);
        b.send("one");
        b.send("two");
        EXPECT_EQ(co_await first, "one");
        EXPECT_TRUE(cancelled.cancelled());
        EXPECT_EQ(co_await a.recv_async(), "two");
    });
    EXPECT_EQ(open_descriptors(), before);
}

TEST(Pipe, TellsATaskOfTheEnd) {
    run([]() -> Coro<> {
        auto [a, b] = Pipe<int>();
        auto waiting = create_task(a.recv_async());
        co_await turns(3);
        b.close();
        bool ended = false;
        try {
            co_await waiting;
        } catch (const EOFError&) {
            ended = true;
        }
        EXPECT_TRUE(ended);
    });
}

TEST(Pipe, ATaskThatSendsWaitsForRoom) {
    run([]() -> Coro<> {
        constexpr int count = 2000;
        const auto [a, b] = Pipe<int>();
        const auto sender = a; // not every compiler can capture structured bindings
        auto sending = create_task([sender]() -> Coro<> {
            for (int i = 0; i < count; ++i) {
                co_await sender.send_async(i);
            }
        });
        co_await turns(3);
        EXPECT_FALSE(sending.done()) << "there is no room for all";
        for (int i = 0; i < count; ++i) {
            EXPECT_EQ(co_await b.recv_async(), i);
        }
        co_await sending;
    });
}

TEST(Pipe, RefusesMoreDescriptorsThanCanComeAlong) {
    const auto [a, b] = Pipe<std::vector<SharedArray<int>>>();
    const std::vector<SharedArray<int>> most(253, SharedArray<int>(1));
    a.send(most);
    EXPECT_EQ(b.recv().size(), 253U);
    EXPECT_THROW(a.send(std::vector<SharedArray<int>>(254, SharedArray<int>(1))), ValueError);
}

TEST(Pipe, LeavesNoDescriptorBehind) {
    const std::size_t before = open_descriptors();
    {
        const auto [a, b] = Pipe<std::vector<ProcessLock>>();
        a.send({ProcessLock(), ProcessLock()});
        a.send({ProcessLock()});
        EXPECT_EQ(b.recv().size(), 2U);
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(Pipe, WithoutDescriptorsLeftSaysSo) {
    const auto [a, b] = Pipe<SharedArray<int>>();
    a.send(SharedArray<int>(1));
    const NoMoreDescriptors none;
    EXPECT_THROW(Pipe<int>(), std::system_error);
    EXPECT_THROW(b.recv(), std::system_error);
}

} // namespace
