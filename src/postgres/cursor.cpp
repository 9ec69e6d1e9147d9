#include <memory>
#include <string>
#include <utility>

#include <hocket/detail/postgres/calls.hpp>

#include "postgres/execution.hpp"
#include "postgres/result_data.hpp"

namespace hocket::detail::postgres {

namespace {

/// Closes a cursor, unless its transaction has ended, with which it is gone.
class CursorScope {
public:
    CursorScope(StatePointer state, std::string name) noexcept
        : state_(std::move(state)),
          name_(std::move(name)),
          transaction_(state_->transaction_number) {}
    CursorScope(const CursorScope&) = delete;
    CursorScope& operator=(const CursorScope&) = delete;
    ~CursorScope() {
        if (state_->transaction_level > 0 && state_->transaction_number == transaction_) {
            state_->submit_detached(make_command("CLOSE " + name_, true));
        }
    }

private:
    StatePointer state_;
    std::string name_;
    std::uint64_t transaction_;
};

} // namespace

AsyncGenerator<pg::Row> cursor(StatePointer state, std::string sql, Arguments arguments,
                               int prefetch) {
    state->require_open();
    if (state->transaction_level == 0) {
        throw pg::InterfaceError("a cursor needs a transaction: use it in Connection::transaction");
    }
    const std::string name = "hocket_cursor_" + std::to_string(++state->next_cursor);
    {
        Execution declare(
            state,
            make_execution(state->new_statement("DECLARE " + name + " NO SCROLL CURSOR FOR " + sql),
                           std::move(arguments)));
        co_await declare;
    }
    const CursorScope scope(state, name);
    while (true) {
        Execution fetch(
            state, make_command("FETCH FORWARD " + std::to_string(prefetch) + " FROM " + name));
        ResultPointer result = co_await fetch;
        const pg::Rows rows(share(std::move(result)));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            co_yield rows[i];
        }
        if (rows.size() < static_cast<std::size_t>(prefetch)) {
            co_return;
        }
    }
}

} // namespace hocket::detail::postgres
