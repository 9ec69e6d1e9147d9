#include <gtest/gtest.h>

#include "engine/demangled.hpp"

using hocket::engine::function_of;

TEST(FunctionOf, NamesAPlainFunction) {
    EXPECT_EQ(function_of("main"), "main");
    EXPECT_EQ(function_of("_Z5blocki"), "block(int)");
    EXPECT_EQ(function_of("sleep@GLIBC_2.2.5"), "sleep");
}

TEST(FunctionOf, NamesACoroutineByItsParts) {
    // As g++ and clang name the parts of `Coro<> (anonymous namespace)::work()`.
    EXPECT_EQ(
        function_of("_ZN12_GLOBAL__N_14workEPZNS_4workEvE30_ZN12_GLOBAL__N_14workEv.Frame.actor"),
        "(anonymous namespace)::work()");
    EXPECT_EQ(function_of("_ZN12_GLOBAL__N_14workEv.resume"), "(anonymous namespace)::work()");
}
