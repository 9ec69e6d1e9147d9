#pragma once

// Python.h comes first, because it sets macros of the C library's headers.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <utility>

#if PY_VERSION_HEX < 0x030B0000
#error "hocket needs Python 3.11 or newer"
#endif

namespace hocket::python {

/// Owns a reference to a Python object, or none. Everything here needs the GIL.
class Ref {
public:
    Ref() noexcept = default;
    /// Takes over a reference from the caller; `object` may be nullptr.
    explicit Ref(PyObject* object) noexcept : object_(object) {}
    Ref(const Ref&) = delete;
    Ref& operator=(const Ref&) = delete;
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Ref& operator=(Ref&& other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Ref() { Py_XDECREF(object_); }

    /// Adds a reference to an object that somebody else owns.
    [[nodiscard]] static Ref to(PyObject* object) noexcept { return Ref(Py_XNewRef(object)); }

    [[nodiscard]] PyObject* get() const noexcept { return object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }
    /// Passes the reference on to the caller.
    [[nodiscard]] PyObject* release() noexcept { return std::exchange(object_, nullptr); }

private:
    PyObject* object_ = nullptr;
};

/// Takes the current exception away from the interpreter: normalised, with its traceback. There
/// must be one.
[[nodiscard]] inline Ref take_exception() noexcept {
#if PY_VERSION_HEX >= 0x030C0000
    return Ref(PyErr_GetRaisedException());
#else
    PyObject* type = nullptr;
    PyObject* value = nullptr;
    PyObject* traceback = nullptr;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != nullptr) {
        PyException_SetTraceback(value, traceback);
    }
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return Ref(value);
#endif
}

/// Makes `exception` the current one again.
inline void raise_again(Ref exception) noexcept {
#if PY_VERSION_HEX >= 0x030C0000
    PyErr_SetRaisedException(exception.release());
#else
    PyObject* const value = exception.release();
    PyErr_Restore(Py_NewRef(reinterpret_cast<PyObject*>(Py_TYPE(value))), value,
                  PyException_GetTraceback(value));
#endif
}

} // namespace hocket::python
