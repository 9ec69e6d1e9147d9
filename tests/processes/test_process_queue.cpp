#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <hocket/pipe.hpp>
#include <hocket/process_queue.hpp>
#include <hocket/run.hpp>
#include <hocket/shared_array.hpp>
#include <hocket/shared_value.hpp>
#include <hocket/task.hpp>

#include "support/other_process.hpp"
#include "support/signal_storm.hpp"
#include "support/turns.hpp"

using namespace hocket;
using namespace other_process;
using namespace std::chrono_literals;

namespace {

TEST(ProcessQueue, IsFirstInFirstOut) {
    const ProcessQueue<std::string> queue;
    for (const char* item : {"a", "", "ccc"}) {
        queue.put(item);
    }
    EXPECT_EQ(queue.qsize(), 3U);
    EXPECT_EQ(queue.get(), "a");
    EXPECT_EQ(queue.get(), "");
    EXPECT_EQ(queue.get(), "ccc");
    EXPECT_TRUE(queue.empty());
}

TEST(ProcessQueue, HasRoomForMaxsizeItems) {
    const ProcessQueue<int> queue(2);
    EXPECT_EQ(queue.maxsize(), 2U);
    queue.put(1);
    EXPECT_FALSE(queue.full());
    queue.put_nowait(2);
    EXPECT_TRUE(queue.full());
    EXPECT_THROW(queue.put_nowait(3), QueueFull);
    EXPECT_THROW(queue.put(3, 1ms), QueueFull);
    EXPECT_EQ(queue.get_nowait(), 1);
    queue.put(3, 1h);
    EXPECT_EQ(queue.get(1h), 2);
    EXPECT_EQ(queue.get(), 3);
    EXPECT_THROW(queue.get_nowait(), QueueEmpty);
    EXPECT_THROW(queue.get(1ms), QueueEmpty);
    EXPECT_FALSE(ProcessQueue<int>().full());
}

TEST(ProcessQueue, WithoutALimitTakesAllAndNeverWaits) {
    constexpr int count = 20'000;
    const ProcessQueue<int> queue;
    for (int i = 0; i < count; ++i) {
        queue.put(i);
    }
    EXPECT_EQ(queue.qsize(), static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        ASSERT_EQ(queue.get(), i);
    }
}

TEST(ProcessQueue, CarriesItemsOfAnySize) {
    const ProcessQueue<std::vector<std::uint64_t>> queue;
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{3'000'000}}) {
        std::vector<std::uint64_t> item(size);
        std::iota(item.begin(), item.end(), size);
        queue.put(item);
        EXPECT_EQ(queue.get(), item);
    }
}

TEST(ProcessQueue, ReleasesMemoryWhenItIsEmptied) {
    const ProcessQueue<std::string> queue;
    auto message = detail::pack_message(queue);
    const std::string item(100'000, 'x');
    for (int i = 0; i < 200; ++i) {
        queue.put(item);
        queue.put(item);
        queue.get();
        queue.get();
    }
    struct stat status {};
    ASSERT_EQ(::fstat(message.descriptors.front().fileno(), &status), 0);
    EXPECT_GT(status.st_size, 40'000'000);
    EXPECT_LT(status.st_blocks * 512, 4'000'000);
}

TEST(ProcessQueue, CarriesWhatIsSharedInsideOfItems) {
    OtherProcess other([](Channel& channel) {
        const auto jobs =
            channel.receive<ProcessQueue<std::pair<SharedArray<int>, PipeEnd<int>>>>();
        for (int i = 0; i < 3; ++i) {
            const auto [array, answer] = jobs.get();
            array[0] = 10 + i;
            answer.send(i);
        }
    });
    const ProcessQueue<std::pair<SharedArray<int>, PipeEnd<int>>> jobs;
    other.send(jobs);
    const auto [answers, answer] = Pipe<int>();
    std::vector<SharedArray<int>> arrays;
    for (int i = 0; i < 3; ++i) {
        arrays.emplace_back(1);
        jobs.put({arrays.back(), answer});
    }
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(answers.recv(), i);
        EXPECT_EQ(arrays[static_cast<std::size_t>(i)][0], 10 + i);
    }
    EXPECT_EQ(other.join(), 0);
}

TEST(ProcessQueue, WaitsWhenTheSystemCarriesNoMoreDescriptors) {
    constexpr int count = 1500;
    const ProcessQueue<SharedValue<int>> queue;
    OtherProcess other([&](Channel&) {
        for (int i = 0; i < count; ++i) {
            queue.put(SharedValue<int>(i));
        }
    });
    int first = 0;
    for (int i = 0; i < count; ++i) {
        const int item = queue.get().load();
        ASSERT_EQ(item, first + i);
    }
    EXPECT_EQ(other.join(), 0);
    bool is_full = false;
    for (int i = 0; i < count && !is_full; ++i) {
        try {
            queue.put_nowait(SharedValue<int>(i));
        } catch (const QueueFull&) {
            is_full = true;
        }
    }
    EXPECT_TRUE(is_full);
    EXPECT_EQ(queue.get().load(), 0);
}

TEST(ProcessQueue, ThatIsClosedIsSoInThisProcessOnly) {
    ProcessQueue<int> queue;
    const auto copy = queue;
    const auto elsewhere = cross(queue);
    queue.put(1);
    queue.close();
    EXPECT_THROW(copy.put(2), ValueError);
    EXPECT_THROW(copy.get(), ValueError);
    EXPECT_EQ(elsewhere.get(), 1);
}

TEST(ProcessQueue, WithFourProducersAndFourConsumersLosesAndDoublesNothing) {
    constexpr std::uint32_t producers = 4;
    constexpr std::uint32_t consumers = 4;
    constexpr std::uint32_t each = 3000;
    constexpr std::uint32_t end = 0xFFFFFFFF;
    const ProcessQueue<std::uint32_t> items(64);
    const ProcessQueue<std::vector<std::uint32_t>> results;
    std::vector<OtherProcess> others;
    for (std::uint32_t producer = 0; producer < producers; ++producer) {
        others.emplace_back([&](Channel&) {
            SignalStorm storm;
            for (std::uint32_t i = 0; i < each; ++i) {
                items.put(producer * each + i);
            }
        });
    }
    for (std::uint32_t consumer = 0; consumer < consumers; ++consumer) {
        others.emplace_back([&](Channel&) {
            SignalStorm storm;
            std::vector<std::uint32_t> got;
            for (;;) {
                const std::uint32_t item = items.get();
                if (item == end) {
                    break;
                }
                got.push_back(item);
            }
            results.put(got);
        });
    }
    for (std::uint32_t i = 0; i < producers; ++i) {
        EXPECT_EQ(others[i].join(), 0);
    }
    for (std::uint32_t i = 0; i < consumers; ++i) {
        items.put(end);
    }
    std::vector<std::uint32_t> all;
    for (std::uint32_t i = 0; i < consumers; ++i) {
        const auto got = results.get();
        for (std::uint32_t producer = 0; producer < producers; ++producer) {
            std::vector<std::uint32_t> of_one;
            std::copy_if(got.begin(), got.end(), std::back_inserter(of_one),
                         [&](std::uint32_t item) { return item / each == producer; });
            EXPECT_TRUE(std::is_sorted(of_one.begin(), of_one.end()));
        }
        all.insert(all.end(), got.begin(), got.end());
    }
    std::sort(all.begin(), all.end());
    std::vector<std::uint32_t> expected(producers * each);
    std::iota(expected.begin(), expected.end(), 0U);
    EXPECT_EQ(all, expected);
    for (std::uint32_t i = producers; i < producers + consumers; ++i) {
        EXPECT_EQ(others[i].join(), 0);
    }
}

/// An item that can be checked for completeness. Every third one has descriptors.
struct Item {
    std::uint32_t number = 0;
    std::vector<std::uint32_t> body;
    std::vector<SharedValue<std::uint32_t>> shared;
    MSGPACK_DEFINE(number, body, shared)

    static Item make(std::uint32_t number) {
        Item item{number, std::vector<std::uint32_t>(number % 7 == 0 ? 20'000 : 5, number), {}};
        if (number % 3 == 0) {
            item.shared.emplace_back(number);
        }
        return item;
    }
    [[nodiscard]] bool is_whole() const {
        return body.size() == (number % 7 == 0 ? 20'000U : 5U) && body.front() == number &&
               body.back() == number && shared.size() == (number % 3 == 0 ? 1U : 0U) &&
               (shared.empty() || shared.front().load() == number);
    }
};

TEST(ProcessQueue, WorksOnHoweverManyAreKilled) {
    const ProcessQueue<Item> queue(20);
    const SharedValue<std::int64_t> taken(0);
    const SharedValue<int> torn(0);
    const auto produce = [&](Channel&) {
        for (std::uint32_t i = 0;; ++i) {
            queue.put(Item::make(i));
        }
    };
    const auto consume = [&](Channel&) {
        for (;;) {
            if (!queue.get().is_whole()) {
                torn.store(1);
            }
            taken.fetch_add(1);
        }
    };
    std::vector<OtherProcess> producers;
    std::vector<OtherProcess> consumers;
    for (int i = 0; i < 2; ++i) {
        producers.emplace_back(produce);
        consumers.emplace_back(consume);
    }
    for (std::size_t round = 0; round < 60; ++round) {
        const std::int64_t before = taken.load();
        while (taken.load() < before + 30) {
            std::this_thread::yield();
        }
        OtherProcess& producer = producers[round % producers.size()];
        producer.kill();
        producer = OtherProcess(produce);
        OtherProcess& consumer = consumers[round % consumers.size()];
        consumer.kill();
        consumer = OtherProcess(consume);
    }
    EXPECT_EQ(torn.load(), 0);
    producers.clear();
    consumers.clear();
    // All processes have ended. The count is right, so the queue can be emptied and filled to the
    // limit.
    std::size_t left = queue.qsize();
    EXPECT_LE(left, queue.maxsize());
    for (; left > 0; --left) {
        EXPECT_TRUE(queue.get_nowait().is_whole());
    }
    EXPECT_THROW(queue.get_nowait(), QueueEmpty);
    for (std::uint32_t i = 0; i < queue.maxsize(); ++i) {
        queue.put_nowait(Item::make(i));
    }
    EXPECT_THROW(queue.put_nowait(Item::make(0)), QueueFull);
    for (std::uint32_t i = 0; i < queue.maxsize(); ++i) {
        EXPECT_EQ(queue.get_nowait().number, i);
    }
}

TEST(ProcessQueue, WakesAConsumerAfterAnotherWasKilledInItsWait) {
    const ProcessQueue<int> queue;
    const ProcessQueue<int> results;
    const auto consume = [&](Channel& channel) {
        channel.send(true);
        results.put(queue.get());
    };
    OtherProcess first(consume);
    OtherProcess second(consume);
    EXPECT_TRUE(first.receive<bool>());
    EXPECT_TRUE(second.receive<bool>());
    first.kill();
    queue.put(7);
    EXPECT_EQ(results.get(), 7);
    EXPECT_EQ(second.join(), 0);
}

TEST(ProcessQueue, KeepsTheItemsOfAProcessThatHasEnded) {
    const ProcessQueue<int> queue;
    OtherProcess other([&](Channel&) {
        for (int i = 0; i < 100; ++i) {
            queue.put(i);
        }
        ::kill(::getpid(), SIGKILL);
    });
    EXPECT_EQ(other.join(), -SIGKILL);
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(queue.get_nowait(), i);
    }
}

TEST(ProcessQueue, IsAwaitedByTasks) {
    const std::size_t before = open_descriptors();
    run([]() -> Coro<> {
        const ProcessQueue<std::string> queue(1);
        auto first = create_task(queue.get_async());
        auto cancelled = create_task(queue.get_async());
        auto second = create_task(queue.get_async());
        co_await turns(3);
        cancelled.cancel();
        co_await turns(2);
        co_await queue.put_async("one");
        co_await queue.put_async("two");
        std::vector<std::string> got;
        got.push_back(co_await first);
        got.push_back(co_await second);
        std::sort(got.begin(), got.end());
        EXPECT_EQ(got, (std::vector<std::string>{"one", "two"}));
        EXPECT_TRUE(cancelled.cancelled());

        co_await queue.put_async("three");
        auto waiting = create_task(queue.put_async("four"));
        auto given_up = create_task(queue.put_async("never"));
        co_await turns(3);
        EXPECT_FALSE(waiting.done());
        given_up.cancel();
        co_await turns(2);
        EXPECT_EQ(co_await queue.get_async(), "three");
        co_await waiting;
        EXPECT_EQ(co_await queue.get_async(), "four");
        EXPECT_TRUE(queue.empty());
    });
    EXPECT_EQ(open_descriptors(), before);
}

TEST(ProcessQueue, FeedsATaskFromAnotherProcess) {
    const ProcessQueue<int> queue(3);
    OtherProcess other([&](Channel&) {
        for (int i = 0; i < 500; ++i) {
            queue.put(i);
        }
    });
    run([&]() -> Coro<> {
        for (int i = 0; i < 500; ++i) {
            EXPECT_EQ(co_await queue.get_async(), i);
        }
    });
    EXPECT_EQ(other.join(), 0);
}

TEST(ProcessQueue, WithoutDescriptorsLeftKeepsTheItem) {
    const ProcessQueue<SharedValue<int>> queue;
    queue.put(SharedValue<int>(5));
    {
        const NoMoreDescriptors none;
        EXPECT_THROW(queue.get(), std::system_error);
        EXPECT_THROW(ProcessQueue<int>(), std::system_error);
        EXPECT_EQ(queue.qsize(), 1U);
    }
    EXPECT_EQ(queue.get().load(), 5);
    EXPECT_TRUE(queue.empty());
}

TEST(ProcessQueue, LeavesNoDescriptorBehind) {
    const std::size_t before = open_descriptors();
    {
        const ProcessQueue<SharedValue<int>> queue;
        for (int i = 0; i < 10; ++i) {
            queue.put(SharedValue<int>(i));
        }
        const auto elsewhere = cross(queue);
        EXPECT_EQ(elsewhere.get().load(), 0);
        EXPECT_EQ(detail::pack_message(queue).descriptors.size(), 5U);
    }
    EXPECT_EQ(open_descriptors(), before);
}

} // namespace
