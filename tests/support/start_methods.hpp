#pragma once

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/engine/sanitizers.hpp>
#include <hocket/process.hpp>
#include <hocket/start_method.hpp>

using hocket::detail::sanitized;
using hocket::detail::thread_sanitized;

inline const char* name_of(hocket::StartMethod method) {
    switch (method) {
    case hocket::StartMethod::spawn: return "spawn";
    case hocket::StartMethod::forkserver: return "forkserver";
    case hocket::StartMethod::fork: break;
    }
    return "fork";
}

inline constexpr const char* no_fork_with_sanitizers =
    "a sanitizer's own locks (of AddressSanitizer's allocator, for one) are not free in a process "
    "that was forked from one with threads";

/// A test that is run with each start method, GetParam().
class EachStartMethod : public testing::TestWithParam<hocket::StartMethod> {
protected:
    void SetUp() override {
        if (sanitized && GetParam() == hocket::StartMethod::fork) {
            GTEST_SKIP() << no_fork_with_sanitizers;
        }
    }
};

/// The same for tests in which no other thread is busy during the fork.
class EachStartMethodInOneThread : public EachStartMethod {
protected:
    void SetUp() override {
        if (thread_sanitized) {
            EachStartMethod::SetUp();
        }
    }
};

#define INSTANTIATE_FOR_EACH_START_METHOD(suite)                                                   \
    INSTANTIATE_TEST_SUITE_P(Started, suite,                                                       \
                             testing::Values(hocket::StartMethod::spawn,                           \
                                             hocket::StartMethod::forkserver,                      \
                                             hocket::StartMethod::fork),                           \
                             [](const auto& info) { return name_of(info.param); })

/// A process as shown by /proc.
struct SeenProcess {
    pid_t pid = 0;
    std::string name;
    char state = 0; // Z: ended but not reaped
    pid_t parent = 0;
};

/// The current state of process `pid`; `state` is 0 if there is no such process.
inline SeenProcess look_at(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    SeenProcess seen;
    seen.pid = pid;
    const auto name = text.find('(');
    const auto name_end = text.rfind(')');
    if (name_end != std::string::npos) {
        seen.name = text.substr(name + 1, name_end - name - 1);
        std::istringstream(text.substr(name_end + 1)) >> seen.state >> seen.parent;
    }
    return seen;
}

/// Whether it has ended. It may still be a zombie.
inline bool is_gone(pid_t pid) {
    const char state = look_at(pid).state;
    return state == 0 || state == 'Z';
}

inline bool runs_this_program(pid_t pid) {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", error) ==
           std::filesystem::read_symlink("/proc/self/exe");
}

/// The children of a process, including zombies.
inline std::vector<SeenProcess> children_of(pid_t parent) {
    std::vector<SeenProcess> children;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename();
        if (const auto seen = look_at(std::atoi(name.c_str()));
            seen.state != 0 && seen.parent == parent) {
            children.push_back(seen);
        }
    }
    return children;
}

/// Ends the fork server, so that the next worker is the child of a new one.
inline void end_fork_server() {
    for (const auto& child : children_of(::getpid())) {
        if (child.name == "forkserver") {
            ::kill(child.pid, SIGKILL);
            while (!is_gone(child.pid)) {
            }
        }
    }
}

/// Whether this process has no children, not even zombies, except a fork server without children.
inline bool no_worker_is_left() {
    const auto children = children_of(::getpid());
    return children.empty() || (children.size() == 1 && children[0].name == "forkserver" &&
                                children[0].state != 'Z' && children_of(children[0].pid).empty());
}
