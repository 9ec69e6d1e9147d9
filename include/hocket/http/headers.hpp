#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hocket::http {

namespace detail {
struct ParsedHeaders;
class ReceivedHeaders;
} // namespace detail

/// The header fields of a message, in their order. A name may occur several times; its case does
/// not matter: httpx.Headers.
///
/// Names must be tokens of RFC 9110, and values must not contain control characters, so no text
/// from elsewhere can add a field or end the head of a message. All functions that store a field
/// throw ValueError, with the name and the byte that is not allowed, and leave the fields
/// unchanged.
///
///     hocket::http::Headers headers{{"Accept", "text/html"}};
///     headers.set("accept", "application/json"); // replaces it
///     std::string_view accept = headers.get("ACCEPT", "*/*");
class Headers {
public:
    /// One field. Valid until the headers are changed.
    struct Field {
        std::string_view name;
        std::string_view value;
        bool operator==(const Field&) const = default;
    };
    class Iterator;
    using value_type = Field;
    using const_iterator = Iterator;

    Headers() = default;
    Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

    /// Appends a field. White space around the value is removed.
    void add(std::string_view name, std::string_view value);
    /// Removes all fields of that name, then appends this one.
    void set(std::string_view name, std::string_view value);
    /// Removes all fields of that name, and returns their number.
    std::size_t erase(std::string_view name);
    void clear() noexcept;

    /// The value of the first field of that name. Valid until the headers are changed.
    [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
    /// The same, or `otherwise` if there is no such field.
    [[nodiscard]] std::string_view get(std::string_view name,
                                       std::string_view otherwise) const noexcept;
    /// The values of all fields of that name, in their order.
    [[nodiscard]] std::vector<std::string_view> get_all(std::string_view name) const;
    [[nodiscard]] bool contains(std::string_view name) const noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
    [[nodiscard]] bool empty() const noexcept { return places_.empty(); }
    [[nodiscard]] Field operator[](std::size_t index) const noexcept;
    [[nodiscard]] Iterator begin() const noexcept;
    [[nodiscard]] Iterator end() const noexcept;

    /// Whether both have the same fields in the same order; the case of names does not matter.
    bool operator==(const Headers& other) const noexcept;

private:
    friend detail::ParsedHeaders;
    friend detail::ReceivedHeaders;

    // The fields lie in one string, so that the headers of the next request need no memory of
    // their own.
    struct Place {
        std::uint32_t name;
        std::uint32_t name_size;
        std::uint32_t value;
        std::uint32_t value_size;
    };

    std::string text_;
    std::vector<Place> places_;
};

class Headers::Iterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Field;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Field;

    Iterator() = default;
    Field operator*() const noexcept { return (*headers_)[index_]; }
    Iterator& operator++() noexcept {
        ++index_;
        return *this;
    }
    Iterator operator++(int) noexcept {
        Iterator before = *this;
        ++index_;
        return before;
    }
    bool operator==(const Iterator&) const = default;

private:
    friend Headers;
    Iterator(const Headers& headers, std::size_t index) noexcept
        : headers_(&headers), index_(index) {}

    const Headers* headers_ = nullptr;
    std::size_t index_ = 0;
};

inline Headers::Iterator Headers::begin() const noexcept { return {*this, 0}; }
inline Headers::Iterator Headers::end() const noexcept { return {*this, size()}; }

} // namespace hocket::http
