#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace hocket::engine {

/// What each end of a worker's stream says first.
struct Hello {
    static constexpr std::uint32_t this_version = 1;

    std::uint32_t version = this_version;
    std::string build; // see program_build
    std::string token; // a secret of the pool and its workers; empty if there is none

    /// The body of a hello frame.
    [[nodiscard]] std::string encode() const;
    /// Empty if `body` is not one.
    [[nodiscard]] static std::optional<Hello> decode(std::span<const char> body);
};

/// Why an end cannot work with the other one, which "is another build of the program: ..."; empty
/// if it can.
[[nodiscard]] std::string why_refused(const Hello& own, const Hello& others);

} // namespace hocket::engine
