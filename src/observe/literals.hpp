#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace hocket::observer {

/// A place in the source, of which a trace knows the address of the data that the compiler made.
struct SourcePlace {
    std::string file;
    std::string function;
    std::uint32_t line = 0;
};

// Any address may be asked for: nothing outside the data of this process's modules is read.

/// The string literal at `address`.
[[nodiscard]] std::optional<std::string> literal_at(std::uintptr_t address);
/// The place of the std::source_location that points to `address`.
[[nodiscard]] std::optional<SourcePlace> place_at(std::uintptr_t address);

} // namespace hocket::observer
