#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace hocket::detail {

struct ContextValues; // variables and their values; src/loop/context.cpp

void ref_context(ContextValues* values) noexcept;
void unref_context(ContextValues* values) noexcept;

/// Counted pointer to the values of context variables; nullptr when none is set, which is
/// what most programs pay for. Values are copied when written while shared.
class ContextPointer {
public:
    ContextPointer() noexcept = default;
    explicit ContextPointer(ContextValues* values) noexcept : values_(values) {}
    ContextPointer(const ContextPointer& other) noexcept : values_(other.values_) {
        if (values_ != nullptr) {
            ref_context(values_);
        }
    }
    ContextPointer(ContextPointer&& other) noexcept
        : values_(std::exchange(other.values_, nullptr)) {}
    ContextPointer& operator=(ContextPointer other) noexcept {
        std::swap(values_, other.values_);
        return *this;
    }
    ~ContextPointer() {
        if (values_ != nullptr) {
            unref_context(values_);
        }
    }

    [[nodiscard]] ContextValues* get() const noexcept { return values_; }
    explicit operator bool() const noexcept { return values_ != nullptr; }

private:
    ContextValues* values_ = nullptr;
};

/// The values that are in force: those of `Context::run`, of the running task, or the thread's own.
/// May be nullptr.
[[nodiscard]] ContextValues* current_values() noexcept;
/// Where they are kept, to be replaced.
[[nodiscard]] ContextPointer& current_context();
[[nodiscard]] ContextPointer copy_current_context() noexcept;

} // namespace hocket::detail
