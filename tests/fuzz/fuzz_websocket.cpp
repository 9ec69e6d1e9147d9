// However the bytes of a WebSocket connection are cut into pieces, both ends must find the same
// messages in them and send the same answers, and keep to their limits.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/websocket/frames.hpp"
#include "http/websocket/utf8.hpp"

namespace {

using namespace hocket::websockets::detail;

constexpr std::size_t max_size = 300; // small, so that the fuzzer reaches it

/// Writes down what Frames finds.
class Transcript final : public FrameSink {
public:
    void on_message(std::string message, bool is_text) override {
        if (message.size() > max_size) fail("a message is too large", message);
        if (is_text && !is_utf8(message)) fail("text is not UTF-8", message);
        text += (is_text ? "text " : "binary ") + message + "\n";
    }
    void on_pong(std::string_view payload) override {
        text.append("pong ").append(payload) += "\n";
    }
    void on_close(std::uint16_t code, std::string_view reason) override {
        if (!is_utf8(reason)) fail("a reason is not UTF-8", std::string(reason));
        text.append("close " + std::to_string(code) + " ").append(reason) += "\n";
    }
    void write(std::string_view bytes) override { sent += bytes; }

    [[noreturn]] static void fail(const char* what, const std::string& where) {
        std::fprintf(stderr, "%s: %s\n", what, where.c_str());
        std::abort();
    }

    std::string text;
    std::string sent;
    unsigned closed_with = 0; // the code of the close frame that was sent
};

/// Feeds the bytes in pieces whose sizes come from a small random generator.
Transcript read(std::string_view bytes, bool is_server, std::uint32_t seed) {
    Transcript transcript;
    Frames frames(transcript, is_server, max_size);
    while (!bytes.empty() && !frames.is_done()) {
        std::size_t size = bytes.size();
        if (seed != 0) {
            seed = seed * 1664525U + 1013904223U;
            size = std::min<std::size_t>(1 + (seed >> 24U) % 16, size);
        }
        const std::size_t taken = frames.receive(bytes.substr(0, size));
        if (taken != size && !frames.is_done())
            Transcript::fail("bytes were left", transcript.text);
        bytes.remove_prefix(size);
        frames.send();
    }
    if (frames.close_sent()) transcript.closed_with = frames.sent_code();
    return transcript;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 2) return 0;
    const bool is_server = (bytes[0] & 1U) != 0;
    const std::string_view text(reinterpret_cast<const char*>(bytes) + 2, size - 2);
    const Transcript whole = read(text, is_server, 0);
    const Transcript cut = read(text, is_server, 1U + bytes[1]);
    // wslay checks the reason of a close frame differently if it arrives in pieces.
    const bool has_close = (whole.text + cut.text).find("close ") != std::string::npos ||
                           whole.closed_with == 1007 || cut.closed_with == 1007;
    if (has_close) return 0;
    if (whole.text != cut.text) Transcript::fail("cut up", whole.text + "\n---\n" + cut.text);
    if (whole.closed_with != cut.closed_with) Transcript::fail("close codes differ", whole.text);
    // A client's frames have random masks. And a ping just before an error is not answered.
    if (is_server && whole.closed_with == 0 && whole.sent != cut.sent) {
        Transcript::fail("answers differ", whole.text);
    }
    return 0;
}
