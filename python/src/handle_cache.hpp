#pragma once

#include "handle.hpp"

namespace hocket::python {

/// Memory of handles that were freed, for those that are created next. A chain of calls always
/// needs the same two; a burst needs many at once. Belongs to the process, because there is one
/// interpreter.
class HandleCache {
public:
    /// Takes memory in which no object lives; nullptr if the cache is empty.
    [[nodiscard]] HandleObject* take() noexcept {
        HandleObject* const handle = first_;
        if (handle != nullptr) {
            first_ = reinterpret_cast<HandleObject*>(handle->weak_references);
            --size_;
        }
        return handle;
    }
    void give(HandleObject* handle) noexcept {
        if (size_ == most) {
            PyObject_Free(handle);
            return;
        }
        handle->weak_references = reinterpret_cast<PyObject*>(first_);
        first_ = handle;
        ++size_;
    }

private:
    static constexpr int most = 2048;

    HandleObject* first_ = nullptr;
    int size_ = 0;
};

} // namespace hocket::python
