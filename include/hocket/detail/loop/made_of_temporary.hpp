#pragma once

#include <type_traits>
#include <utility>

// Before version 13, g++ destroys a temporary of a co_await expression twice when it is initialised
// member by member (a closure, an aggregate) and has a destructor: GCC bug 99576. With these
// compilers, awaiting what was made with such a temporary does not compile. Define this as 0 to
// switch the check off.
#ifndef HOCKET_COAWAIT_DOUBLE_DESTROY
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#define HOCKET_COAWAIT_DOUBLE_DESTROY 1
#else
#define HOCKET_COAWAIT_DOUBLE_DESTROY 0
#endif
#endif

namespace hocket::detail {

/// An A that was made with an argument that must not be a temporary of a co_await expression.
/// Converts to A, and is one in every respect, except that a coroutine refuses to await it as a
/// temporary.
template <class A> class MadeOfTemporary : public A {
public:
    using A::A;
    using A::operator=;
    MadeOfTemporary(A&& made) noexcept
        : A(std::move(made)) {} // NOLINT(google-explicit-constructor)
};

template <class A> inline constexpr bool is_made_of_temporary = false;
template <class A> inline constexpr bool is_made_of_temporary<MadeOfTemporary<A>> = true;

template <class A> struct PlainOf {
    using type = A;
};
template <class A> struct PlainOf<MadeOfTemporary<A>> {
    using type = A;
};
/// A without references and const, and as if it had been made with named objects only.
template <class A> using Plain = typename PlainOf<std::remove_cvref_t<A>>::type;

/// Closures with captures and aggregates; not classes with constructors. A closure cannot be
/// assigned; nor can an operation (a lock's acquire), but that has a constructor.
template <class T>
concept InitialisedByMember =
    std::is_aggregate_v<T> ||
    (!std::is_move_assignable_v<T> && !requires { typename T::hocket_awaitable; });

/// Whether an argument for a parameter `P&&` is destroyed twice if it is a temporary of a co_await
/// expression. (A temporary looks the same as a variable that is moved from, which is safe.)
template <class P>
inline constexpr bool is_destroyed_twice =
    std::is_class_v<P> && !std::is_trivially_destructible_v<P> &&
    (InitialisedByMember<P> || is_made_of_temporary<P>);

/// What a function with parameters `P&&...` returns as its awaitable A.
template <class A, class... P>
using MadeOf =
    std::conditional_t<HOCKET_COAWAIT_DOUBLE_DESTROY != 0 && (is_destroyed_twice<P> || ...),
                       MadeOfTemporary<A>, A>;

} // namespace hocket::detail
