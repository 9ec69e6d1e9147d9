#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hocket::http {

/// Names and values for the query of a URL, or for a form: httpx.QueryParams. A name may occur
/// several times. All bytes are allowed in both, because they are percent-encoded.
class QueryParams {
public:
    QueryParams() = default;
    QueryParams(std::initializer_list<std::pair<std::string_view, std::string_view>> items);

    void add(std::string_view name, std::string_view value);

    [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& items() const noexcept {
        return items_;
    }
    /// "a=1&b=x%26y", with '+' for spaces, as in HTML forms.
    [[nodiscard]] std::string encoded() const;

private:
    std::vector<std::pair<std::string, std::string>> items_;
};

} // namespace hocket::http
