#pragma once

#include <concepts>
#include <cstddef>
#include <deque>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <hocket/detail/processes/calls/message.hpp>

namespace hocket::detail {

/// Packs and unpacks a value. Returns its size in bytes.
template <class T> std::size_t repacked_size(const T& value) {
    Message message = pack_message(value);
    const std::span<const char> bytes(message.bytes.data(), message.bytes.size());
    static_cast<void>(unpack_message<T>(bytes, message.descriptors));
    return bytes.size();
}

/// Whether values can be compared with `==`. The containers of the standard library declare it
/// whether or not their elements have it.
template <class T> struct HasEquality : std::bool_constant<std::equality_comparable<T>> {};
template <class T> requires requires { typename T::value_type; } && std::equality_comparable<T>
struct HasEquality<T> : HasEquality<typename T::value_type> {};
template <class A, class B>
struct HasEquality<std::pair<A, B>>
    : std::bool_constant<HasEquality<std::remove_cv_t<A>>::value && HasEquality<B>::value> {};
template <class... T>
struct HasEquality<std::tuple<T...>> : std::bool_constant<(HasEquality<T>::value && ...)> {};

template <class T>
concept ComparableResult = !std::is_same_v<T, std::monostate> && std::move_constructible<T> &&
                           (HasEquality<T>::value || crosses<T>);

/// Whether two results are the same. A NaN is equal to itself: packed, it is the same bytes.
template <ComparableResult T> bool same_result(const T& a, const T& b) {
    if constexpr (HasEquality<T>::value) {
        if (a == b) {
            return true;
        }
    }
    if constexpr (crosses<T>) {
        const msgpack::sbuffer packed_a = pack_message(a).bytes;
        const msgpack::sbuffer packed_b = pack_message(b).bytes;
        return std::string_view(packed_a.data(), packed_a.size()) ==
               std::string_view(packed_b.data(), packed_b.size());
    } else {
        return false;
    }
}

/// The results of the first items, which those of all models are compared with.
template <class R> class KeptResults {
public:
    static constexpr bool comparable = ComparableResult<R>;

    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    void keep(R result) {
        ++count_;
        if constexpr (comparable) {
            results_.push_back(std::move(result));
        }
    }
    [[nodiscard]] bool agrees(std::size_t index, const R& result) const {
        if constexpr (comparable) {
            return same_result(results_[index], result);
        } else {
            return true;
        }
    }
    [[nodiscard]] const R& operator[](std::size_t index) const requires comparable {
        return results_[index];
    }

private:
    // Not a vector: that of bool has no elements to refer to.
    std::deque<std::conditional_t<comparable, R, std::monostate>> results_;
    std::size_t count_ = 0;
};

} // namespace hocket::detail
