#pragma once

#include <hocket/engine/intrusive_list.hpp>

namespace hocket::detail {

class ServerState;
class TaskBase;

/// The task that handles a client. The server lists it while it runs, so that a drain can wait for
/// it. Stored in the task's coroutine.
class RunningHandler final : public engine::ListLink {
public:
    explicit RunningHandler(ServerState& server) noexcept;
    ~RunningHandler();

    [[nodiscard]] TaskBase& task() const noexcept { return task_; }

private:
    ServerState& server_; // kept alive by the coroutine
    TaskBase& task_;
};

} // namespace hocket::detail
