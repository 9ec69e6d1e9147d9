#pragma once

#include <utility>

#include <hocket/detail/processes/manager/managed_update.hpp>

namespace hocket::detail {

/// The value inside the manager. ManagedValue says what the functions do.
template <class T> class HeldValue {
public:
    explicit HeldValue(T initial) : value_(std::move(initial)) {}

    [[nodiscard]] const T& get() const { return value_; }
    void set(T value) { value_ = std::move(value); }
    template <class F, class... Args>
    UpdateResult<F, T, Args...> update(const RemoteCallee<F>& function, Args... args) {
        return update_value(value_, function, std::move(args)...);
    }

private:
    T value_;
};

} // namespace hocket::detail
