// The rules of RFC 6455, case by case, in the order of the Autobahn test suite: sizes, pings,
// reserved bits, opcodes, fragments, UTF-8 and close frames.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/websocket/frames.hpp"
#include "http/websocket/handshake.hpp"
#include "http/websocket/utf8.hpp"

using namespace hocket::websockets::detail;

namespace {

class Sink final : public FrameSink {
public:
    void on_message(std::string message, bool is_text) override {
        log.push_back((is_text ? "text " : "binary ") +
                      (message.size() > 50 ? std::to_string(message.size()) : message));
    }
    void on_pong(std::string_view payload) override {
        log.push_back("pong " + std::string(payload));
    }
    void on_close(std::uint16_t code, std::string_view reason) override {
        log.push_back("close " + std::to_string(code) + " " + std::string(reason));
    }
    void write(std::string_view bytes) override { sent += bytes; }

    std::vector<std::string> log;
    std::string sent;
};

struct Frame {
    unsigned opcode;
    std::string payload = {};
    bool is_last = true;
    unsigned reserved = 0;
    bool is_masked = true;
};

std::string bytes_of(const Frame& frame) {
    std::string bytes;
    bytes +=
        static_cast<char>((frame.is_last ? 0x80U : 0U) | (frame.reserved << 4U) | frame.opcode);
    const std::size_t size = frame.payload.size();
    const unsigned mask_bit = frame.is_masked ? 0x80U : 0U;
    int length_bytes = 0;
    if (size < 126) {
        bytes += static_cast<char>(mask_bit | size);
    } else {
        length_bytes = size < 65536 ? 2 : 8;
        bytes += static_cast<char>(mask_bit | (length_bytes == 2 ? 126U : 127U));
    }
    for (int i = length_bytes - 1; i >= 0; --i) bytes += static_cast<char>(size >> (8 * i));
    const std::string mask = "\x11\x22\x33\x44";
    if (frame.is_masked) bytes += mask;
    for (std::size_t i = 0; i < size; ++i) {
        bytes +=
            frame.is_masked ? static_cast<char>(frame.payload[i] ^ mask[i % 4]) : frame.payload[i];
    }
    return bytes;
}

/// What a server finds in the frames, followed by the code of the close frame that it answers with;
/// the same whether the bytes come together or one by one.
std::vector<std::string> read(const std::vector<Frame>& frames, std::size_t max_size = 1 << 20) {
    std::string bytes;
    for (const Frame& frame : frames) bytes += bytes_of(frame);
    std::vector<std::string> results[2];
    for (const bool one_by_one : {false, true}) {
        Sink sink;
        Frames server(sink, /*is_server=*/true, max_size);
        for (std::size_t at = 0; at < bytes.size() && !server.is_done();) {
            const std::size_t count = one_by_one ? 1 : bytes.size();
            static_cast<void>(server.receive(std::string_view(bytes).substr(at, count)));
            at += count;
        }
        server.send();
        if (server.close_sent()) sink.log.push_back("sent " + std::to_string(server.sent_code()));
        results[one_by_one ? 1 : 0] = sink.log;
    }
    EXPECT_EQ(results[0], results[1]);
    return results[0];
}

std::string close_payload(unsigned code, const std::string& reason = {}) {
    return std::string{static_cast<char>(code >> 8U), static_cast<char>(code & 0xffU)} + reason;
}

using Log = std::vector<std::string>;
constexpr unsigned more = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10;

TEST(WebSocketFrames, SizesOfAllThreeFormsAreRead) {
    for (const std::size_t size : {0, 1, 125, 126, 127, 128, 65'535, 65'536, 100'000}) {
        const std::string payload(size, '*');
        const std::string shown = size > 50 ? std::to_string(size) : payload;
        EXPECT_EQ(read({{text, payload}}), Log{"text " + shown});
        EXPECT_EQ(read({{binary, payload}}), Log{"binary " + shown});
    }
}

TEST(WebSocketFrames, PingsAreAnsweredWithTheirPayload) {
    Sink sink;
    Frames server(sink, true, 1000);
    static_cast<void>(server.receive(bytes_of({ping, "hello"})));
    server.send();
    EXPECT_EQ(sink.sent, bytes_of({pong, "hello", true, 0, false}));
    EXPECT_EQ(read({{pong, "unasked"}, {text, "x"}}), (Log{"pong unasked", "text x"}));
    // wslay closes without a code here.
    EXPECT_EQ(read({{ping, std::string(126, 'x')}}), Log{"sent 1005"});
}

TEST(WebSocketFrames, ReservedBitsAndOpcodesAreErrors) {
    for (unsigned bits = 1; bits < 8; ++bits) {
        EXPECT_EQ(read({{text, "good"}, {text, "x", true, bits}}), (Log{"text good", "sent 1002"}));
        EXPECT_EQ(read({{ping, "x", true, bits}}), Log{"sent 1002"});
    }
    for (const unsigned opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
        EXPECT_EQ(read({{opcode, "x"}}), Log{"sent 1002"});
    }
}

TEST(WebSocketFrames, AClientMustMask) {
    EXPECT_EQ(read({{text, "x", true, 0, false}}), Log{"sent 1002"});
}

TEST(WebSocketFrames, FragmentsArePutTogether) {
    EXPECT_EQ(read({{text, "a", false}, {more, "b", false}, {more, "c"}}), Log{"text abc"});
    EXPECT_EQ(read({{text, "", false}, {more, ""}}), Log{"text "});
    EXPECT_EQ(read({{binary, "a", false}, {pong, "p"}, {more, "b"}}), (Log{"pong p", "binary ab"}));
    EXPECT_EQ(read({{more, "x"}}), Log{"sent 1002"});
    EXPECT_EQ(read({{text, "a", false}, {text, "b"}}), Log{"sent 1002"});
    EXPECT_EQ(read({{ping, "a", false}}), Log{"sent 1005"});
    EXPECT_EQ(read({{text, "a"}, {more, "b", false}}), (Log{"text a", "sent 1002"}));
}

TEST(WebSocketFrames, TextMustBeUtf8) {
    const std::string greek = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
    EXPECT_EQ(read({{text, greek}}), Log{"text " + greek});
    EXPECT_EQ(read({{text, greek.substr(0, 1), false}, {more, greek.substr(1)}}),
              Log{"text " + greek});
    for (const std::string& wrong :
         {std::string("\xff"), std::string("\xc0\xaf"), std::string("\xed\xa0\x80"),
          std::string("\xf4\x90\x80\x80"), std::string("\xe2\x82"), std::string("a\x80"),
          std::string("\xf0\x80\x80\x80"), std::string("\xc1\xbf")}) {
        EXPECT_EQ(read({{text, wrong}}), Log{"sent 1007"});
        EXPECT_FALSE(is_utf8(wrong));
        EXPECT_EQ(read({{binary, wrong}}), Log{"binary " + wrong});
    }
    for (const std::string& right :
         {greek, std::string("\xf4\x8f\xbf\xbf"), std::string("\xed\x9f\xbf"),
          std::string("\xef\xbf\xbf"), std::string("plain ascii of more than eight bytes"),
          std::string("\0", 1)}) {
        EXPECT_TRUE(is_utf8(right));
    }
}

TEST(WebSocketFrames, CloseFramesAreAnswered) {
    EXPECT_EQ(read({{close}, {text, "late"}}), (Log{"close 1005 ", "sent 1005"}));
    EXPECT_EQ(read({{close, close_payload(1000, "bye")}}), (Log{"close 1000 bye", "sent 1000"}));
    EXPECT_EQ(read({{close, close_payload(4999)}}), (Log{"close 4999 ", "sent 4999"}));
    EXPECT_EQ(read({{close, "x"}}), (Log{"close 1002 ", "sent 1005"}));
    for (const unsigned code : {0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535}) {
        EXPECT_EQ(read({{close, close_payload(code)}}), Log{"sent 1002"}) << code;
    }
}

TEST(WebSocketFrames, MessagesAreLimited) {
    EXPECT_EQ(read({{text, std::string(40, 'x')}}, 40), Log{"text " + std::string(40, 'x')});
    EXPECT_EQ(read({{text, std::string(41, 'x')}}, 40), Log{"sent 1009"});
    EXPECT_EQ(read({{text, std::string(40, 'x'), false}, {more, "y"}}, 40), Log{"sent 1009"});
}

TEST(WebSocketFrames, AHugeLengthIsNotAllocated) {
    Sink sink;
    Frames server(sink, true, SIZE_MAX);
    const std::string header("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x11\x22\x33\x44x", 15);
    static_cast<void>(server.receive(header));
    EXPECT_TRUE(sink.log.empty());
}

TEST(WebSocketFrames, TheAcceptKeyIsThatOfTheStandard) {
    EXPECT_EQ(accept_of("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_TRUE(is_key(make_key()));
    EXPECT_FALSE(is_key("short"));
    EXPECT_FALSE(is_key("dGhlIHNhbXBsZSBub25jZQ="));
}

} // namespace
