#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <hocket/detail/processes/calls/msgpack.hpp>

namespace hocket {

namespace detail {

template <class T>
struct CrossesByItself : std::bool_constant<std::is_arithmetic_v<T> || std::is_enum_v<T>> {};

// Matches a class with MSGPACK_DEFINE(members...), or with the two functions that the macro
// defines.
template <class T> requires requires(T value, const T& constant,
                                     msgpack::packer<msgpack::sbuffer>& packer,
                                     const msgpack::object& object) {
    constant.msgpack_pack(packer);
    value.msgpack_unpack(object);
} struct CrossesByItself<T> : std::true_type {};

} // namespace detail

/// Whether values of type T can be sent to another process. True for numbers, enumerations,
/// std::string and std::chrono::duration; for standard containers, std::optional, pairs and tuples
/// of such types; for the types that hocket shares between processes (SharedArray …); and for
/// classes that contain `MSGPACK_DEFINE(members...)`.
///
/// Specialise it as `true` for a class whose msgpack adaptors are written by hand. If such a class
/// has members that msgpack supports but this list lacks (std::unique_ptr, std::forward_list …),
/// include <msgpack.hpp> as well.
template <class T> inline constexpr bool crosses = detail::CrossesByItself<T>::value;

template <> inline constexpr bool crosses<std::string> = true;
template <> inline constexpr bool crosses<std::monostate> = true;
template <class R, class P> inline constexpr bool crosses<std::chrono::duration<R, P>> = true;
template <class T> inline constexpr bool crosses<std::optional<T>> = crosses<T>;
template <class T, std::size_t N> inline constexpr bool crosses<std::array<T, N>> = crosses<T>;
template <class T, class A> inline constexpr bool crosses<std::vector<T, A>> = crosses<T>;
template <class T, class A> inline constexpr bool crosses<std::deque<T, A>> = crosses<T>;
template <class T, class A> inline constexpr bool crosses<std::list<T, A>> = crosses<T>;
template <class T, class... R> inline constexpr bool crosses<std::set<T, R...>> = crosses<T>;
template <class T, class... R>
inline constexpr bool crosses<std::unordered_set<T, R...>> = crosses<T>;
template <class K, class V, class... R>
inline constexpr bool crosses<std::map<K, V, R...>> = crosses<K> && crosses<V>;
template <class K, class V, class... R>
inline constexpr bool crosses<std::unordered_map<K, V, R...>> = crosses<K> && crosses<V>;
template <class A, class B>
inline constexpr bool crosses<std::pair<A, B>> = crosses<A> && crosses<B>;
template <class... T> inline constexpr bool crosses<std::tuple<T...>> = (crosses<T> && ...);

} // namespace hocket
