#pragma once

#include <type_traits>
#include <utility>

#include <hocket/detail/processes/manager/managed_reference.hpp>

namespace hocket::detail {

/// Whether an update changes the value in place.
template <class F, class V, class... Args>
concept UpdatesInPlace = requires(F& function, V& value, Carried<Args>... args) {
    { function(value, std::move(args)...) } -> std::same_as<void>;
};

template <class F, class V, class... Args>
using UpdateResult = std::conditional_t<UpdatesInPlace<std::decay_t<F>, V, Args...>, void, V>;

template <class F, class V, class... Values>
UpdateResult<F, V, Values...> update_value(V& value, const RemoteCallee<F>& function,
                                           Values&&... args) {
    if constexpr (UpdatesInPlace<F, V, Values...>) {
        function(value, std::forward<Values>(args)...);
    } else {
        value = function(std::as_const(value), std::forward<Values>(args)...);
        return value;
    }
}

} // namespace hocket::detail
