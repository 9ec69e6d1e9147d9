#pragma once

#include <exception>
#include <string>
#include <type_traits>
#include <utility>

#include <hocket/event.hpp>
#include <hocket/exception_group.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/task.hpp>

/// The same functions as in tests/python/structured_concurrency.py: the traces of the tests must
/// equal the traces that it prints.
namespace trace {

inline std::string noted_so_far;

inline void note(const std::string& text) {
    noted_so_far += (noted_so_far.empty() ? "" : ", ") + text;
}
inline void note(const std::string& text, bool value) { note(text + (value ? " True" : " False")); }

inline hocket::Coro<> forever() {
    hocket::Event never;
    co_await never.wait();
}

inline hocket::Coro<> turns(int count) {
    for (int i = 0; i < count; ++i) {
        co_await hocket::sleep(std::chrono::seconds(0));
    }
}

/// Waits forever and notes its cancellation. If `answer` is true, then throws a ValueError.
inline hocket::Coro<> noted(std::string name, bool answer = false) {
    std::exception_ptr cancelled;
    try {
        co_await forever();
    } catch (const hocket::CancelledError&) {
        cancelled = std::current_exception();
        note(name + " cancelled");
    }
    co_await turns(2);
    if (answer) {
        throw hocket::ValueError(name);
    }
    note(name + " ended");
    std::rethrow_exception(cancelled);
}

inline hocket::Coro<> fail(std::string name, int after = 0) {
    co_await turns(after);
    note(name + " fails");
    throw hocket::ValueError(name);
}

inline std::string describe(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const hocket::ExceptionGroup& group) {
        std::string text;
        for (const std::exception_ptr& inner : group.exceptions()) {
            text += (text.empty() ? "" : " ") + describe(inner);
        }
        return "group[" + text + "]";
    } catch (const hocket::ValueError& value_error) {
        return "ValueError(" + std::string(value_error.what()) + ")";
    } catch (const hocket::CancelledError&) {
        return "CancelledError";
    } catch (const hocket::TimeoutError&) {
        return "TimeoutError";
    } catch (const hocket::KeyboardInterrupt&) {
        return "KeyboardInterrupt";
    } catch (...) {
        return hocket::describe_exception(error);
    }
}

/// Notes the outcome of `awaitable`, and the number of cancellation requests of the task
/// afterwards.
template <class A> hocket::Coro<> attempt(A awaitable) {
    try {
        if constexpr (std::is_same_v<typename A::value_type, int>) {
            const int value = co_await std::move(awaitable);
            note("value " + std::to_string(value));
        } else {
            static_cast<void>(co_await std::move(awaitable));
            note("value None");
        }
    } catch (...) {
        note(describe(std::current_exception()));
    }
    note("cancelling " + std::to_string(hocket::current_task().cancelling()));
}

/// Waits until `task` has ended, however it ends.
inline hocket::Coro<> ended(hocket::Task<void> task) {
    try {
        co_await task;
    } catch (const hocket::CancelledError&) {
        // the task was cancelled, not the caller
    }
}

/// Runs the coroutine that `main()` returns, and returns the trace that it noted.
template <class F> std::string of(F main) {
    noted_so_far.clear();
    hocket::run(std::move(main));
    return std::exchange(noted_so_far, std::string());
}

} // namespace trace
