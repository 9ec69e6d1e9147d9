#pragma once

#include <optional>
#include <string>
#include <utility>

#include <hocket/detail/postgres/calls.hpp>

namespace hocket::postgres {

/// A statement that the server has parsed; returned by Connection::prepare. The server forgets it
/// with the last PreparedStatement of it. `fetch` and `execute` prepare by themselves, so this is
/// only needed for statements that must not leave the connection's cache.
class PreparedStatement {
public:
    PreparedStatement(detail::postgres::StatePointer state,
                      detail::postgres::StatementPointer statement) noexcept
        : state_(std::move(state)), statement_(std::move(statement)) {}

    [[nodiscard]] const std::string& query() const noexcept;

    /// Like the functions of Connection with these names.
    template <class... A> Coro<Rows> fetch(const A&... arguments) const {
        return detail::postgres::fetch(state_, statement_,
                                       detail::postgres::to_arguments(arguments...));
    }
    template <class... A> Coro<std::optional<Row>> fetchrow(const A&... arguments) const {
        return detail::postgres::first_row(fetch(arguments...));
    }
    template <class T, class... A> Coro<T> fetchval(const A&... arguments) const {
        return detail::postgres::first_value<T>(fetch(arguments...));
    }
    template <class R> Coro<> executemany(const R& rows) const {
        return detail::postgres::execute_many(state_, statement_,
                                              detail::postgres::to_argument_rows(rows));
    }

private:
    detail::postgres::StatePointer state_;
    detail::postgres::StatementPointer statement_;
};

} // namespace hocket::postgres
