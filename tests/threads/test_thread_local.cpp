#include <hocket/thread_local.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <hocket/future.hpp>
#include <hocket/thread.hpp>

namespace {

using namespace hocket;

std::atomic<int> alive{0};

struct Counted {
    Counted() { ++alive; }
    ~Counted() { --alive; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    int value = 0;
};

TEST(ThreadLocal, HasAValueForEachThread) {
    ThreadLocal<int> local;
    local.get() = 1;
    int other = -1;
    Thread thread([&] {
        other = *local;
        *local = 2;
    });
    thread.start();
    thread.join();
    EXPECT_EQ(other, 0);
    EXPECT_EQ(local.get(), 1);
}

TEST(ThreadLocal, MakesItsValueWhenItIsFirstAskedFor) {
    int made = 0;
    ThreadLocal<std::string> local([&] { return "made " + std::to_string(++made); });
    EXPECT_FALSE(local.has_value());
    EXPECT_EQ(made, 0);
    EXPECT_EQ(*local, "made 1");
    EXPECT_EQ(local->size(), 6u);
    EXPECT_TRUE(local.has_value());
    EXPECT_EQ(made, 1);
}

TEST(ThreadLocal, TriesAgainAfterItsFactoryThrew) {
    int calls = 0;
    ThreadLocal<int> local([&] {
        if (++calls == 1) {
            throw std::runtime_error("no");
        }
        return 5;
    });
    EXPECT_THROW(static_cast<void>(local.get()), std::runtime_error);
    EXPECT_FALSE(local.has_value());
    EXPECT_EQ(local.get(), 5);
}

TEST(ThreadLocal, DestroysAThreadsValueAsTheThreadEnds) {
    ThreadLocal<Counted> local;
    Thread thread([&] {
        local->value = 1;
        EXPECT_EQ(alive, 1);
    });
    thread.start();
    thread.join();
    EXPECT_EQ(alive, 0);
}

TEST(ThreadLocal, DestroysAllThreadsValuesAsItGoes) {
    std::optional<ThreadLocal<Counted>> local(std::in_place);
    Promise<> made;
    Promise<> end;
    const Future<> may_end = end.get_future();
    Thread thread([&] {
        local->get().value = 1;
        made.set_result();
        may_end.result();
    });
    thread.start();
    made.get_future().result();
    local->get().value = 2;
    EXPECT_EQ(alive, 2);
    local.reset();
    EXPECT_EQ(alive, 0);
    end.set_result();
    thread.join();
    EXPECT_EQ(alive, 0);
}

TEST(ThreadLocal, DoesNotInheritTheValueOfADestroyedOne) {
    for (int i = 0; i < 10; ++i) {
        ThreadLocal<int> first;
        ThreadLocal<std::string> second;
        EXPECT_FALSE(first.has_value());
        EXPECT_FALSE(second.has_value());
        *first = i;
        *second = "text";
        EXPECT_EQ(*first, i);
        EXPECT_EQ(*second, "text");
    }
}

TEST(ThreadLocal, MayBeAskedForAsAnotherValueOfTheThreadIsDestroyed) {
    ThreadLocal<std::shared_ptr<int>> first;
    auto counter = std::make_shared<int>(0);
    struct AsksOnItsEnd {
        ~AsksOnItsEnd() {
            if (other != nullptr) {
                *other->get() += 1;
            }
        }
        ThreadLocal<std::shared_ptr<int>>* other = nullptr;
    };
    ThreadLocal<AsksOnItsEnd> second;
    Thread thread([&] {
        *first = counter;
        second->other = &first;
    });
    thread.start();
    thread.join();
    EXPECT_EQ(*counter, 1);
    EXPECT_EQ(counter.use_count(), 1);
}

TEST(ThreadLocal, IsUsedByManyThreadsThatComeAndGo) {
    {
        ThreadLocal<Counted> local;
        std::vector<Thread> threads;
        for (int i = 0; i < 16; ++i) {
            threads.emplace_back([&] {
                for (int j = 0; j < 1000; ++j) {
                    ++local->value;
                }
                EXPECT_EQ(local->value, 1000);
            });
            threads.back().start();
        }
        for (Thread& thread : threads) {
            thread.join();
        }
        EXPECT_EQ(alive, 0);
    }
}

} // namespace
