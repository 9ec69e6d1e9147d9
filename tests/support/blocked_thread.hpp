#pragma once

#include <fstream>
#include <string>
#include <thread>

#include <hocket/thread.hpp>

/// Waits until `thread`, whose function is about to block, has blocked: until the kernel reports it
/// as sleeping three times in a row.
inline void wait_until_blocked(const hocket::Thread& thread) {
    const std::string path =
        "/proc/self/task/" + std::to_string(thread.native_id().value()) + "/stat";
    for (int times = 0; times < 3;) {
        std::string stat;
        std::getline(std::ifstream(path), stat);
        const std::size_t name_end = stat.rfind(") ");
        const bool asleep = name_end != std::string::npos && stat[name_end + 2] == 'S';
        times = asleep ? times + 1 : 0;
        std::this_thread::yield();
    }
}
