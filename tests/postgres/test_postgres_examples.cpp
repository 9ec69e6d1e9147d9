#include <array>
#include <cstdio>
#include <string>

#include <gtest/gtest.h>

#include "postgres/server.hpp"

namespace {

class PostgresExamples : public postgres_test::PostgresTest {};

TEST_F(PostgresExamples, AccountsPrintsWhatItsCommentSays) {
    const std::string command = std::string(HOCKET_EXAMPLES_DIR) +
                                "/databases/postgres_accounts '" +
                                postgres_test::Server::shared().dsn() + "' 2>&1";
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    std::string output;
    std::array<char, 256> space{};
    while (std::fgets(space.data(), static_cast<int>(space.size()), pipe) != nullptr) {
        output += space.data();
    }
    EXPECT_EQ(::pclose(pipe), 0);
    EXPECT_EQ(output, "Ada has 70, Bob has 80\n"
                      "refused: Bob has too little\n"
                      "heard of a transfer of 30\n"
                      "Ada has 70, Bob has 80\n");
}

} // namespace
