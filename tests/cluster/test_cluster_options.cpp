// What is wrong with the options of an executor on a cluster, and interpreters that cannot join
// one. Needs no cluster.

#include <chrono>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <system_error>
#include <thread>

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/dask_executor.hpp>
#include <hocket/errors.hpp>
#include <hocket/ray_executor.hpp>

#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }

/// A program that stands for an interpreter.
std::string make_interpreter(const TemporaryFolder& folder, const std::string& commands) {
    const std::string path = folder.path() / "python";
    std::ofstream(path) << "#!/bin/sh\n" << commands << "\n";
    ::chmod(path.c_str(), 0700);
    return path;
}

TEST(ClusterOptions, AnInterpreterThatDoesNotExistIsRefusedAtOnce) {
    const auto start = [] { RayExecutor ray({.python = "/no/such/python"}); };
    EXPECT_THROW(start(), std::system_error);
    EXPECT_THAT(message_of(start), testing::HasSubstr("'/no/such/python' (the option .python)"));
    EXPECT_THROW(DaskExecutor({.python = "no-such-python"}), std::system_error);
}

TEST(ClusterOptions, ThatMakeNoSenseAreRefused) {
    EXPECT_THROW(RayExecutor({.python = ""}), ValueError);
    EXPECT_THROW(RayExecutor({.connect_timeout = 0s}), ValueError);
    EXPECT_THROW(RayExecutor({.resources = {{"GPU", -1}}}), ValueError);
    EXPECT_THROW(RayExecutor({.resources = {{"", 1}}}), ValueError);
    EXPECT_THROW(RayExecutor({.resources = {{"x", std::numeric_limits<double>::infinity()}}}),
                 ValueError);
    EXPECT_THROW(RayExecutor({.host = "not-numeric"}), ValueError);
    EXPECT_THROW(RayExecutor({.host = "10.0.0.1:port"}), ValueError);
    EXPECT_THROW(RayExecutor({.files = {"/no/such/library.so"}}), std::system_error);
    EXPECT_THROW(DaskExecutor({.host = "10.0.0.1:99999"}), ValueError);
    EXPECT_THROW(DaskExecutor({.address = "tls://127.0.0.1:1", .tls_cert = "a.pem"}), ValueError);
    const DaskOptions tls{.tls_ca_file = "/no/a", .tls_cert = "/no/b", .tls_key = "/no/c"};
    EXPECT_THROW(DaskExecutor{tls}, ValueError) << "without an address";
    DaskOptions unreadable = tls;
    unreadable.address = "tls://127.0.0.1:1";
    EXPECT_THROW(DaskExecutor{unreadable}, std::system_error);
}

TEST(ClusterOptions, AnInterpreterWithoutTheEngineBreaksTheExecutor) {
    // "-S" hides whatever is installed.
    const TemporaryFolder folder;
    const std::string python = make_interpreter(folder, "exec python3 -S -E \"$@\"");
    RayExecutor ray({.address = "127.0.0.1:1", .python = python});
    const auto call = ray.submit(add, 1, 2);
    const std::string why = message_of([&] { call.result(); });
    EXPECT_THAT(why, testing::HasSubstr("the Ray cluster at 127.0.0.1:1 cannot be used"));
    EXPECT_THAT(why, testing::HasSubstr("cannot import ray"));
    EXPECT_THAT(why, testing::HasSubstr("-m pip install"));
    EXPECT_THROW(ray.submit(add, 1, 2), BrokenExecutor);
    EXPECT_THROW(ray.nodes().result(), BrokenExecutor);
}

TEST(ClusterOptions, AnInterpreterThatEndsSaysWhy) {
    const TemporaryFolder folder;
    const std::string python = make_interpreter(folder, "echo 'out of order' >&2; exit 3");
    DaskExecutor dask({.address = "tcp://127.0.0.1:1", .python = python});
    EXPECT_THAT(message_of([&] { dask.submit(add, 1, 2).result(); }),
                testing::HasSubstr("ended with exit code 3; its last output: out of order"));
}

TEST(ClusterOptions, AnInterpreterThatDoesNothingIsGivenUpAfterTheTimeout) {
    const TemporaryFolder folder;
    const std::string python = make_interpreter(folder, "exec sleep 60");
    const auto began = std::chrono::steady_clock::now();
    RayExecutor ray({.address = "127.0.0.1:1", .python = python, .connect_timeout = 300ms});
    EXPECT_THAT(message_of([&] { ray.submit(add, 1, 2).result(); }),
                testing::HasSubstr("could not join it within 0.300 seconds"));
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

TEST(ClusterOptions, AnExecutorThatWasNotUsedEndsItsInterpreter) {
    const TemporaryFolder folder;
    const std::string begun = folder.path() / "begun";
    const std::string ended = folder.path() / "ended";
    const std::string python =
        make_interpreter(folder, "python3 -c 'import socket, sys\n"
                                 "s = socket.socket(fileno=int(sys.argv[1]))\n"
                                 "open(sys.argv[2], \"w\")\n"
                                 "while s.recv(1000): pass' $3 " +
                                     begun + "; echo > " + ended);
    {
        const RayExecutor ray({.address = "127.0.0.1:1", .python = python});
        while (!std::filesystem::exists(begun)) {
            std::this_thread::sleep_for(1ms);
        }
    }
    EXPECT_TRUE(std::filesystem::exists(ended));
}

} // namespace
