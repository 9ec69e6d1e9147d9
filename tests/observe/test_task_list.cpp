#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/hocket.hpp>

#include "loop/event_loop_state.hpp"
#include "observe/task_list.hpp"

using namespace hocket;
using namespace std::chrono_literals;
using observer::TaskList;

namespace {

Coro<> nap() { co_await sleep(1h); }

std::shared_ptr<TaskList> request_list(EventLoop& loop) {
    auto list = std::make_shared<TaskList>(loop.state());
    list->request();
    return list;
}

/// Runs a loop with `tasks` sleeping tasks on another thread.
class LoopWithTasks {
public:
    explicit LoopWithTasks(int tasks) {
        thread_ = std::thread([this, tasks] {
            run([this, tasks]() -> Coro<> {
                loop_ = &get_running_loop();
                std::vector<Task<>> naps;
                for (int i = 0; i < tasks; ++i) {
                    naps.push_back(create_task(nap()));
                }
                co_await sleep(0s);
                is_ready_ = true;
                while (!ends_) {
                    co_await sleep(1ms);
                }
            });
        });
        while (!is_ready_) {
            std::this_thread::yield();
        }
    }
    ~LoopWithTasks() {
        ends_ = true;
        thread_.join();
    }
    [[nodiscard]] EventLoop& loop() noexcept { return *loop_; }

private:
    EventLoop* loop_ = nullptr;
    std::atomic<bool> is_ready_{false};
    std::atomic<bool> ends_{false};
    std::thread thread_;
};

TEST(TaskList, ListsEveryTaskOnceInTheOrderOfTheirCreation) {
    LoopWithTasks running(50'000);
    const auto tasks = request_list(running.loop())->wait(60s);
    ASSERT_TRUE(tasks);
    ASSERT_EQ(tasks->list.size(), 50'001U);
    for (std::size_t i = 1; i < tasks->list.size(); ++i) {
        ASSERT_LT(tasks->list[i - 1].id, tasks->list[i].id);
    }
    EXPECT_STREQ(tasks->list.back().reason.what, "sleep");
}

TEST(TaskList, AListThatCameTooLateDoesNotDisturbTheNext) {
    LoopWithTasks running(20'000);
    std::atomic<bool> goes_on{false};
    running.loop().call_soon_threadsafe([&goes_on] {
        while (!goes_on) {
            std::this_thread::yield();
        }
    });
    const auto late = request_list(running.loop());
    EXPECT_FALSE(late->wait(10ms));
    const auto next = request_list(running.loop());
    goes_on = true;
    const auto tasks = next->wait(60s);
    ASSERT_TRUE(tasks);
    EXPECT_EQ(tasks->list.size(), 20'001U);
    EXPECT_FALSE(late->wait(0ms));
}

TEST(TaskList, TasksMayEndWhileTheyAreListed) {
    run([]() -> Coro<> {
        std::vector<Task<>> naps;
        for (int i = 0; i < 30'000; ++i) {
            naps.push_back(create_task(nap()));
        }
        co_await sleep(0s);
        const auto list = request_list(get_running_loop());
        // Cancels from the front, where the list is made.
        for (Task<>& task : naps) {
            task.cancel();
            if (&task - naps.data() > 0 && (&task - naps.data()) % 500 == 0) {
                co_await sleep(0s);
            }
        }
        co_await sleep(1ms);
        const auto tasks = list->wait(0ms);
        EXPECT_TRUE(tasks);
        EXPECT_GE(tasks ? tasks->list.size() : 0, 1U);
        EXPECT_LE(tasks ? tasks->list.size() : 0, 30'001U);
    });
}

TEST(TaskList, ALoopThatIsClosedAbandonsIt) {
    std::shared_ptr<TaskList> list;
    {
        EventLoop loop;
        list = request_list(loop);
    }
    EXPECT_FALSE(list->wait(10s)); // at once
}

} // namespace
