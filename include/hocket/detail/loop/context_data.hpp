#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include <hocket/engine/ref_ptr.hpp>

namespace hocket::detail {

struct ContextValues; // variables and their values; src/loop/context.cpp

void ref_context(ContextValues* values) noexcept;
void unref_context(ContextValues* values) noexcept;

struct CountContext {
    static void ref(ContextValues* values) noexcept { ref_context(values); }
    static void unref(ContextValues* values) noexcept { unref_context(values); }
};

/// The values of context variables; nullptr when none is set, which is what most programs pay for.
/// Values are copied when written while shared.
using ContextPointer = engine::RefPtr<ContextValues, CountContext>;

/// The values that are in force: those of `Context::run`, of the running task, or the thread's own.
/// May be nullptr.
[[nodiscard]] ContextValues* current_values() noexcept;
/// Where they are kept, to be replaced.
[[nodiscard]] ContextPointer& current_context();
[[nodiscard]] ContextPointer copy_current_context() noexcept;

} // namespace hocket::detail
