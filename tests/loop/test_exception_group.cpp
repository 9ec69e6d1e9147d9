#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/exception_group.hpp>

using namespace hocket;

namespace {

ExceptionGroup nested() {
    return {"outer",
            {std::make_exception_ptr(std::runtime_error("plain")),
             std::make_exception_ptr(
                 ExceptionGroup("inner", {std::make_exception_ptr(std::out_of_range("far")),
                                          std::make_exception_ptr(std::runtime_error("deep"))}))}};
}

} // namespace

TEST(ExceptionGroup, SaysWhatItHolds) {
    const std::string text = nested().what();
    EXPECT_EQ(text.find("outer (2 sub-exceptions)"), 0U) << text;
    EXPECT_NE(text.find("std::runtime_error: plain"), std::string::npos) << text;
    EXPECT_NE(text.find("std::out_of_range: far"), std::string::npos) << text;
}

TEST(ExceptionGroup, SplitsByTypeAndKeepsItsShape) {
    const auto [far, others] = nested().split<std::out_of_range>();
    ASSERT_TRUE(far);
    ASSERT_TRUE(others);
    ASSERT_EQ(far->exceptions().size(), 1U);
    EXPECT_THROW(std::rethrow_exception(far->exceptions()[0]), ExceptionGroup);
    EXPECT_EQ(far->message(), "outer");
    EXPECT_EQ(others->exceptions().size(), 2U);
    EXPECT_FALSE(others->subgroup<std::out_of_range>());
    EXPECT_TRUE(others->subgroup<std::runtime_error>());
}

TEST(ExceptionGroup, SubgroupOfNothingIsNothing) {
    EXPECT_FALSE(nested().subgroup<std::bad_alloc>());
    EXPECT_FALSE(nested().split<std::exception>().second);
}

TEST(ExceptionGroup, CannotBeEmptyOrHoldNothing) {
    EXPECT_THROW(ExceptionGroup("none", {}), ValueError);
    EXPECT_THROW(ExceptionGroup("null", {nullptr}), ValueError);
}

TEST(DescribeException, NamesTypesThatDoNotDeriveFromStdException) {
    EXPECT_EQ(describe_exception(std::make_exception_ptr(CancelledError("why"))),
              "hocket::CancelledError: why");
    EXPECT_EQ(describe_exception(std::make_exception_ptr(3)), "int");
    EXPECT_EQ(describe_exception(nullptr), "no exception");
}
