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

/// The values of context variables; nullptr if none is set, so that most programs pay only for a
/// pointer. Copied when written while shared.
using ContextPointer = engine::RefPtr<ContextValues, CountContext>;

/// The current values: those of `Context::run`, of the running task, or the thread's own. May be
/// nullptr.
[[nodiscard]] ContextValues* current_values() noexcept;
/// The pointer to the current values; can be replaced.
[[nodiscard]] ContextPointer& current_context();
[[nodiscard]] ContextPointer copy_current_context() noexcept;

} // namespace hocket::detail
