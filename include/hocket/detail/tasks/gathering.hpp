#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include <hocket/detail/loop/ensure_task.hpp>
#include <hocket/detail/loop/join.hpp>

namespace hocket {

template <class T> class Outcome;

namespace detail {

/// The tasks of a gather; `collect` makes its result from theirs.
template <class Result> class Gathering {
public:
    virtual ~Gathering() = default;
    virtual Result collect() = 0;

    Join& join() noexcept { return join_; }

protected:
    Gathering(std::span<const AnyTask> tasks, Join::Until until)
        : join_(tasks, until, Join::OnCancel::pass_on) {}

private:
    Join join_;
};

/// Returned by gather; can be awaited once. Python's _GatheringFuture.
template <class Result> class [[nodiscard]] Gather {
public:
    using hocket_awaitable = void;
    using hocket_future = void;
    using value_type = Result;

    explicit Gather(std::unique_ptr<Gathering<Result>> tasks) noexcept : tasks_(std::move(tasks)) {}

    struct Awaiter {
        Gathering<Result>* tasks;
        bool await_ready() const noexcept { return tasks->join().await_ready(); }
        template <class P> void await_suspend(std::coroutine_handle<P> caller) {
            tasks->join().await_suspend(caller);
        }
        Result await_resume() {
            tasks->join().await_resume();
            return tasks->collect();
        }
    };
    Awaiter operator co_await() && noexcept { return Awaiter{tasks_.get()}; }
    operator Coro<Result>() && { // NOLINT(google-explicit-constructor): represents a coroutine
        return await_owned<Result>(std::move(*this));
    }

private:
    std::unique_ptr<Gathering<Result>> tasks_;
};

/// One of the tasks. It is `owned` if gather created it; its result can then be moved out.
template <class T, bool owned> struct Gathered {
    Task<T> task;

    [[nodiscard]] TaskState<T>& state() const { return static_cast<TaskState<T>&>(task.state()); }
    T value() {
        if constexpr (owned) {
            return state().take();
        } else {
            return state().result();
        }
    }
};

// How a gather ends: with the first error, or when everything has ended.

struct FirstError {
    template <class T> using Result = Unvoid<T>;
    static constexpr auto until = Join::Until::first_unfinished;

    /// Throws the error that ended the wait, if there was one.
    static void check(Join& join);
    template <class T, bool owned> static Unvoid<T> collect(Gathered<T, owned>& one) {
        if constexpr (std::is_void_v<T>) {
            one.value();
            return {};
        } else {
            return one.value();
        }
    }
};

struct Settled {
    template <class T> using Result = Outcome<T>;
    static constexpr auto until = Join::Until::all_done;

    static void check(Join&) noexcept {}
    template <class T, bool owned> static Outcome<T> collect(Gathered<T, owned>& one) {
        if (one.state().state() != TaskBase::State::finished) {
            return Outcome<T>(one.state().error());
        }
        return Outcome<T>(FirstError::collect(one));
    }
};

template <class How, class... Children> class TupleGathering;
template <class How, class... T, bool... owned>
class TupleGathering<How, Gathered<T, owned>...> final
    : public Gathering<std::tuple<typename How::template Result<T>...>> {
    using Result = std::tuple<typename How::template Result<T>...>;

public:
    explicit TupleGathering(std::tuple<Gathered<T, owned>...> children)
        : Gathering<Result>(handles(children), How::until), children_(std::move(children)) {}

    Result collect() override {
        How::check(this->join());
        return std::apply([](auto&... child) { return Result{How::collect(child)...}; }, children_);
    }

private:
    static std::array<AnyTask, sizeof...(T)>
    handles(const std::tuple<Gathered<T, owned>...>& children) {
        return std::apply(
            [](const auto&... child) {
                return std::array<AnyTask, sizeof...(T)>{AnyTask(child.task)...};
            },
            children);
    }

    std::tuple<Gathered<T, owned>...> children_;
};

template <class How, class... A> auto gather_tuple(A&&... awaitables) {
    using Result = std::tuple<typename How::template Result<StartableValue<A>>...>;
    using Tasks = TupleGathering<How, Gathered<StartableValue<A>, !is_task<Plain<A>>>...>;
    // Braces guarantee that the tasks are started from left to right.
    std::tuple<Gathered<StartableValue<A>, !is_task<Plain<A>>>...> children{
        Gathered<StartableValue<A>, !is_task<Plain<A>>>{
            ensure_task(std::forward<A>(awaitables))}...};
    return Gather<Result>(std::make_unique<Tasks>(std::move(children)));
}

template <class How, class T, bool owned>
class VectorGathering final : public Gathering<std::vector<typename How::template Result<T>>> {
    using Result = std::vector<typename How::template Result<T>>;

public:
    explicit VectorGathering(std::vector<Gathered<T, owned>> children)
        : Gathering<Result>(handles(children), How::until), children_(std::move(children)) {}

    Result collect() override {
        How::check(this->join());
        Result result;
        result.reserve(children_.size());
        for (auto& child : children_) {
            result.push_back(How::collect(child));
        }
        return result;
    }

private:
    static std::vector<AnyTask> handles(const std::vector<Gathered<T, owned>>& children) {
        std::vector<AnyTask> tasks;
        tasks.reserve(children.size());
        for (const auto& child : children) {
            tasks.push_back(child.task);
        }
        return tasks;
    }

    std::vector<Gathered<T, owned>> children_;
};

template <class How, class T, class A> auto gather_vector(std::vector<A> awaitables) {
    std::vector<Gathered<T, !is_task<A>>> children;
    children.reserve(awaitables.size());
    for (A& awaitable : awaitables) {
        children.push_back({ensure_task(std::move(awaitable))});
    }
    return Gather<std::vector<typename How::template Result<T>>>(
        std::make_unique<VectorGathering<How, T, !is_task<A>>>(std::move(children)));
}

} // namespace detail
} // namespace hocket
