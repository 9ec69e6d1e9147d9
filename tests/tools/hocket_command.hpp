#pragma once

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <gtest/gtest.h>

#include <sys/wait.h>

#include <hocket/engine/sanitizers.hpp>

#include <nlohmann/json.hpp>

#include "crawl/running_program.hpp"

namespace tool_tests {

using crawl_tests::RunningProgram;
using nlohmann::json;

struct Output {
    int code = 0;
    std::string text; ///< of stdout and stderr
};

inline Output shell(const std::string& command) {
    Output output;
    FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    std::array<char, 4096> bytes{};
    while (const std::size_t count = std::fread(bytes.data(), 1, bytes.size(), pipe)) {
        output.text.append(bytes.data(), count);
    }
    const int status = ::pclose(pipe);
    output.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return output;
}

inline Output hocket_command(const std::string& arguments) {
    return shell(std::string(HOCKET_COMMAND) + ' ' + arguments);
}

inline json hocket_json(const std::string& arguments) {
    const Output output = hocket_command(arguments);
    EXPECT_EQ(output.code, 0) << output.text;
    json parsed = json::parse(output.text, nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << output.text;
    return parsed;
}

/// A program with an observer, whose sockets are in a folder of the test's own.
class HocketCommand : public testing::Test {
protected:
    HocketCommand() {
        std::string folder = testing::TempDir() + "hocket-observed.XXXXXX";
        folder_ = ::mkdtemp(folder.data());
        ::setenv("XDG_RUNTIME_DIR", folder_.c_str(), 1);
        ::setenv("HOCKET_OBSERVE", "1", 1);
    }
    ~HocketCommand() override {
        program_.reset();
        // Its worker processes live a little longer, and remove their own sockets.
        std::error_code interrupted;
        do {
            std::filesystem::remove_all(folder_, interrupted);
        } while (interrupted == std::errc::no_such_file_or_directory);
    }

    void start(const std::string& mode, const std::string& errors = "/dev/null") {
        start_program(OBSERVED_PROGRAM " " + mode, errors);
    }
    void start_program(const std::string& command, const std::string& errors) {
        ::unsetenv("LSAN_OPTIONS");
        program_ = std::make_unique<RunningProgram>(
            std::vector<std::string>{"/bin/sh", "-c", "exec " + command + " 2>" + errors});
    }
    void start_and_wait(const std::string& mode) {
        start(mode);
        ASSERT_EQ(program_->read_line(), "ready");
    }
    [[nodiscard]] std::string pid() const { return std::to_string(program_->pid()); }
    [[nodiscard]] RunningProgram& program() { return *program_; }
    [[nodiscard]] const std::string& folder() const { return folder_; }

private:
    std::string folder_;
    std::unique_ptr<RunningProgram> program_;
};

/// The same with each start method, GetParam(): "spawn", "forkserver" or "fork".
template <class Fixture>
class ByStartMethod : public Fixture, public testing::WithParamInterface<std::string> {
protected:
    void SetUp() override {
        if (hocket::detail::thread_sanitized && GetParam() == "fork") {
            GTEST_SKIP() << "ThreadSanitizer ends a process that was forked from one with threads "
                            "as soon as it starts a thread itself";
        }
        ::setenv("METHOD", GetParam().c_str(), 1);
    }
};

} // namespace tool_tests
