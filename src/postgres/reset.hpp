#pragma once

#include <hocket/detail/postgres/calls.hpp>

namespace hocket::detail::postgres {

/// Connection::reset.
Coro<> reset(StatePointer state);
/// Connection::close.
Coro<> close(StatePointer state);

} // namespace hocket::detail::postgres
