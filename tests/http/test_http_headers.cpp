#include <hocket/http/headers.hpp>
#include <hocket/http/status.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hocket/errors.hpp>
#include <string_view>

using hocket::http::Headers;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(HttpHeaders, KeepTheirOrderAndRepeatedNames) {
    const Headers headers{{"Set-Cookie", "a=1"}, {"Host", "x"}, {"set-cookie", "b=2"}};
    EXPECT_THAT(headers,
                ElementsAre(Headers::Field{"Set-Cookie", "a=1"}, Headers::Field{"Host", "x"},
                            Headers::Field{"set-cookie", "b=2"}));
    EXPECT_THAT(headers.get_all("SET-COOKIE"), ElementsAre("a=1", "b=2"));
}

TEST(HttpHeaders, FindNamesInAnyCase) {
    const Headers headers{{"Content-Type", " text/plain\t"}};
    EXPECT_EQ(headers.get("content-type"), "text/plain");
    EXPECT_EQ(headers.get("content-typ"), std::nullopt);
    EXPECT_EQ(headers.get("accept", "*/*"), "*/*");
    EXPECT_TRUE(headers.contains("CONTENT-TYPE"));
}

TEST(HttpHeaders, SetReplacesAllFieldsOfThatName) {
    Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
    headers.set("A", headers[1].value); // a view into the headers themselves
    EXPECT_EQ(headers, (Headers{{"B", "2"}, {"A", "2"}}));
    EXPECT_EQ(headers.erase("b"), 1U);
    EXPECT_EQ(headers.erase("b"), 0U);
    EXPECT_EQ(headers.size(), 1U);
    headers.set("a", "4"); // the only one
    EXPECT_EQ(headers, (Headers{{"A", "4"}}));
}

TEST(HttpHeaders, RefuseWhatWouldAddAFieldOrEndTheHead) {
    Headers headers{{"A", "1"}};
    using namespace std::literals;
    for (const auto value : {"x\r\nSet-Cookie: y"sv, "x\ny"sv, "x\ry"sv, "x\0y"sv, "\x7f"sv}) {
        EXPECT_THAT([&] { headers.add("B", value); },
                    ThrowsMessage<hocket::ValueError>(
                        HasSubstr("the header field \"B\" contains the control character")));
        EXPECT_THROW(headers.set("A", value), hocket::ValueError);
    }
    EXPECT_THAT([&] { headers.add("B:", "x"); }, ThrowsMessage<hocket::ValueError>(HasSubstr(
                                                     "\"B:\" contains \":\"; letters, digits")));
    EXPECT_THROW(headers.add("B\r\nC", "x"), hocket::ValueError);
    EXPECT_THROW(headers.add("B ", "x"), hocket::ValueError);
    EXPECT_THROW(headers.add("", "x"), hocket::ValueError);
    EXPECT_EQ(headers, (Headers{{"A", "1"}}));
}

TEST(HttpStatus, HasThePhrasesOfRfc9110) {
    EXPECT_EQ(hocket::http::reason_phrase(404), "Not Found");
    EXPECT_EQ(hocket::http::reason_phrase(299), "Unknown");
}
