#pragma once

#include <bit>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <source_location>
#include <type_traits>
#include <utility>

#include <hocket/detail/loop/frame_alloc.hpp>
#include <hocket/detail/loop/made_of_temporary.hpp>
#include <hocket/detail/loop/result.hpp>
#include <hocket/detail/loop/task_base.hpp>

namespace hocket::detail {

/// True for what a hocket coroutine can `co_await`: types that say so with `using hocket_awaitable
/// = void`.
template <class A>
concept Awaitable = requires { typename std::remove_cvref_t<A>::hocket_awaitable; };

/// Awaits an operation where it stands. (g++ 12 would copy an awaiter that it is handed by
/// reference.)
template <class A> struct BorrowedAwaiter {
    A* operation;
    bool await_ready() { return operation->await_ready(); }
    template <class P> auto await_suspend(std::coroutine_handle<P> caller) {
        return operation->await_suspend(caller);
    }
    decltype(auto) await_resume() { return operation->await_resume(); }
};

/// A std::source_location as its compilers pass it: a pointer. A location taken as a class would
/// cost every frame eight bytes with g++.
using PlaceToken = decltype(__builtin_source_location());
static_assert(sizeof(PlaceToken) == sizeof(std::source_location));

/// What every coroutine of hocket carries: the task it runs in, who awaits it, and where it waits.
///
/// A coroutine is started by its awaiter with a plain call, on the awaiter's stack. When it
/// finishes before it suspends, the call just returns (no suspension of the awaiter, and no need
/// for tail calls, which g++ makes at -O2 only). Once it has suspended, it is resumed by its task's
/// loop and hands over to its continuation through that loop, so stacks stay flat in every build.
class PromiseBase {
public:
    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* memory, std::size_t size) noexcept {
        free_frame(memory, size);
    }

    [[nodiscard]] std::coroutine_handle<> handle() noexcept {
        // Any promise starts at the same place in its frame: none is aligned to more than 16.
        return std::coroutine_handle<PromiseBase>::from_promise(*this);
    }

    [[nodiscard]] bool is_started() const noexcept { return task != nullptr; }
    [[nodiscard]] bool is_finished() const noexcept { return state != ResultState::none; }

    std::suspend_always initial_suspend() const noexcept { return {}; }

    struct FinalAwaiter {
        bool await_ready() const noexcept { return false; }
        template <class P> void await_suspend(std::coroutine_handle<P> self) const noexcept {
            PromiseBase& promise = self.promise();
            if (promise.detached) {
                promise.task->loop().transfer = promise.continuation;
            }
        }
        void await_resume() const noexcept {}
    };
    FinalAwaiter final_suspend() const noexcept { return {}; }

    template <class A>
    auto await_transform(A&& awaitable, PlaceToken place = __builtin_source_location()) {
        static_assert(Awaitable<A>,
                      "hocket cannot await this type: await a Coro, Task, Future or one "
                      "of hocket's operations");
        static_assert(
            !is_made_of_temporary<A>,
            "hocket: in a co_await expression, this compiler destroys a temporary lambda or "
            "aggregate twice if a member has a destructor (GCC bug 99576). Name it first, pass the "
            "value as an argument, or capture by reference; or keep the Task, Future or Coro in a "
            "variable and await that");
        where = std::bit_cast<std::source_location>(place);
        if constexpr (requires { awaitable.start_in(*task); }) {
            awaitable.start_in(*task);
        }
        if constexpr (requires { std::forward<A>(awaitable).operator co_await(); }) {
            return std::forward<A>(awaitable).operator co_await();
        } else {
            return BorrowedAwaiter<std::remove_reference_t<A>>{&awaitable};
        }
    }

    /// The coroutine ends with an exception. At most one is under way in a loop at any time: it is
    /// thrown on at the continuation's `co_await`, before anything else runs.
    void fail(std::exception_ptr error) noexcept {
        task->loop().in_flight = std::move(error);
        state = ResultState::error;
    }
    /// Not inline: every `co_await` has a call of it.
    [[noreturn, gnu::cold]] void rethrow();

    TaskBase* task = nullptr;            // nullptr until started
    PromiseBase* continuation = nullptr; // who awaits this coroutine
    std::source_location where;          // the place it is suspended at; at first, its definition
    ResultState state = ResultState::none;
    bool detached = false; // suspended at least once: nobody's call stack waits for its end
};

/// Awaits a coroutine whose `task` is set: starts (or goes on with) it on this stack. Trivially
/// destructible: the frame belongs to the Coro or generator that handed it out.
class StartAwaiter {
public:
    explicit StartAwaiter(PromiseBase& callee) noexcept : callee_(callee) {}

    bool await_ready() noexcept {
        if (static_cast<char*>(__builtin_frame_address(0)) < callee_.task->loop().stack_limit)
            [[unlikely]] {
            callee_.detached = true; // too deep a chain of calls: let the loop start it
            return false;
        }
        callee_.handle().resume();
        return callee_.is_finished();
    }

    template <class P> void await_suspend(std::coroutine_handle<P> caller) noexcept {
        if (callee_.detached) [[unlikely]] {
            callee_.task->loop().transfer = &callee_;
        }
        callee_.continuation = &caller.promise();
        callee_.detached = true;
    }

protected:
    PromiseBase& callee_;
};

} // namespace hocket::detail
