#pragma once

#include <utility>

namespace hocket::engine {

/// Counts references with the object's members ref() and unref().
struct CountByMembers {
    template <class T> static void ref(T* object) noexcept { object->ref(); }
    template <class T> static void unref(T* object) noexcept { object->unref(); }
};

/// A pointer to a reference-counted object; one pointer wide. As thread-safe as the object's
/// counter.
template <class T, class Counting = CountByMembers> class RefPtr {
public:
    RefPtr() noexcept = default;
    /// Takes over a reference from the caller.
    explicit RefPtr(T* object) noexcept : object_(object) {}
    RefPtr(const RefPtr& other) noexcept : object_(other.object_) {
        if (object_ != nullptr) {
            Counting::ref(object_);
        }
    }
    RefPtr(RefPtr&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    RefPtr& operator=(RefPtr other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~RefPtr() {
        if (object_ != nullptr) {
            Counting::unref(object_);
        }
    }

    [[nodiscard]] T* get() const noexcept { return object_; }
    T* operator->() const noexcept { return object_; }
    T& operator*() const noexcept { return *object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }
    /// Passes the reference on to the caller.
    [[nodiscard]] T* release() noexcept { return std::exchange(object_, nullptr); }

private:
    T* object_ = nullptr;
};

} // namespace hocket::engine
