#include "engine/pool/frame_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include <gtest/gtest.h>

#include "engine/build_id.hpp"
#include "engine/pool/hello.hpp"

#include "support/temporary_folder.hpp"

using namespace hocket::engine;

namespace {

std::string frame(FrameKind kind, std::uint64_t call, std::string_view body) {
    const auto header = FrameHeader{kind, call, body.size()}.encode();
    return std::string(header.data(), header.size()).append(body);
}

std::string hello_frame() {
    return frame(FrameKind::hello, 0, Hello{1, "build", "token"}.encode());
}

/// Passes `bytes` to the reader, at most `piece` at a time.
bool feed(FrameReader& reader, std::string_view bytes, std::size_t piece = 1'000'000) {
    while (!bytes.empty()) {
        const auto space = reader.space();
        const std::size_t count = std::min({piece, bytes.size(), space.size()});
        std::ranges::copy(bytes.substr(0, count), space.begin());
        if (!reader.filled(count)) {
            return false;
        }
        bytes.remove_prefix(count);
    }
    return true;
}

std::string text_of(const Frame& received) {
    return {received.body().begin(), received.body().end()};
}

/// What a reader of a worker's frames says about these.
std::string error_of(std::string_view bytes) {
    FrameReader reader(FrameSender::worker, 1000);
    EXPECT_FALSE(feed(reader, bytes));
    EXPECT_FALSE(reader.filled(0)) << "it goes on after an error";
    return reader.error();
}

TEST(Frames, HaveTheLayoutOfTheirDocumentation) {
    const std::string bytes = frame(FrameKind::error, 0x0102030405060708, "body");
    EXPECT_EQ(bytes, std::string("HKF1\x09\0\0\0\x08\x07\x06\x05\x04\x03\x02\x01\x04\0\0\0\0\0\0\0"
                                 "body",
                                 28));
    const auto prefix = CallPrefix::encode({0x01020304, 0x05060708});
    EXPECT_EQ(std::string(prefix.data(), prefix.size()),
              std::string("\x04\x03\x02\x01\0\0\0\0\x08\x07\x06\x05\0\0\0\0", 16));
    EXPECT_EQ((Hello{1, "ab", "c"}.encode()), std::string("\x01\0\0\0\x02\0\0\0ab\x01\0\0\0c", 15));
}

TEST(Frames, ComeOutAsTheyWentInHoweverTheyAreCut) {
    const std::string large(300'000, 'x');
    const std::string answer = "12345678" + large;
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1'000'000}}) {
        FrameReader reader(FrameSender::worker, 1'000'000);
        ASSERT_TRUE(feed(reader,
                         hello_frame() + frame(FrameKind::result, 1, answer) +
                             frame(FrameKind::returned, 2, "") +
                             frame(FrameKind::error, 3, "87654321"),
                         piece));
        EXPECT_FALSE(reader.is_inside_frame());
        EXPECT_EQ(reader.next()->kind, FrameKind::hello);
        const auto result = reader.next();
        EXPECT_EQ(result->call, 1U);
        EXPECT_EQ(text_of(*result), answer);
        EXPECT_EQ(reader.next()->kind, FrameKind::returned);
        EXPECT_EQ(text_of(*reader.next()), "87654321");
        EXPECT_FALSE(reader.next());
    }
}

TEST(Frames, AnIncompleteFrameIsNotPassedOn) {
    FrameReader reader(FrameSender::worker, 1000);
    const std::string bytes = hello_frame();
    ASSERT_TRUE(feed(reader, std::string_view(bytes).substr(0, bytes.size() - 1)));
    EXPECT_TRUE(reader.is_inside_frame());
    EXPECT_FALSE(reader.next());
    ASSERT_TRUE(feed(reader, std::string_view(bytes).substr(bytes.size() - 1)));
    EXPECT_FALSE(reader.is_inside_frame());
    EXPECT_TRUE(reader.next());
}

TEST(Frames, OfOtherProtocolsAreRefused) {
    EXPECT_EQ(error_of("HTTP/1.1 400 Bad Request\r\n"), "sent something that is not a frame");
}

TEST(Frames, ThatAreTooLongOrTooShortAreRefusedBeforeTheirBodies) {
    EXPECT_EQ(error_of(hello_frame() + frame(FrameKind::result, 1, std::string(1001, 'x'))),
              "sent a frame of kind 8 with 1001 bytes (allowed: 8 to 1000)");
    EXPECT_EQ(error_of(hello_frame() + frame(FrameKind::result, 1, "1234567")),
              "sent a frame of kind 8 with 7 bytes (allowed: 8 to 1000)");
    EXPECT_EQ(error_of(hello_frame() + frame(FrameKind::pong, 0, "x")),
              "sent a frame of kind 12 with 1 bytes (allowed: 0 to 0)");
    FrameHeader endless{FrameKind::hello, 0, ~std::uint64_t{0}};
    const auto header = endless.encode();
    EXPECT_EQ(error_of({header.data(), header.size()}),
              "sent a frame of kind 1 with 18446744073709551615 bytes (allowed: 0 to 4096)");
}

TEST(Frames, OfTheWrongSideOrOfNoKindAreRefused) {
    EXPECT_EQ(error_of(hello_frame() + frame(FrameKind::call, 1, std::string(16, 'x'))),
              "sent a frame of kind 4, which it must not send");
    EXPECT_EQ(error_of(frame(static_cast<FrameKind>(99), 1, "")),
              "sent a frame of kind 99, which it must not send");
    std::string flagged = hello_frame();
    flagged[6] = 1;
    EXPECT_EQ(error_of(flagged), "sent a frame of kind 1, which it must not send");
}

TEST(Frames, BeginWithOneHello) {
    EXPECT_EQ(error_of(frame(FrameKind::pong, 0, "")), "did not say hello first");
    EXPECT_EQ(error_of(hello_frame() + hello_frame()), "said hello twice");
    FrameReader reader(FrameSender::worker, 1000);
    EXPECT_TRUE(feed(reader, frame(FrameKind::refusal, 0, "why"))) << "a refusal needs no hello";
}

TEST(Hello, IsUnderstoodAsItWasSaid) {
    const Hello hello{1, "a build", std::string("with \0 a zero", 13)};
    const std::string body = hello.encode() + "of a later version";
    const auto heard = Hello::decode(body);
    ASSERT_TRUE(heard);
    EXPECT_EQ(heard->build, hello.build);
    EXPECT_EQ(heard->token, hello.token);
    EXPECT_EQ(why_refused(hello, *heard), "");
}

TEST(Hello, ThatIsCutOffIsNone) {
    const std::string body = Hello{1, "build", "token"}.encode();
    for (std::size_t size = 0; size < body.size(); ++size) {
        EXPECT_FALSE(Hello::decode(std::string_view(body).substr(0, size))) << size;
    }
}

TEST(Hello, OfAnotherVersionBuildOrTokenIsRefusedWithTheReason) {
    const Hello own{1, "abc", "secret"};
    EXPECT_EQ(why_refused(own, {2, "", ""}),
              "speaks version 2 of the protocol between pools and workers, this end version 1");
    EXPECT_EQ(why_refused(own, {1, "abd", "secret"}),
              "is another build of the program: its build id is abd, this end's is abc (was the "
              "program rebuilt?)");
    EXPECT_EQ(why_refused(own, {1, "abc", "Secret"}), "has another token");
    EXPECT_EQ(why_refused(own, {1, "abc", ""}), "has another token");
    const auto later = Hello::decode(std::string("\x02\0\0\0 and more", 13));
    ASSERT_TRUE(later);
    EXPECT_EQ(later->version, 2U);
}

TEST(BuildId, OfThisProgramIsTheLinkersOrAHash) {
    EXPECT_GE(program_build().size(), 8U);
    EXPECT_EQ(program_build(), program_build());
}

TEST(BuildId, AHashTellsFilesApart) {
    const TemporaryFolder folder;
    const auto path = (folder.path() / "file").string();
    std::ofstream(path) << "one build";
    const std::string first = hash_of_file(path.c_str());
    EXPECT_EQ(first, hash_of_file(path.c_str()));
    EXPECT_TRUE(first.ends_with(" of 9 bytes")) << first;
    std::ofstream(path) << "two build";
    EXPECT_NE(first, hash_of_file(path.c_str()));
    EXPECT_THROW(static_cast<void>(hash_of_file("/no/such/file")), std::system_error);
}

} // namespace
