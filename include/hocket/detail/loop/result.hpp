#pragma once

#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <variant>

namespace hocket::detail {

enum class ResultState : unsigned char { none, value, error };

/// Storage for a result or an exception. The owner knows which: it keeps the state outside, where
/// that can be packed with other flags.
template <class T> class ResultStorage {
    // References are stored as pointers, void as an empty type. Over-aligned values are stored on
    // the heap, because they would change the promise's offset in its frame (see
    // PromiseBase::handle).
    static constexpr bool boxed =
        alignof(std::conditional_t < std::is_reference_v<T> || std::is_void_v<T>, char, T >) > 16;
    using Plain = std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*,
                                     std::conditional_t<std::is_void_v<T>, std::monostate, T>>;
    using Stored = std::conditional_t<boxed, std::unique_ptr<Plain>, Plain>;

public:
    ResultStorage() noexcept {}
    ~ResultStorage() {}
    ResultStorage(const ResultStorage&) = delete;
    ResultStorage& operator=(const ResultStorage&) = delete;

    template <class U> void set_value(U&& value) {
        if constexpr (std::is_reference_v<T>) {
            ::new (&value_) Stored(std::addressof(value));
        } else if constexpr (boxed) {
            ::new (&value_) Stored(std::make_unique<Plain>(std::forward<U>(value)));
        } else {
            ::new (&value_) Stored(std::forward<U>(value));
        }
    }
    void set_value() noexcept requires std::is_void_v<T> { ::new (&value_) Stored(); }
    void set_error(std::exception_ptr error) noexcept {
        ::new (&error_) std::exception_ptr(std::move(error));
    }

    /// The value, as an lvalue. The state must be `value`.
    decltype(auto) value() noexcept {
        if constexpr (std::is_reference_v<T> || boxed) {
            return (*value_);
        } else {
            return (value_);
        }
    }
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

    /// Moves the value out, or throws the error.
    T take(ResultState state) {
        if (state == ResultState::error) [[unlikely]] {
            std::rethrow_exception(error_);
        }
        if constexpr (std::is_reference_v<T>) {
            return static_cast<T>(*value_);
        } else if constexpr (!std::is_void_v<T>) {
            return std::move(value());
        }
    }

    /// Returns a copy of the value (moves it out if it cannot be copied), or throws the error.
    T get(ResultState state) {
        if constexpr (std::is_reference_v<T> || std::is_void_v<T>) {
            return take(state);
        } else if constexpr (std::is_copy_constructible_v<T>) {
            if (state == ResultState::error) [[unlikely]] {
                std::rethrow_exception(error_);
            }
            return value();
        } else {
            return take(state);
        }
    }

    void clear(ResultState state) noexcept {
        if (state == ResultState::value) {
            std::destroy_at(&value_);
        } else if (state == ResultState::error) {
            std::destroy_at(&error_);
        }
    }

private:
    union {
        Stored value_;
        std::exception_ptr error_;
    };
};

/// For void, only an error is stored.
template <> class ResultStorage<void> {
public:
    void set_value() noexcept {}
    void set_error(std::exception_ptr error) noexcept { error_ = std::move(error); }
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
    void take(ResultState state) {
        if (state == ResultState::error) [[unlikely]] {
            std::rethrow_exception(error_);
        }
    }
    void get(ResultState state) { take(state); }
    void clear(ResultState) noexcept {}

private:
    std::exception_ptr error_;
};

} // namespace hocket::detail
