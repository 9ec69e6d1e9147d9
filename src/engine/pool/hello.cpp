#include "engine/pool/hello.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "engine/pool/little_endian.hpp"

namespace hocket::engine {

namespace {

void append(std::string& to, std::uint32_t value) {
    std::array<char, sizeof value> bytes;
    put_little_endian(bytes.data(), value);
    to.append(bytes.data(), bytes.size());
}

std::optional<std::uint32_t> take_integer(std::string_view& from) {
    if (from.size() < 4) {
        return std::nullopt;
    }
    const auto value = get_little_endian<std::uint32_t>(from.data());
    from.remove_prefix(4);
    return value;
}

std::optional<std::string> take_text(std::string_view& from) {
    const auto size = take_integer(from);
    if (!size || *size > from.size()) {
        return std::nullopt;
    }
    std::string text(from.substr(0, *size));
    from.remove_prefix(*size);
    return text;
}

// The time does not depend on where they differ.
bool is_same_secret(std::string_view a, std::string_view b) noexcept {
    unsigned difference = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
        difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
    }
    return difference == 0;
}

} // namespace

std::string Hello::encode() const {
    std::string body;
    append(body, version);
    for (const std::string* const text : {&build, &token}) {
        append(body, static_cast<std::uint32_t>(text->size()));
        body += *text;
    }
    return body;
}

std::optional<Hello> Hello::decode(std::span<const char> body) {
    std::string_view rest(body.data(), body.size());
    const auto version = take_integer(rest);
    if (!version) {
        return std::nullopt;
    }
    if (*version != this_version) {
        return Hello{*version, {}, {}}; // the rest may look different
    }
    auto build = take_text(rest);
    auto token = build ? take_text(rest) : std::nullopt;
    if (!token) {
        return std::nullopt;
    }
    return Hello{*version, std::move(*build), std::move(*token)};
}

std::string why_refused(const Hello& own, const Hello& others) {
    if (own.version != others.version) {
        return "speaks version " + std::to_string(others.version) +
               " of the protocol between pools and workers, this end version " +
               std::to_string(own.version);
    }
    if (!is_same_secret(own.token, others.token)) {
        return "has another token";
    }
    if (own.build != others.build) {
        return "is another build of the program: its build id is " + others.build +
               ", this end's is " + own.build + " (was the program rebuilt?)";
    }
    return {};
}

} // namespace hocket::engine
