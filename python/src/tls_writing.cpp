// TLS: what the application writes goes through OpenSSL to the transport below.

#include <algorithm>
#include <climits>

#include "loop.hpp"
#include "module_state.hpp"
#include "tls_protocol.hpp"

namespace hocket::python {

namespace {

/// A view of bytes that has as many items as bytes.
class ByteView {
public:
    explicit ByteView(PyObject* data) {
        is_valid_ = (PyBytes_Check(data) || PyByteArray_Check(data) || PyMemoryView_Check(data)) &&
                    PyObject_GetBuffer(data, &view_, PyBUF_SIMPLE) == 0;
        if (is_valid_ && PyObject_Size(data) != view_.len) {
            PyBuffer_Release(&view_);
            is_valid_ = false;
        }
        if (!is_valid_) {
            PyErr_Clear();
        }
    }
    ~ByteView() {
        if (is_valid_) {
            PyBuffer_Release(&view_);
        }
    }
    ByteView(const ByteView&) = delete;
    ByteView& operator=(const ByteView&) = delete;

    explicit operator bool() const noexcept { return is_valid_; }
    [[nodiscard]] const char* bytes() const noexcept { return static_cast<char*>(view_.buf); }
    [[nodiscard]] Py_ssize_t size() const noexcept { return view_.len; }

private:
    Py_buffer view_;
    bool is_valid_;
};

/// Returns how much OpenSSL took. If it is not everything, Python's write() says why.
Py_ssize_t encrypt(TlsProtocol& tls, const ByteView& view) noexcept {
    Py_ssize_t done = 0;
    while (done < view.size()) {
        const auto size = static_cast<int>(std::min<Py_ssize_t>(view.size() - done, INT_MAX));
        const int count = tls.state->tls.write(tls.session.ssl, view.bytes() + done, size);
        if (count <= 0) {
            break;
        }
        done += count;
    }
    return done;
}

/// What is left of `data`: a bytes object as it is, others copied, because they may change.
Ref rest_of(PyObject* data, const ByteView& view, Py_ssize_t done) {
    if (done == 0 && PyBytes_CheckExact(data)) {
        return Ref::to(data);
    }
    return Ref(PyBytes_FromStringAndSize(view.bytes() + done, view.size() - done));
}

/// self._write_appdata(list): also what to do with exceptions.
bool write_list(TlsProtocol& tls, PyObject* list) {
    const Ref done(list != nullptr
                       ? PyObject_CallMethodOneArg(object(tls), tls.state->write_appdata, list)
                       : nullptr);
    return static_cast<bool>(done);
}

bool write_in_python(TlsProtocol& tls, PyObject* data) {
    const Ref list(PyTuple_Pack(1, data));
    return write_list(tls, list.get());
}

bool queue_rest(TlsProtocol& tls, PyObject* data, const ByteView& view, Py_ssize_t done) {
    const Ref rest = rest_of(data, view, done);
    const Ref queued(rest ? PyObject_CallMethod(tls.write_backlog, "append", "O", rest.get())
                          : nullptr);
    if (!queued) {
        return false;
    }
    tls.write_buffer_size += view.size() - done;
    // It tries again.
    const Ref nothing(PyTuple_New(0));
    return write_list(tls, nothing.get());
}

/// What write() does with data that is not empty.
bool write_data(TlsProtocol& tls, PyObject* data) {
    if (tls.phase != tls.state->tls_wrapped || !has_session(tls) ||
        PyObject_Size(tls.write_backlog) != 0) {
        return write_in_python(tls, data);
    }
    {
        const ByteView view(data);
        if (!view) {
            return write_in_python(tls, data);
        }
        const Py_ssize_t done = encrypt(tls, view);
        if (done < view.size()) {
            return queue_rest(tls, data, view, done);
        }
    }
    return send_outgoing(tls) || fail(tls);
}

/// The protocol as ours; nullptr if it is None, which asyncio makes it when a transport is closed
/// twice.
TlsProtocol* tls_or_none(PyObject* protocol) {
    PyObject* const module = PyType_GetModuleByDef(Py_TYPE(protocol), &module_definition);
    if (module == nullptr) {
        PyErr_Clear();
        return nullptr;
    }
    return PyObject_TypeCheck(protocol, state_of(module).tls_protocol_type) != 0 ? &tls_of(protocol)
                                                                                 : nullptr;
}

PyObject* write(PyObject* self, PyObject* data) {
    // The module is imported in the main interpreter only.
    static PyObject* const name = PyUnicode_InternFromString("_ssl_protocol");
    if (!PyBytes_Check(data) && !PyByteArray_Check(data) && !PyMemoryView_Check(data)) {
        return PyErr_Format(PyExc_TypeError, "data: expecting a bytes-like instance, got %s",
                            Py_TYPE(data)->tp_name);
    }
    const Py_ssize_t size = PyObject_Size(data);
    if (size <= 0) {
        return size < 0 ? nullptr : Py_NewRef(Py_None);
    }
    const Ref protocol(PyObject_GetAttr(self, name));
    TlsProtocol* const tls = protocol ? tls_or_none(protocol.get()) : nullptr;
    if (tls != nullptr) [[likely]] {
        return write_data(*tls, data) ? Py_NewRef(Py_None) : nullptr;
    }
    return protocol ? PyObject_CallMethod(protocol.get(), "_write_appdata", "((O))", data)
                    : nullptr;
}

PyMethodDef write_method = {"write", write, METH_O,
                            "Encrypt bytes and send them, or queue what cannot be sent now."};

} // namespace

PyObject* make_tls_write(PyObject*, PyObject* type) {
    if (PyType_Check(type) == 0) {
        PyErr_SetString(PyExc_TypeError, "a class was expected");
        return nullptr;
    }
    return PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type), &write_method);
}

bool write_backlog(TlsProtocol& tls) {
    const ModuleState& state = *tls.state;
    const auto write_python = [&] {
        const Ref done(PyObject_CallOneArg(state.tls_do_write, object(tls)));
        return static_cast<bool>(done);
    };
    if (!has_session(tls)) {
        return write_python();
    }
    while (PyObject_Size(tls.write_backlog) > 0) {
        const Ref data(PySequence_GetItem(tls.write_backlog, 0));
        if (!data) {
            return false;
        }
        const ByteView view(data.get());
        const Py_ssize_t done = view ? encrypt(tls, view) : 0;
        tls.write_buffer_size -= done;
        if (!view || done < view.size()) {
            const Ref rest = view ? rest_of(data.get(), view, done) : Ref();
            if (rest && PySequence_SetItem(tls.write_backlog, 0, rest.get()) != 0) {
                return false;
            }
            return write_python();
        }
        if (PySequence_DelItem(tls.write_backlog, 0) != 0) {
            return false;
        }
    }
    return send_outgoing(tls);
}

} // namespace hocket::python
