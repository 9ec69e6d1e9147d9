#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include <hocket/engine/ready_queue.hpp>

#include "observe/inspected_loop.hpp"
#include "observe/task_records.hpp"

namespace hocket::observer {

/// The list of a loop's tasks, made by the loop in turns of at most half a millisecond each.
class TaskList final : public engine::Runnable, public std::enable_shared_from_this<TaskList> {
public:
    explicit TaskList(InspectedLoop& loop);

    /// Asks the loop for its tasks. Must be called by for_each_loop's callback.
    void request();
    /// Waits for the list and returns it; nullptr if it is not complete after `timeout`, because
    /// the loop is blocked or does not run. The loop then makes no list any more, which would
    /// disturb a later one. The caller destroys the list: that would keep the loop for
    /// milliseconds.
    [[nodiscard]] std::unique_ptr<TaskRecords> wait(std::chrono::milliseconds timeout);

    void run() noexcept override;
    void discard() noexcept override;

private:
    enum class State { requested, complete, abandoned };
    void end(State how) noexcept;
    [[nodiscard]] bool is_abandoned() noexcept;

    InspectedLoop& loop_;
    std::shared_ptr<TaskList> self_; // while the loop has this
    std::unique_ptr<TaskRecords> tasks_;
    bool has_begun_ = false;
    std::mutex mutex_;
    std::condition_variable changed_;
    State state_ = State::requested;
};

} // namespace hocket::observer
