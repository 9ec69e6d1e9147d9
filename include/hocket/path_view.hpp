#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace hocket {

/// A path passed as an argument: text, or any object with a `native()` string, such as a
/// std::filesystem::path. The text must stay valid until the called function returns, but not until
/// its coroutine ends.
class PathView {
public:
    PathView(const char* path) noexcept : text_(path) {}      // NOLINT(google-explicit-constructor)
    PathView(std::string_view path) noexcept : text_(path) {} // NOLINT(google-explicit-constructor)
    PathView(const std::string& path) noexcept
        : text_(path) {} // NOLINT(google-explicit-constructor)
    template <class Path> requires requires(const Path& path) {
        { path.native() } -> std::same_as<const std::string&>;
    } PathView(const Path& path) noexcept // NOLINT(google-explicit-constructor)
        : text_(path.native()) {}

    [[nodiscard]] std::string_view view() const noexcept { return text_; }
    /// Throws ValueError if the path contains a zero byte, where the system would cut it off.
    [[nodiscard]] std::string str() const;

private:
    std::string_view text_;
};

} // namespace hocket
