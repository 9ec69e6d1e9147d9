#include <hocket/context.hpp>

#include <algorithm>
#include <vector>

#include <hocket/detail/loop/loop_core.hpp>
#include <hocket/detail/loop/task_base.hpp>

#include "loop/context_scope.hpp"

namespace hocket::detail {

// Usually few variables are set, so a flat list is the fastest map. A null value means unset.
struct ContextValues {
    struct Entry {
        const ContextVarBase* variable;
        std::shared_ptr<const void> value;
    };
    std::atomic<std::uint32_t> references{1};
    std::vector<Entry> entries;
};

namespace {

thread_local ContextPointer of_thread;
thread_local ContextPointer* forced = nullptr;
thread_local ContextPointer* under_loop = nullptr; // `forced` when the loop started to run

ContextPointer& outside_tasks() noexcept { return under_loop != nullptr ? *under_loop : of_thread; }

ContextValues::Entry* find_entry(ContextValues* values, const ContextVarBase* variable) noexcept {
    if (values == nullptr) {
        return nullptr;
    }
    const auto found =
        std::ranges::find(values->entries, variable, &ContextValues::Entry::variable);
    return found == values->entries.end() ? nullptr : &*found;
}

} // namespace

void ref_context(ContextValues* values) noexcept {
    values->references.fetch_add(1, std::memory_order_relaxed);
}

void unref_context(ContextValues* values) noexcept {
    if (values->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        delete values;
    }
}

ContextScope::ContextScope(ContextPointer* context) noexcept
    : outer_(std::exchange(forced, context)) {}
ContextScope::~ContextScope() { forced = outer_; }

LoopContextScope::LoopContextScope() noexcept
    : outer_(std::exchange(under_loop, std::exchange(forced, nullptr))) {}
LoopContextScope::~LoopContextScope() { forced = std::exchange(under_loop, outer_); }

ContextValues* current_values() noexcept {
    if (forced != nullptr) {
        return forced->get();
    }
    const LoopCore* core = running_core();
    return core != nullptr && core->current != nullptr ? core->current->context_values()
                                                       : outside_tasks().get();
}

ContextPointer& current_context() {
    if (forced != nullptr) {
        return *forced;
    }
    const LoopCore* core = running_core();
    return core != nullptr && core->current != nullptr ? core->current->context() : outside_tasks();
}

ContextPointer copy_current_context() noexcept {
    ContextValues* values = current_values();
    if (values != nullptr) {
        ref_context(values);
    }
    return ContextPointer(values);
}

void run_in_context(ContextPointer& context, const std::function<void()>& body) {
    const ContextScope scope(&context);
    body();
}

const std::shared_ptr<const void>* ContextVarBase::find() const noexcept {
    const ContextValues::Entry* entry = find_entry(current_values(), this);
    return entry != nullptr && entry->value != nullptr ? &entry->value : nullptr;
}

std::shared_ptr<const void> ContextVarBase::exchange(std::shared_ptr<const void> value) const {
    ContextPointer& context = current_context();
    ContextValues* values = context.get();
    if (values == nullptr || values->references.load(std::memory_order_acquire) > 1) {
        auto copy = std::make_unique<ContextValues>();
        if (values != nullptr) {
            copy->entries = values->entries;
        }
        values = copy.get();
        context = ContextPointer(copy.release());
    }
    if (ContextValues::Entry* entry = find_entry(values, this)) {
        std::swap(entry->value, value);
        return value;
    }
    values->entries.push_back({this, std::move(value)});
    return nullptr;
}

void ContextVarBase::throw_unset() const {
    throw RuntimeError("ContextVar '" + name_ +
                       "' has no value in the current context and no default");
}

void ContextVarBase::throw_bad_token(const char* why) {
    throw ValueError(std::string("this Token cannot reset the ContextVar: ") + why);
}

} // namespace hocket::detail

namespace hocket {

Context copy_context() { return Context(detail::copy_current_context()); }

} // namespace hocket
