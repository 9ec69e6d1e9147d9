#pragma once

#include <type_traits>
#include <utility>

// g++ before version 13 destroys a temporary in a co_await expression twice if it is initialised
// member by member (a closure or an aggregate) and has a destructor: GCC bug 99576. With these
// compilers, awaiting an object made from such a temporary does not compile. Define this as 0 to
// switch the check off.
#ifndef HOCKET_COAWAIT_DOUBLE_DESTROY
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#define HOCKET_COAWAIT_DOUBLE_DESTROY 1
#else
#define HOCKET_COAWAIT_DOUBLE_DESTROY 0
#endif
#endif

namespace hocket::detail {

/// An A made from an argument that must not be a temporary in a co_await expression. Behaves like
/// an A in every respect, except that a coroutine refuses to await it as a temporary.
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
/// A without references and const, and without MadeOfTemporary.
template <class A> using Plain = typename PlainOf<std::remove_cvref_t<A>>::type;

/// True for aggregates and for closures with captures, false for classes with constructors.
/// Closures are recognised by not being assignable; operations (such as a lock's acquire) are not
/// assignable either, but have a constructor.
template <class T>
concept InitialisedByMember =
    std::is_aggregate_v<T> ||
    (!std::is_move_assignable_v<T> && !requires { typename T::hocket_awaitable; });

/// Whether an argument for a parameter `P&&` is destroyed twice if it is a temporary in a co_await
/// expression. (A temporary cannot be told from a moved variable, which would be safe.)
template <class P>
inline constexpr bool is_destroyed_twice =
    std::is_class_v<P> && !std::is_trivially_destructible_v<P> &&
    (InitialisedByMember<P> || is_made_of_temporary<P>);

/// The return type of a function that has parameters `P&&...` and returns an awaitable A.
template <class A, class... P>
using MadeOf =
    std::conditional_t<HOCKET_COAWAIT_DOUBLE_DESTROY != 0 && (is_destroyed_twice<P> || ...),
                       MadeOfTemporary<A>, A>;

} // namespace hocket::detail
