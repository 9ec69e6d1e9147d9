#pragma once

#include <concepts>
#include <type_traits>

#include <hocket/detail/loop/task_state.hpp>

namespace hocket::detail {

/// A callable that is the body of a scope, as in with_timeout and with_task_group: it takes the
/// scope and returns a Coro.
template <class F, class Scope>
concept ScopedBody = std::invocable<std::decay_t<F>&, Scope&> &&
                     is_coro<std::invoke_result_t<std::decay_t<F>&, Scope&>>;

template <class F, class Scope>
using ScopedBodyValue = typename std::invoke_result_t<std::decay_t<F>&, Scope&>::value_type;

} // namespace hocket::detail
