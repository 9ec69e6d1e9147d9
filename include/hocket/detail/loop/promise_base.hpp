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

/// A type that a hocket coroutine can `co_await`. Such types declare `using hocket_awaitable =
/// void`.
template <class A>
concept Awaitable = requires { typename std::remove_cvref_t<A>::hocket_awaitable; };

/// Awaits an operation in place. (g++ 12 would copy an awaiter that is passed by reference.)
template <class A> struct BorrowedAwaiter {
    A* operation;
    bool await_ready() { return operation->await_ready(); }
    template <class P> auto await_suspend(std::coroutine_handle<P> caller) {
        return operation->await_suspend(caller);
    }
    decltype(auto) await_resume() { return operation->await_resume(); }
};

/// The pointer as which compilers pass a std::source_location. With g++, a parameter of the class
/// type would cost eight bytes in every frame.
using PlaceToken = decltype(__builtin_source_location());
static_assert(sizeof(PlaceToken) == sizeof(std::source_location));

/// The common part of all coroutines' promises: the task it runs in, the coroutine that awaits it,
/// and the source location where it waits.
///
/// A coroutine is started by its awaiter with a plain call, on the awaiter's stack. If it finishes
/// before it suspends, the call just returns: the awaiter is not suspended, and no tail call is
/// needed (g++ makes them only at -O2). Once it has suspended, its task's loop resumes it and, when
/// it has finished, its continuation. The stack therefore stays flat in every build.
class PromiseBase {
public:
    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* memory, std::size_t size) noexcept {
        free_frame(memory, size);
    }

    [[nodiscard]] std::coroutine_handle<> handle() noexcept {
        // All promises have the same offset in their frames: none is aligned to more than 16 bytes.
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

    /// Called when the coroutine ends with an exception. A loop has at most one such exception at a
    /// time, because it is rethrown at the continuation's `co_await` before anything else runs.
    void fail(std::exception_ptr error) noexcept {
        task->loop().in_flight = std::move(error);
        state = ResultState::error;
    }
    /// Not inline: every `co_await` has a call of it.
    [[noreturn, gnu::cold]] void rethrow();

    TaskBase* task = nullptr;            // nullptr until started
    PromiseBase* continuation = nullptr; // the coroutine that awaits this one
    std::source_location where;          // where it is suspended; initially its definition
    ResultState state = ResultState::none;
    bool detached = false; // has suspended at least once: no call stack waits for its end
};

/// Awaits a coroutine whose `task` is set: starts or continues it on this stack. Trivially
/// destructible, because the frame belongs to a Coro or generator.
class StartAwaiter {
public:
    explicit StartAwaiter(PromiseBase& callee) noexcept : callee_(callee) {}

    bool await_ready() noexcept {
        if (static_cast<char*>(__builtin_frame_address(0)) < callee_.task->loop().stack_limit)
            [[unlikely]] {
            callee_.detached = true; // the call chain is too deep: let the loop start it
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
