#pragma once

#include <hocket/task.hpp>

namespace hocket {

namespace detail {

/// Gives a new task its options and starts it. The caller's reference becomes the handle.
template <class T>
Task<T> launch(TaskState<T>* state, PromiseBase& root, const TaskOptions* options) {
    TaskPointer<TaskBase> pointer(state);
    if (options == nullptr) {
        state->start(root, false);
        return Task<T>(std::move(pointer));
    }
    if (!options->name.empty()) {
        state->set_name(options->name);
    }
    if (options->context) {
        state->context() = options->context->values();
    }
    state->start(root, options->eager_start);
    return Task<T>(std::move(pointer));
}

template <class T>
Task<T> spawn(LoopCore& loop, Coro<T> coro, const TaskOptions* options,
              std::source_location place) {
    if (!coro) [[unlikely]] {
        throw_already_awaited(nullptr);
    }
    auto* state = new TaskState<T>(loop, place);
    return launch(state, *coro.release(), options);
}

template <class F, class... Args>
auto spawn_call(LoopCore& loop, const TaskOptions* options, const std::source_location* place,
                F&& callable, Args&&... args) -> Task<CoroValue<F, Args...>> {
    using T = CoroValue<F, Args...>;
    using State = KeptTaskState<T, std::decay_t<F>, std::decay_t<Args>...>;
    std::unique_ptr<State, UnstartedDeleter> state(
        new State(loop, place != nullptr ? *place : std::source_location(),
                  std::forward<F>(callable), std::forward<Args>(args)...));
    Coro<T> coro = state->call();
    if (!coro) [[unlikely]] {
        throw_already_awaited(nullptr);
    }
    PromiseBase* root = coro.release();
    if (place == nullptr) {
        state->set_created_at(root->where); // the coroutine's definition is the best known location
    }
    return launch<T>(state.release(), *root, options);
}

} // namespace detail

template <class T> Task<T> create_task(Coro<T> coro, std::source_location place) {
    return detail::spawn(detail::require_running_core(), std::move(coro), nullptr, place);
}

template <class T>
Task<T> create_task(Coro<T> coro, const TaskOptions& options, std::source_location place) {
    return detail::spawn(detail::require_running_core(), std::move(coro), &options, place);
}

template <class F> requires detail::CoroFunction<F>
auto create_task(F&& callable, std::source_location place)
    -> detail::MadeOf<Task<detail::CoroValue<F>>, F> {
    return detail::spawn_call(detail::require_running_core(), nullptr, &place,
                              std::forward<F>(callable));
}

template <class F, class... Args> requires(detail::CoroFunction<F, Args...> && sizeof...(Args) > 0)
auto create_task(F&& callable, Args&&... args)
    -> detail::MadeOf<Task<detail::CoroValue<F, Args...>>, F, Args...> {
    return detail::spawn_call(detail::require_running_core(), nullptr, nullptr,
                              std::forward<F>(callable), std::forward<Args>(args)...);
}

template <class F, class... Args> requires detail::CoroFunction<F, Args...>
auto create_task(const TaskOptions& options, F&& callable, Args&&... args)
    -> detail::MadeOf<Task<detail::CoroValue<F, Args...>>, F, Args...> {
    return detail::spawn_call(detail::require_running_core(), &options, nullptr,
                              std::forward<F>(callable), std::forward<Args>(args)...);
}

} // namespace hocket
