#pragma once

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <unistd.h>

#include "cluster/cluster_executor.hpp"
#include "support/temporary_folder.hpp"

/// Waits until `condition` is true; throws an exception if it is not within a minute.
template <class Condition> void wait_until(Condition condition, const std::string& what) {
    for (int i = 0; i < 12'000; ++i) {
        if (condition()) {
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    throw std::runtime_error(what + " has not happened within a minute");
}

inline std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Finds the processes of a test's executors: those that were started on this machine, and the
/// workers on the nodes, wherever they were started.
class ClusterProcesses {
public:
    ClusterProcesses() { ::setenv("HOCKET_TEST_MARK", mark_.c_str(), 1); }
    ~ClusterProcesses() { ::unsetenv("HOCKET_TEST_MARK"); }
    ClusterProcesses(const ClusterProcesses&) = delete;
    ClusterProcesses& operator=(const ClusterProcesses&) = delete;

    /// A file of this test only. If an executor sends it to the nodes, they run the program from a
    /// folder of this test only.
    [[nodiscard]] std::string file() const {
        std::ofstream(folder_.path() / mark_) << mark_;
        return folder_.path() / mark_;
    }
    /// Other processes than this one, as "pid command".
    [[nodiscard]] std::vector<std::string> running() const {
        std::vector<std::string> found;
        const std::string store = program_folder();
        for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
            const std::string pid = entry.path().filename();
            if (pid.find_first_not_of("0123456789") != std::string::npos ||
                pid == std::to_string(::getpid())) {
                continue;
            }
            std::error_code error;
            const std::string program =
                std::filesystem::read_symlink(entry.path() / "exe", error).parent_path();
            const bool has_mark =
                content_of(entry.path() / "environ").find(mark_) != std::string::npos;
            if (has_mark || (!store.empty() && program == store)) {
                std::string command = content_of(entry.path() / "cmdline");
                std::ranges::replace(command, '\0', ' ');
                found.push_back(pid + " " + command.substr(0, 100));
            }
        }
        return found;
    }
    /// Waits until there are none; returns those that are left after that time.
    [[nodiscard]] std::vector<std::string> left_after(std::chrono::milliseconds time) const {
        const auto end = std::chrono::steady_clock::now() + time;
        while (std::chrono::steady_clock::now() < end && !running().empty()) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return running();
    }
    /// Where the nodes have put the program with `file`; empty if they have not.
    [[nodiscard]] std::string program_folder() const {
        const auto programs =
            std::filesystem::temp_directory_path() / ("hocket-" + std::to_string(::getuid()));
        std::error_code error;
        for (const auto& entry : std::filesystem::directory_iterator(programs, error)) {
            if (std::filesystem::exists(entry.path() / mark_, error)) {
                return entry.path();
            }
        }
        return {};
    }

private:
    const std::string mark_ =
        "hocket-test-" + std::to_string(::getpid()) + "-" + std::to_string(::rand());
    const TemporaryFolder folder_;
};

/// The Python processes of the executor that this process has: the bridge, and its guard if there
/// is one, which is the bridge's parent.
inline std::vector<pid_t> find_bridges() {
    std::vector<pid_t> bridges;
    pid_t parent = ::getpid();
    for (bool found = true; found;) {
        found = false;
        for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
            const std::string pid = entry.path().filename();
            const std::string of_parent = "PPid:\t" + std::to_string(parent) + "\n";
            if (pid.find_first_not_of("0123456789") == std::string::npos &&
                content_of(entry.path() / "cmdline").find("hocket bridge") != std::string::npos &&
                content_of(entry.path() / "status").find(of_parent) != std::string::npos) {
                parent = std::stoi(pid);
                bridges.push_back(parent);
                found = true;
                break;
            }
        }
    }
    return bridges;
}

/// For two calls that must run at the same time: each says that it runs, and waits for the other.
/// Returns the process. Both must see the same folder.
inline int meet(const std::string& folder, int calls) {
    std::ofstream(folder + "/" + std::to_string(::getpid()));
    const auto count = [&] {
        return std::distance(std::filesystem::directory_iterator(folder), {});
    };
    while (count() < calls) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return ::getpid();
}
