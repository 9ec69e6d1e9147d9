#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hocket {

/// Text in an options struct; converts from and to std::string. It is trivially copyable and
/// destructible, because g++ 12 copies the members of a braced struct inside a `co_await`
/// expression bytewise and destroys them twice: `co_await create_task(f(), {.name = "x"})` would
/// free a std::string twice. Texts longer than 48 bytes are interned and kept for the life of the
/// process.
class OptionString {
public:
    constexpr OptionString() noexcept = default;
    OptionString(std::string_view text) { assign(text); }   // NOLINT(google-explicit-constructor)
    OptionString(const std::string& text) { assign(text); } // NOLINT(google-explicit-constructor)
    OptionString(const char* text) { assign(text); }        // NOLINT(google-explicit-constructor)

    [[nodiscard]] std::string_view view() const noexcept {
        return interned_ != nullptr
                   ? std::string_view(*interned_)
                   : std::string_view(reinterpret_cast<const char*>(&bytes_), length_);
    }
    operator std::string() const {
        return std::string(view());
    } // NOLINT(google-explicit-constructor)
    operator std::string_view() const noexcept {
        return view();
    } // NOLINT(google-explicit-constructor)

    [[nodiscard]] std::string str() const { return std::string(view()); }
    [[nodiscard]] bool empty() const noexcept { return view().empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return view().size(); }
    friend bool operator==(const OptionString& a, std::string_view b) noexcept {
        return a.view() == b;
    }

private:
    // Storage for characters. It is not an array, because g++ 12 fails to compile one inside a
    // co_await expression.
    struct Bytes {
        std::uint64_t a = 0, b = 0, c = 0, d = 0, e = 0, f = 0;
    };

    void assign(std::string_view text);

    Bytes bytes_;
    const std::string* interned_ = nullptr;
    std::size_t length_ = 0;
};

} // namespace hocket
