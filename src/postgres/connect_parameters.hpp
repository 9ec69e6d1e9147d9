#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/postgres/connect_options.hpp>

namespace hocket::detail::postgres {

/// The parameters of libpq for a connection.
class ConnectParameters {
public:
    using List = std::vector<std::pair<std::string, std::string>>;

    /// Throws ValueError if the DSN cannot be parsed.
    explicit ConnectParameters(const hocket::postgres::ConnectOptions& options);

    [[nodiscard]] const List& list() const noexcept { return list_; }
    /// The value of a parameter, or of the environment variable that stands for it.
    [[nodiscard]] std::string get(std::string_view name, const char* variable) const;
    void set(std::string_view name, std::string value);

private:
    List list_;
};

/// Resolves the names of hosts on the loop's resolver, because libpq would block while it does.
Coro<ConnectParameters> resolve(ConnectParameters parameters);

} // namespace hocket::detail::postgres
