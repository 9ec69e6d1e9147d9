#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "hocket_command.hpp"

namespace {

using namespace tool_tests;
using testing::HasSubstr;

/// A port of 127.0.0.1 that nothing listens on.
std::string free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
    ::close(fd);
    return std::to_string(ntohs(address.sin_port));
}

TEST_F(HocketCommand, MetricsAreValidOpenMetrics) {
    start_and_wait("deadlock");
    const std::string check =
        "/usr/bin/python3 -c 'import sys; from prometheus_client.openmetrics.parser import "
        "text_string_to_metric_families as parse; families = {f.name: f for f in "
        "parse(sys.stdin.read())}; print(int(families[\"hocket_loop_tasks\"].samples[0].value), "
        "families[\"hocket_loop_lag_seconds\"].type)'";
    const Output output = shell(HOCKET_COMMAND " metrics " + pid() + " | " + check);
    EXPECT_EQ(output.code, 0) << output.text;
    EXPECT_EQ(output.text, "3 histogram\n");
}

TEST_F(HocketCommand, MetricsAreServedOnThePortThatTheProgramChooses) {
    const std::string port = free_port();
    ::setenv("PORT", port.c_str(), 1);
    ::unsetenv("HOCKET_OBSERVE");
    start_and_wait("metrics");
    const std::string address = "http://127.0.0.1:" + port;
    const Output metrics = shell("curl -sS -i " + address + "/metrics");
    EXPECT_THAT(metrics.text, HasSubstr("HTTP/1.1 200 OK"));
    EXPECT_THAT(metrics.text, HasSubstr("application/openmetrics-text; version=1.0.0"));
    EXPECT_THAT(metrics.text, HasSubstr("hocket_loop_tasks{loop=\"0\",name=\"main loop\"} 1"));
    EXPECT_THAT(metrics.text, testing::EndsWith("# EOF\n"));
    EXPECT_THAT(shell("curl -sS -i " + address + "/other").text, HasSubstr("404 Not Found"));
}

/// The inode of the socket that listens on a port.
std::string listening_inode(const std::string& port) {
    std::stringstream hexadecimal;
    hexadecimal << ':' << std::uppercase << std::hex << std::setw(4) << std::setfill('0')
                << std::stoi(port) << ' ';
    std::ifstream table("/proc/net/tcp");
    for (std::string line; std::getline(table, line);) {
        std::istringstream fields(line);
        std::vector<std::string> field{std::istream_iterator<std::string>(fields), {}};
        if (field.size() > 9 && field[3] == "0A" && (field[1] + ' ').ends_with(hexadecimal.str())) {
            return field[9];
        }
    }
    return "";
}

/// Whether any thread has it: they need not share their descriptors.
bool has_open(const std::string& process, const std::string& socket_inode) {
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + process + "/task")) {
        for (const auto& entry : std::filesystem::directory_iterator(task.path() / "fd")) {
            std::error_code closed;
            if (std::filesystem::read_symlink(entry.path(), closed) ==
                "socket:[" + socket_inode + ']') {
                return true;
            }
        }
    }
    return false;
}

using HocketCommandByStartMethod = ByStartMethod<HocketCommand>;

TEST_P(HocketCommandByStartMethod, AWorkerIsObservedLikeItsOwnerButHasNoMetricsPort) {
    const std::string port = free_port();
    ::setenv("PORT", port.c_str(), 1);
    ::unsetenv("HOCKET_OBSERVE");
    start("worker");
    const std::string worker = program().read_line();
    ASSERT_EQ(program().read_line(), "ready");
    const json programs = hocket_json("ps --json");
    const auto row = std::find_if(programs.begin(), programs.end(), [&](const json& program) {
        return program["pid"] == std::stoi(worker);
    });
    ASSERT_NE(row, programs.end()) << programs;
    EXPECT_EQ((*row)["observed"], true);
    EXPECT_EQ((*row)["loops"], 0);
    const std::string stacks = hocket_command("stacks " + worker).text;
    EXPECT_THAT(stacks, testing::StartsWith("worker process\n"));
    EXPECT_THAT(stacks, HasSubstr("nanosleep"));
    const json stack = hocket_json("stacks --json " + worker);
    ASSERT_EQ(stack.size(), 1U) << stack;
    EXPECT_EQ(stack[0]["loop"], nullptr);
    const std::string listener = listening_inode(port);
    EXPECT_TRUE(has_open(pid(), listener));
    EXPECT_FALSE(has_open(worker, listener));
}

INSTANTIATE_TEST_SUITE_P(StartMethods, HocketCommandByStartMethod,
                         testing::Values("spawn", "forkserver", "fork"),
                         [](const auto& info) { return info.param; });

} // namespace
