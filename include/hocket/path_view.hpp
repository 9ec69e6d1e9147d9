#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace hocket {

/// A path, as an argument: text, or anything with a `native()` string, such as a
/// std::filesystem::path. What it refers to must outlive the call that takes it, not the coroutine.
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
    /// Throws ValueError when there is a zero byte in it: the system would see only what is before.
    [[nodiscard]] std::string str() const;

private:
    std::string_view text_;
};

} // namespace hocket
