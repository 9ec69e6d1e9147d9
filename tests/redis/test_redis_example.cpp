#include <gtest/gtest.h>

#include <string>

#include "crawl/running_program.hpp"
#include "redis/redis_server.hpp"

TEST(RedisExample, CountsVisits) {
    SKIP_WITHOUT_REDIS();
    const RedisServer server;
    crawl_tests::RunningProgram program(
        {crawl_tests::example("databases/redis_visits"), "unix://" + server.socket_path()});
    EXPECT_EQ(program.read_all(), "visit 1 of /home\nvisit 2 of /home\nvisit 1 of /about\n");
    EXPECT_EQ(program.wait(), 0);
}
