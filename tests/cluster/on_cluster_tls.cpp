// Clusters whose parts talk to each other with TLS: on the one that tests/cluster/run.py starts.

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/errors.hpp>

#include "cluster/cluster_executor.hpp"
#include "support/message_of.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }

class ClusterTls : public testing::Test {
protected:
    void SetUp() override {
        if (variable("HOCKET_TEST_TLS").empty()) {
            GTEST_SKIP() << "needs the cluster with TLS of tests/cluster/run.py";
        }
        options = ClusterTestOptions().as<DaskOptions>();
    }

    DaskOptions options;
};

TEST_F(ClusterTls, IsJoinedWithACertificate) {
    const std::string folder = variable("HOCKET_TEST_TLS");
    options.tls_ca_file = folder + "/ca.pem";
    options.tls_cert = folder + "/one.pem";
    options.tls_key = folder + "/one.key";
    DaskExecutor dask(options);
    EXPECT_EQ(dask.submit(add, 20, 22).result(), 42);
}

TEST_F(ClusterTls, IsNotJoinedWithoutOne) {
    options.connect_timeout = 5s;
    DaskExecutor dask(options);
    EXPECT_THAT(message_of([&] { dask.submit(add, 1, 2).result(); }),
                testing::AllOf(testing::HasSubstr("the Dask cluster at tls://"),
                               testing::HasSubstr("cannot be used")));
}

} // namespace
