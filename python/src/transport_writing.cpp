// What a transport does to send.

#include "socket_transport.hpp"

#include <algorithm>
#include <cerrno>
#include <new>
#include <vector>

#include <sys/socket.h>
#include <sys/uio.h>

#include "loop.hpp"

namespace hocket::python {

namespace {

constexpr const char* write_error = "Fatal write error on socket transport";
// asyncio's LOG_THRESHOLD_FOR_CONNLOST_WRITES.
constexpr unsigned ignored_writes_to_log = 5;

bool check_writing(const SocketTransport& transport, const char* after_eof, const char* busy) {
    const char* const error = transport.has_written_eof           ? after_eof
                              : transport.empty_waiter != nullptr ? busy
                                                                  : nullptr;
    if (error != nullptr) {
        PyErr_SetString(PyExc_RuntimeError, error);
    }
    return error == nullptr;
}

bool ignore_write(SocketTransport& transport) {
    if (transport.connection_lost++ < ignored_writes_to_log) {
        return true;
    }
    const Ref done(PyObject_CallNoArgs(state_of(Py_TYPE(&transport)).warn_ignored_write));
    return static_cast<bool>(done);
}

/// fail() for a call from Python code, where KeyboardInterrupt and the like cannot have happened.
bool fail_with(SocketTransport& transport, int error) {
    errno = error;
    PyErr_SetFromErrno(PyExc_OSError);
    return fail(transport, write_error);
}

/// What is left of `data` from `begin` on. A bytes object is kept as it is; others may change.
Ref rest_of(PyObject* data, const Py_buffer& view, std::size_t begin) {
    if (PyBytes_CheckExact(data)) {
        return Ref::to(data);
    }
    return Ref(PyBytes_FromStringAndSize(static_cast<const char*>(view.buf) + begin,
                                         view.len - static_cast<Py_ssize_t>(begin)));
}

bool queue(SocketTransport& transport, PyObject* data, const Py_buffer& view, std::size_t begin) {
    Ref rest = rest_of(data, view, begin);
    return rest && transport.output.push(std::move(rest), PyBytes_CheckExact(data) ? begin : 0);
}

bool call_protocol(SocketTransport& transport, PyObject* method, const char* failed) {
    const Ref protocol = Ref::to(transport.protocol);
    const Ref done(PyObject_CallMethodNoArgs(protocol.get(), method));
    if (done) {
        return true;
    }
    if (ends_run()) {
        return false;
    }
    const Ref exception = take_exception();
    return transport.loop == nullptr || report(transport, exception.get(), failed);
}

bool resume_protocol_if_drained(SocketTransport& transport) {
    if (!transport.is_protocol_paused || transport.output.size() > transport.low_water) {
        return true;
    }
    transport.is_protocol_paused = false;
    return call_protocol(transport, transport.loop->state->resume_writing,
                         "protocol.resume_writing() failed");
}

/// Sends what a view shows, or queues what the socket does not take.
bool write_view(SocketTransport& transport, PyObject* data, const Py_buffer& view) {
    if (!transport.output.empty()) {
        return queue(transport, data, view, 0);
    }
    // In most cases, the socket takes everything.
    const auto size = static_cast<std::size_t>(view.len);
    const ssize_t sent = send_bytes(*transport.socket_fd, view.buf, size);
    if (sent == view.len) [[likely]] {
        return true;
    }
    if (sent < 0 && errno != EAGAIN) {
        return fail_with(transport, errno);
    }
    return queue(transport, data, view, sent < 0 ? 0 : static_cast<std::size_t>(sent)) &&
           watch(transport, engine::Watcher::writable);
}

/// The views of a list of bytes-like objects, for one call of sendmsg.
class Views {
public:
    Views() = default;
    ~Views() {
        for (Py_buffer& view : views_) {
            PyBuffer_Release(&view);
        }
    }
    Views(const Views&) = delete;
    Views& operator=(const Views&) = delete;

    [[nodiscard]] bool add(PyObject* data) {
        Py_buffer view;
        if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) != 0) {
            return false;
        }
        try {
            views_.push_back(view);
        } catch (const std::bad_alloc&) {
            PyBuffer_Release(&view);
            PyErr_NoMemory();
            return false;
        }
        return true;
    }
    [[nodiscard]] std::size_t size() const noexcept { return views_.size(); }
    [[nodiscard]] const Py_buffer& operator[](std::size_t i) const noexcept { return views_[i]; }

private:
    std::vector<Py_buffer> views_;
};

constexpr std::size_t most_pieces = 64;

/// Sends the first pieces if nothing is queued. Returns how many bytes the socket took, or -1.
ssize_t send_first(SocketTransport& transport, const Views& views) {
    if (!transport.output.empty()) {
        return 0;
    }
    iovec pieces[most_pieces];
    const std::size_t count = std::min(views.size(), most_pieces);
    for (std::size_t i = 0; i < count; ++i) {
        pieces[i] = {views[i].buf, static_cast<std::size_t>(views[i].len)};
    }
    const ssize_t sent = send_pieces(*transport.socket_fd, pieces, count);
    return sent < 0 && errno == EAGAIN ? 0 : sent;
}

} // namespace

bool pause_protocol_if_full(SocketTransport& transport) {
    if (transport.output.size() <= transport.high_water || transport.is_protocol_paused) {
        return true;
    }
    transport.is_protocol_paused = true;
    return call_protocol(transport, transport.loop->state->pause_writing,
                         "protocol.pause_writing() failed");
}

bool write(SocketTransport& transport, PyObject* data) {
    if (!PyBytes_Check(data) && !PyByteArray_Check(data) && !PyMemoryView_Check(data)) {
        PyErr_Format(PyExc_TypeError, "data argument must be a bytes-like object, not '%s'",
                     Py_TYPE(data)->tp_name);
        return false;
    }
    if (!check_writing(transport, "Cannot call write() after write_eof()",
                       "unable to write; sendfile is in progress")) {
        return false;
    }
    const Py_ssize_t size = PyObject_Size(data);
    if (size <= 0) {
        return size == 0;
    }
    if (transport.connection_lost != 0) {
        return ignore_write(transport);
    }
    Py_buffer view;
    if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) != 0) {
        return fail(transport, write_error);
    }
    const bool succeeded = write_view(transport, data, view);
    PyBuffer_Release(&view);
    return succeeded && pause_protocol_if_full(transport);
}

bool write_copy(SocketTransport& transport, const char* bytes, std::size_t size) {
    if (!check_writing(transport, "Cannot call write() after write_eof()",
                       "unable to write; sendfile is in progress")) {
        return false;
    }
    if (transport.connection_lost != 0) {
        return ignore_write(transport);
    }
    Py_buffer view{};
    view.buf = const_cast<char*>(bytes);
    view.len = static_cast<Py_ssize_t>(size);
    return write_view(transport, Py_None, view) && pause_protocol_if_full(transport);
}

bool write_lines(SocketTransport& transport, PyObject* lines) {
    if (!check_writing(transport, "Cannot call writelines() after write_eof()",
                       "unable to writelines; sendfile is in progress")) {
        return false;
    }
    const Ref list(PySequence_List(lines)); // a copy: a view may run code that changes the list
    if (!list) {
        return false;
    }
    Views views;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list.get()); ++i) {
        if (!views.add(PyList_GET_ITEM(list.get(), i))) {
            return false;
        }
    }
    if (views.size() == 0) {
        return true;
    }
    if (transport.connection_lost != 0) {
        return ignore_write(transport);
    }
    const bool was_empty = transport.output.empty();
    const ssize_t sent = send_first(transport, views);
    if (sent < 0) {
        return fail_with(transport, errno);
    }
    auto skipped = static_cast<std::size_t>(sent);
    for (std::size_t i = 0; i < views.size(); ++i) {
        const auto size = static_cast<std::size_t>(views[i].len);
        const std::size_t begin = std::min(skipped, size);
        skipped -= begin;
        if (begin < size &&
            !queue(transport, PyList_GET_ITEM(list.get(), static_cast<Py_ssize_t>(i)), views[i],
                   begin)) {
            return false;
        }
    }
    if (transport.output.empty()) {
        return true;
    }
    return (!was_empty || watch(transport, engine::Watcher::writable)) &&
           pause_protocol_if_full(transport);
}

bool write_eof(SocketTransport& transport) {
    if (transport.is_closing || transport.has_written_eof) {
        return true;
    }
    transport.has_written_eof = true;
    if (!transport.output.empty()) {
        return true; // write_ready does it
    }
    return shut_down_writing(transport);
}

bool shut_down_writing(SocketTransport& transport) {
    if (::shutdown(*transport.socket_fd, SHUT_WR) == 0) {
        return true;
    }
    PyErr_SetFromErrno(PyExc_OSError);
    return false;
}

bool write_ready(SocketTransport& transport) {
    if (transport.connection_lost != 0 || transport.is_closed) {
        return true;
    }
    // It is empty if an exception in resume_writing() has ended the run. The rest is done now.
    const int error = transport.output.empty() ? 0 : transport.output.send(*transport.socket_fd);
    if (error == EAGAIN) {
        return true;
    }
    const ModuleState& state = *transport.loop->state;
    if (error != 0) {
        unwatch(transport, engine::Watcher::writable);
        transport.output.clear();
        const Ref waiter = Ref::to(transport.empty_waiter);
        errno = error;
        PyErr_SetFromErrno(PyExc_OSError);
        const Ref exception = take_exception();
        raise_again(Ref::to(exception.get()));
        if (!fail(transport, write_error)) {
            return false;
        }
        const Ref done(
            waiter ? PyObject_CallMethodOneArg(waiter.get(), state.set_exception, exception.get())
                   : Ref::to(Py_None).release());
        return static_cast<bool>(done);
    }
    if (!resume_protocol_if_drained(transport)) { // it may write
        return false;
    }
    if (!transport.output.empty() || transport.is_closed || transport.connection_lost != 0) {
        return true;
    }
    unwatch(transport, engine::Watcher::writable);
    if (transport.empty_waiter != nullptr) {
        const Ref done(
            PyObject_CallMethodOneArg(transport.empty_waiter, state.set_result, Py_None));
        if (!done) {
            return false;
        }
    }
    if (transport.is_closing) {
        return end(transport, Py_None);
    }
    return !transport.has_written_eof || shut_down_writing(transport);
}

} // namespace hocket::python
