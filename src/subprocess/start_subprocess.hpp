#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>

#include <sys/types.h>

#include <hocket/detail/subprocess/subprocess_command.hpp>
#include <hocket/file_descriptor.hpp>

#include "engine/pipe_channel.hpp"
#include "engine/spawn.hpp"

namespace hocket::detail {

struct SubprocessRequest {
    engine::SpawnPlan plan;
    std::array<subprocess::Stdio, 3> standard; // all set
    subprocess::OnCancel on_cancel;
    std::chrono::nanoseconds grace;
    std::size_t limit;

    /// Whether the program leads a process group, so that signals can be sent to the whole group.
    [[nodiscard]] bool leads_group() const noexcept {
        return plan.new_session || plan.process_group == 0;
    }
};

/// A running program, and this process's ends of its pipes.
struct StartedSubprocess {
    pid_t pid = 0;
    FileDescriptor pidfd;
    std::array<std::optional<engine::PipeChannel>, 3> pipes;
};

/// Call this once for each request. On failure, leaves nothing behind and throws std::system_error.
[[nodiscard]] StartedSubprocess start_subprocess(SubprocessRequest& request);

} // namespace hocket::detail
