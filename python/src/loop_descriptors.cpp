// _add_reader, _remove_writer and so on: what asyncio's transports and add_reader are made of.

#include "loop.hpp"

#include <climits>
#include <new>

namespace hocket::python {

namespace {

using engine::Watcher;

/// The number of a descriptor given as asyncio's selectors accept it: an int, or an object with
/// fileno(). Returns -1 with an exception set.
int number_of(PyObject* descriptor) {
    long number = -1;
    if (PyLong_Check(descriptor)) {
        int overflow = 0;
        number = PyLong_AsLongAndOverflow(descriptor, &overflow);
        if (overflow != 0) {
            number = -1;
        }
    } else {
        const Ref method(PyObject_GetAttrString(descriptor, "fileno"));
        const Ref fileno(method ? PyObject_CallNoArgs(method.get()) : nullptr);
        const Ref integer(fileno ? PyNumber_Long(fileno.get()) : nullptr);
        if (!integer) {
            if (PyErr_ExceptionMatches(PyExc_AttributeError) ||
                PyErr_ExceptionMatches(PyExc_TypeError) ||
                PyErr_ExceptionMatches(PyExc_ValueError)) {
                PyErr_Clear();
                PyErr_Format(PyExc_ValueError, "Invalid file object: %R", descriptor);
            }
            return -1;
        }
        number = PyLong_AsLong(integer.get());
        if (number == -1 && PyErr_Occurred() != nullptr) {
            PyErr_Clear();
        }
    }
    if (number < 0 || number > INT_MAX) {
        PyErr_Format(PyExc_ValueError, "Invalid file descriptor: %ld", number);
        return -1;
    }
    return static_cast<int>(number);
}

/// The number under which a descriptor is watched, also of a file object that is closed by now.
/// Returns -1 with an exception set, and -2 if it is not watched.
int watched_number_of(const LoopObject& loop, PyObject* descriptor) {
    const int number = number_of(descriptor);
    if (number >= 0) {
        return loop.core->watches.find(number) != nullptr ? number : -2;
    }
    const int earlier = PyLong_Check(descriptor) ? -1 : loop.core->watches.find(descriptor);
    if (earlier >= 0) {
        PyErr_Clear();
    }
    return earlier;
}

bool raise(std::error_code error) {
    errno = error.value();
    PyErr_SetFromErrno(PyExc_OSError);
    return false;
}

/// Puts `handle` in its place and passes the former handle to the caller.
bool watch(LoopObject& loop, int fd, PyObject* descriptor, std::uint32_t event,
           HandleObject& handle) {
    DescriptorWatches& watches = loop.core->watches;
    engine::Poller& poller = loop.core->reactor.poller();
    DescriptorWatch* watch = watches.find(fd);
    if (watch == nullptr) {
        auto added = std::make_unique<DescriptorWatch>(loop);
        watch = added.get();
        if (const auto error = poller.add(*watch, fd, event)) {
            return raise(error);
        }
        watches.add(fd, std::move(added));
    } else if (const auto error = poller.renew(*watch, watch->interest() | event)) {
        // Renewed also where the interest stays, because the descriptor may be another file by now.
        watches.remove(fd);
        return raise(error);
    }
    if (!PyLong_Check(descriptor)) {
        watch->file = Ref::to(descriptor);
    }
    handle.is_watching = true;
    Py_INCREF(&handle);
    if (HandleObject* const former = std::exchange(watch->handle_for(event), &handle)) {
        former->is_watching = false;
        const bool cancelled = cancel_handle(*former);
        release_handle(*former);
        return cancelled;
    }
    return true;
}

PyObject* add(PyObject* self, PyObject* const* arguments, Py_ssize_t count, std::uint32_t event,
              const char* name) {
    LoopObject& loop = loop_of(self);
    if (count < 2) {
        PyErr_Format(PyExc_TypeError, "%s() takes a file descriptor, a callback, and its arguments",
                     name);
        return nullptr;
    }
    if (!check_open(loop)) {
        return nullptr;
    }
    const int fd = number_of(arguments[0]);
    if (fd < 0) {
        return nullptr;
    }
    Ref handle(reinterpret_cast<PyObject*>(
        new_handle(*loop.state, loop, {arguments[1], arguments + 2, count - 2, nullptr})));
    if (!handle) {
        return nullptr;
    }
    try {
        if (!watch(loop, fd, arguments[0], event, *reinterpret_cast<HandleObject*>(handle.get()))) {
            return nullptr;
        }
    } catch (const std::bad_alloc&) {
        return PyErr_NoMemory();
    }
    return handle.release();
}

PyObject* remove(PyObject* self, PyObject* descriptor, std::uint32_t event) {
    LoopObject& loop = loop_of(self);
    if (loop.core == nullptr) {
        Py_RETURN_FALSE;
    }
    const int fd = watched_number_of(loop, descriptor);
    if (fd == -1) {
        return nullptr;
    }
    if (fd == -2) {
        Py_RETURN_FALSE;
    }
    DescriptorWatch& watch = *loop.core->watches.find(fd);
    HandleObject* const handle = std::exchange(watch.handle_for(event), nullptr);
    if (watch.reader() == nullptr && watch.writer() == nullptr) {
        loop.core->watches.remove(fd);
    } else if (handle != nullptr) {
        // If the kernel refuses, the descriptor is gone, and no more events come.
        std::ignore = loop.core->reactor.poller().change(watch, watch.interest() & ~event);
    }
    if (handle == nullptr) {
        Py_RETURN_FALSE;
    }
    handle->is_watching = false;
    const bool cancelled = cancel_handle(*handle);
    release_handle(*handle);
    if (!cancelled) {
        return nullptr;
    }
    Py_RETURN_TRUE;
}

} // namespace

PyObject* add_reader(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
    return add(self, arguments, count, Watcher::readable, "_add_reader");
}
PyObject* add_writer(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
    return add(self, arguments, count, Watcher::writable, "_add_writer");
}
PyObject* remove_reader(PyObject* self, PyObject* descriptor) {
    return remove(self, descriptor, Watcher::readable);
}
PyObject* remove_writer(PyObject* self, PyObject* descriptor) {
    return remove(self, descriptor, Watcher::writable);
}

/// The open transport that has the descriptor, or None.
PyObject* socket_transport(PyObject* self, PyObject* descriptor) {
    const LoopObject& loop = loop_of(self);
    const int fd = number_of(descriptor);
    if (fd < 0) {
        // asyncio says of what is wrong. A closed socket is -1.
        if (PyErr_ExceptionMatches(PyExc_ValueError) == 0) {
            return nullptr;
        }
        PyErr_Clear();
        Py_RETURN_NONE;
    }
    const auto index = static_cast<std::size_t>(fd);
    if (loop.core == nullptr || index >= loop.core->transports.size() ||
        loop.core->transports[index] == nullptr) {
        Py_RETURN_NONE;
    }
    return Py_NewRef(object(*loop.core->transports[index]));
}

PyObject* watched_events(PyObject* self, PyObject* descriptor) {
    LoopObject& loop = loop_of(self);
    if (loop.core == nullptr) {
        return Py_BuildValue("(OO)", Py_None, Py_None);
    }
    const int fd = watched_number_of(loop, descriptor);
    if (fd == -1) {
        return nullptr;
    }
    PyObject* reader = Py_None;
    PyObject* writer = Py_None;
    if (const DescriptorWatch* const watch = fd >= 0 ? loop.core->watches.find(fd) : nullptr) {
        reader = watch->reader() != nullptr ? object(*watch->reader()) : Py_None;
        writer = watch->writer() != nullptr ? object(*watch->writer()) : Py_None;
    }
    return Py_BuildValue("(OO)", reader, writer);
}

} // namespace hocket::python
