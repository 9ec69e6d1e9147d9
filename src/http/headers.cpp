#include <hocket/errors.hpp>
#include <hocket/http/headers.hpp>

#include "http/ascii.hpp"

namespace hocket::http {
namespace {

void check_name(std::string_view name) {
    if (name.empty()) throw ValueError("the name of a header field is empty");
    for (const char c : name) {
        if (!detail::is_token(c)) {
            throw ValueError("the name of the header field " + detail::quoted(name) + " contains " +
                             detail::quoted({&c, 1}) +
                             "; letters, digits and !#$%&'*+-.^_`|~ are allowed");
        }
    }
}

void check_value(std::string_view name, std::string_view value) {
    for (const char c : value) {
        if (detail::is_control(c) && c != '\t') {
            throw ValueError("the value of the header field " + detail::quoted(name) +
                             " contains the control character " + detail::quoted({&c, 1}) + ": " +
                             detail::quoted(value));
        }
    }
}

} // namespace

Headers::Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    for (const auto& [name, value] : fields) {
        add(name, value);
    }
}

void Headers::add(std::string_view name, std::string_view value) {
    check_name(name);
    value = detail::trim(value);
    check_value(name, value);
    if (text_.size() + name.size() + value.size() > UINT32_MAX) {
        throw ValueError("the header fields are larger than 4 GiB");
    }
    const Place place{static_cast<std::uint32_t>(text_.size()),
                      static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(text_.size() + name.size()),
                      static_cast<std::uint32_t>(value.size())};
    places_.reserve(places_.size() < places_.capacity() ? 0 : places_.size() * 2 + 4);
    // The arguments may be views into this very text.
    std::string both;
    both.reserve(name.size() + value.size());
    both.append(name).append(value);
    text_ += both;
    places_.push_back(place);
}

void Headers::set(std::string_view name, std::string_view value) {
    add(name, value);
    const Place added = places_.back();
    std::erase_if(places_, [&](const Place& place) {
        return place.name != added.name &&
               detail::equals_ignoring_case({text_.data() + place.name, place.name_size},
                                            {text_.data() + added.name, added.name_size});
    });
}

std::size_t Headers::erase(std::string_view name) {
    const std::size_t erased = std::erase_if(places_, [&](const Place& place) {
        return detail::equals_ignoring_case({text_.data() + place.name, place.name_size}, name);
    });
    // The text of erased fields stays until nothing refers to the text any more.
    if (places_.empty()) text_.clear();
    return erased;
}

void Headers::clear() noexcept {
    text_.clear();
    places_.clear();
}

std::optional<std::string_view> Headers::get(std::string_view name) const noexcept {
    for (const auto field : *this) {
        if (detail::equals_ignoring_case(field.name, name)) return field.value;
    }
    return std::nullopt;
}

std::string_view Headers::get(std::string_view name, std::string_view otherwise) const noexcept {
    return get(name).value_or(otherwise);
}

std::vector<std::string_view> Headers::get_all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto field : *this) {
        if (detail::equals_ignoring_case(field.name, name)) values.push_back(field.value);
    }
    return values;
}

bool Headers::contains(std::string_view name) const noexcept { return get(name).has_value(); }

Headers::Field Headers::operator[](std::size_t index) const noexcept {
    const Place& place = places_[index];
    return {{text_.data() + place.name, place.name_size},
            {text_.data() + place.value, place.value_size}};
}

bool Headers::operator==(const Headers& other) const noexcept {
    if (size() != other.size()) return false;
    for (std::size_t i = 0; i < size(); ++i) {
        const Field mine = (*this)[i];
        const Field theirs = other[i];
        if (mine.value != theirs.value || !detail::equals_ignoring_case(mine.name, theirs.name)) {
            return false;
        }
    }
    return true;
}

} // namespace hocket::http
