#pragma once

#include <cstddef>
#include <deque>
#include <memory_resource>
#include <vector>

#include "observe/inspected_loop.hpp"

namespace hocket::observer {

/// Records of a loop's tasks, in memory that whoever asks for them touches beforehand. The first
/// use of a page can take a third of a millisecond on a virtual machine, which the loop must not
/// wait for.
struct TaskRecords {
    /// More than `expected` records have room, but in memory that nobody has touched.
    explicit TaskRecords(std::size_t expected)
        : touched(expected * (sizeof(TaskRecord) + sizeof(TaskRecord) / 4) + 4096),
          memory(touched.data(), touched.size()),
          list(&memory) {}

    std::vector<std::byte> touched;
    std::pmr::monotonic_buffer_resource memory;
    std::pmr::deque<TaskRecord> list;
};

} // namespace hocket::observer
