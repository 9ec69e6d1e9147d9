// However the input is cut into pieces, the parser must give the same result as for the whole
// input at once: the same message or the same error.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "web/http_error.hpp"
#include "web/response_parser.hpp"

namespace {

/// Small, so that the fuzzer reaches them.
constexpr web::HttpLimits limits{.start_line = 64, .head = 256, .fields = 4, .body = 128};

class ResponseReader {
public:
    void receive(std::string_view piece) {
        if (!parser_.complete()) parser_.feed(piece);
    }

    std::string finish() {
        parser_.finish();
        const web::Response& response = parser_.response();
        std::string text = std::to_string(response.status) + " " + response.reason + "\n";
        for (const auto& [name, value] : response.fields) text += name + "=" + value + "\n";
        return text + response.body + (response.keep_alive ? "keep-alive" : "close");
    }

    std::string transcript;

private:
    web::ResponseParser parser_{web::ResponseParser::Asked::get, limits};
};

template <class Reader> std::string read(const std::vector<std::string_view>& pieces) {
    Reader reader;
    try {
        for (const auto piece : pieces) reader.receive(piece);
        return reader.finish();
    } catch (const web::HttpError& error) {
        return reader.transcript + "error " + std::to_string(error.status()) + ": " + error.what();
    }
}

/// Cuts `bytes` into pieces whose sizes come from a small random generator, seeded by the input.
std::vector<std::string_view> cut(std::string_view bytes, std::uint32_t seed) {
    std::vector<std::string_view> pieces;
    while (!bytes.empty()) {
        seed = seed * 1664525u + 1013904223u;
        const std::size_t size = 1 + (seed >> 24) % 16;
        pieces.push_back(bytes.substr(0, size));
        bytes.remove_prefix(pieces.back().size());
    }
    return pieces;
}

void expect_same(const char* parser, const std::string& whole, const std::string& cut_up) {
    if (whole == cut_up) return;
    std::fprintf(stderr, "%s\nin one piece: %s\ncut up: %s\n", parser, whole.c_str(),
                 cut_up.c_str());
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 4) return 0;
    const std::uint32_t seed =
        bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
    const std::string_view text(reinterpret_cast<const char*>(bytes) + 4, size - 4);
    const auto pieces = cut(text, seed);
    expect_same("response", read<ResponseReader>({text}), read<ResponseReader>(pieces));
    return 0;
}
