#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/process_pool_executor.hpp>

#include "support/start_methods.hpp"

/// A kind of RemoteExecutor, for the tests that hold for all of them.
struct RemotePoolKind {
    std::string name;
    /// Uses those of the options that every executor has.
    std::function<std::unique_ptr<hocket::RemoteExecutor>(std::size_t max_workers,
                                                          const hocket::ProcessPoolOptions&)>
        make;
    /// Of its workers, if it is a ProcessPoolExecutor, and of the pools inside them.
    hocket::StartMethod start_method = hocket::StartMethod::spawn;
    std::size_t most_numbers = 10'000'000; // in an argument
    bool reads_output = true;              // of its workers

    friend void PrintTo(const RemotePoolKind& kind, std::ostream* stream) { *stream << kind.name; }
};

/// The kinds that this program tests. Each program with the tests of tests/processes/remote_*.cpp
/// defines it.
std::vector<RemotePoolKind> remote_pool_kinds();

/// A test that is run with each of them, GetParam().
class EachRemotePool : public testing::TestWithParam<RemotePoolKind> {
protected:
    void SetUp() override {
        if (sanitized && GetParam().start_method == hocket::StartMethod::fork) {
            GTEST_SKIP() << no_fork_with_sanitizers;
        }
    }
    static std::unique_ptr<hocket::RemoteExecutor>
    make(std::size_t max_workers, const hocket::ProcessPoolOptions& options = {}) {
        return GetParam().make(max_workers, options);
    }
};

#define INSTANTIATE_FOR_EACH_REMOTE_POOL(suite)                                                    \
    INSTANTIATE_TEST_SUITE_P(With, suite, testing::ValuesIn(remote_pool_kinds()),                  \
                             [](const auto& info) { return info.param.name; })
