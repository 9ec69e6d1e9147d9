// Whatever comes over the stream between a pool and a worker: the reader takes only whole frames
// that the sender may send, and the result does not depend on how the bytes are cut into pieces.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/pool/frame_reader.hpp"
#include "engine/pool/hello.hpp"

namespace {

using namespace hocket::engine;

constexpr std::size_t longest_body = 100'000;

[[noreturn]] void fail(const char* why) {
    std::puts(why);
    std::abort();
}

/// Reads `input` in pieces of at most `piece` bytes. Returns the frames, encoded again, and the
/// error.
std::string read(std::string_view input, std::size_t piece, FrameSender sender) {
    FrameReader reader(sender, longest_body);
    std::string frames;
    bool goes_on = true;
    while (goes_on && !input.empty()) {
        const auto space = reader.space();
        if (space.empty()) {
            fail("there is no space");
        }
        const std::size_t count = std::min({piece, input.size(), space.size()});
        std::ranges::copy(input.substr(0, count), space.begin());
        goes_on = reader.filled(count);
        input.remove_prefix(count);
        while (const auto frame = reader.next()) {
            const auto body = frame->body();
            const auto header = FrameHeader{frame->kind, frame->call, body.size()}.encode();
            if (!check_header(header, sender, longest_body).empty()) {
                fail("a frame was passed on that may not be sent");
            }
            if (frame->kind == FrameKind::hello) {
                if (const auto hello = Hello::decode(body);
                    hello && hello->version == Hello::this_version &&
                    !std::string_view(body.data(), body.size()).starts_with(hello->encode())) {
                    fail("a hello was misunderstood");
                }
            }
            frames.append(header.data(), header.size()).append(body.begin(), body.end());
        }
    }
    if (goes_on != reader.error().empty()) {
        fail("an error without a reason, or a reason without an error");
    }
    return frames + reader.error();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    for (const auto sender : {FrameSender::owner, FrameSender::worker}) {
        const std::string whole = read(input, size + 1, sender);
        if (whole != read(input, 1, sender) || whole != read(input, 13, sender)) {
            fail("the pieces made a difference");
        }
    }
    return 0;
}
