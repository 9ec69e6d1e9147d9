#include "tls_library.hpp"

#include <cstddef>
#include <cstring>

#include <dlfcn.h>

#include "module_state.hpp"

namespace hocket::python {

namespace {

/// The pointer in an object's memory, `index` pointers after the object's head.
void* pointer_in(PyObject* object, std::size_t index) noexcept {
    void* pointer = nullptr;
    std::memcpy(&pointer, reinterpret_cast<char*>(object + 1) + index * sizeof(void*),
                sizeof(pointer));
    return pointer;
}

bool has_room_for(PyTypeObject* type, std::size_t pointers) noexcept {
    return type->tp_basicsize >=
           static_cast<Py_ssize_t>(sizeof(PyObject) + pointers * sizeof(void*));
}

bool is_memory(const ModuleState& state, PyObject* object, const BIO* bio) noexcept {
    return Py_TYPE(object) == state.memory_bio && pointer_in(object, 0) == bio &&
           state.tls.bio_type(bio) == BIO_TYPE_MEM;
}

/// The attribute, or nothing without an exception.
Ref attribute(PyObject* object, const char* name) {
    Ref value(PyObject_GetAttrString(object, name));
    if (!value) {
        PyErr_Clear();
    }
    return value;
}

template <class Function>
bool find_function(void* library, const char* name, Function& function) noexcept {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    return function != nullptr;
}

bool find_functions(void* library, TlsLibrary& tls) noexcept {
    return find_function(library, "SSL_read", tls.read) &&
           find_function(library, "SSL_write", tls.write) &&
           find_function(library, "SSL_get_error", tls.get_error) &&
           find_function(library, "SSL_get_shutdown", tls.get_shutdown) &&
           find_function(library, "SSL_has_pending", tls.has_pending) &&
           find_function(library, "SSL_get_SSL_CTX", tls.get_context) &&
           find_function(library, "SSL_get_rbio", tls.get_incoming) &&
           find_function(library, "SSL_get_wbio", tls.get_outgoing) &&
           find_function(library, "BIO_read", tls.bio_read) &&
           find_function(library, "BIO_write", tls.bio_write) &&
           find_function(library, "BIO_ctrl", tls.bio_control) &&
           find_function(library, "BIO_ctrl_pending", tls.bio_pending) &&
           find_function(library, "BIO_method_type", tls.bio_type) &&
           find_function(library, "BUF_MEM_new", tls.new_memory) &&
           find_function(library, "BUF_MEM_free", tls.free_memory);
}

/// The types of `_ssl` and ssl that sessions must have.
bool find_types(ModuleState& state, PyObject* module) {
    const auto find = [module](const char* name, PyTypeObject*& type) {
        Ref object = attribute(module, name);
        if (!object || PyType_Check(object.get()) == 0) {
            return false;
        }
        Py_XSETREF(type, reinterpret_cast<PyTypeObject*>(object.release()));
        return true;
    };
    return find("_SSLSocket", state.ssl_socket) && find("_SSLContext", state.ssl_context) &&
           find("MemoryBIO", state.memory_bio) && has_room_for(state.ssl_socket, 3) &&
           has_room_for(state.ssl_context, 1) && has_room_for(state.memory_bio, 1);
}

bool find_exceptions(ModuleState& state, PyObject* module) {
    Py_XSETREF(state.ssl_want_read, attribute(module, "SSLWantReadError").release());
    Py_XSETREF(state.ssl_syscall_error, attribute(module, "SSLSyscallError").release());
    return state.ssl_want_read != nullptr && state.ssl_syscall_error != nullptr;
}

/// Whether object.name is the method `function` of ssl.SSLObject: classes and objects may replace
/// it.
bool has_method(PyObject* object, const char* name, PyObject* function) {
    const Ref method = attribute(object, name);
    return method && PyMethod_Check(method.get()) &&
           PyMethod_GET_FUNCTION(method.get()) == function;
}

bool find_methods(ModuleState& state, PyObject* ssl_object) {
    auto* const type = reinterpret_cast<PyObject*>(Py_TYPE(ssl_object));
    Py_XSETREF(state.ssl_object_read, attribute(type, "read").release());
    Py_XSETREF(state.ssl_object_write, attribute(type, "write").release());
    return state.ssl_object_read != nullptr && state.ssl_object_write != nullptr;
}

/// Whether the MemoryBIO says of itself what OpenSSL says of the BIO.
bool has_pending(const ModuleState& state, PyObject* object, BIO* bio) {
    const Ref pending = attribute(object, "pending");
    return pending && PyLong_Check(pending.get()) != 0 &&
           PyLong_AsSize_t(pending.get()) == state.tls.bio_pending(bio);
}

} // namespace

bool find_session(const ModuleState& state, PyObject* ssl_object, PyObject* incoming,
                  PyObject* outgoing, TlsSession& session) {
    if (state.memory_bio == nullptr) {
        return false;
    }
    const Ref owner = attribute(ssl_object, "_sslobj");
    const Ref context = owner ? attribute(owner.get(), "context") : Ref();
    if (!context || Py_TYPE(owner.get()) != state.ssl_socket ||
        PyObject_TypeCheck(context.get(), state.ssl_context) == 0 ||
        !has_method(ssl_object, "read", state.ssl_object_read) ||
        !has_method(ssl_object, "write", state.ssl_object_write)) {
        return false;
    }
    // _SSLSocket: a weak reference, the SSL*, the context; _SSLContext: the SSL_CTX*; MemoryBIO:
    // the BIO*. The context is compared before OpenSSL sees the pointer.
    auto* const ssl = static_cast<SSL*>(pointer_in(owner.get(), 1));
    if (pointer_in(owner.get(), 2) != context.get() || ssl == nullptr ||
        state.tls.get_context(ssl) != pointer_in(context.get(), 0)) {
        return false;
    }
    BIO* const in = state.tls.get_incoming(ssl);
    BIO* const out = state.tls.get_outgoing(ssl);
    if (in == nullptr || out == nullptr || !is_memory(state, incoming, in) ||
        !is_memory(state, outgoing, out)) {
        return false;
    }
    // Exceptions of this callback are raised by the next call of SSLObject's methods.
    const Ref callback = attribute(context.get(), "_msg_callback");
    if (callback.get() != Py_None) {
        return false;
    }
    session = {owner.get(), ssl, in, out};
    return true;
}

void trim(const TlsLibrary& library, BIO* bio) noexcept {
    constexpr std::size_t much = std::size_t{32} * 1024;
    BUF_MEM* memory = nullptr;
    library.bio_control(bio, BIO_C_GET_BUF_MEM_PTR, 0, &memory);
    if (memory == nullptr || memory->max <= much || library.bio_pending(bio) != 0) {
        return;
    }
    BUF_MEM* const empty = library.new_memory();
    if (empty != nullptr && library.bio_control(bio, BIO_C_SET_BUF_MEM, BIO_CLOSE, empty) <= 0) {
        library.free_memory(empty);
    }
}

PyObject* prepare_tls(PyObject* module, PyObject* arguments) {
    PyObject* ssl_module = nullptr;
    PyObject* ssl_object = nullptr;
    PyObject* incoming = nullptr;
    PyObject* outgoing = nullptr;
    if (PyArg_ParseTuple(arguments, "OOOO:_prepare_tls", &ssl_module, &ssl_object, &incoming,
                         &outgoing) == 0) {
        return nullptr;
    }
    ModuleState& state = state_of(module);
    const Ref file = attribute(ssl_module, "__file__");
    // Without a file, it is part of the program. It stays loaded, as extension modules do.
    void* const library =
        file && PyUnicode_Check(file.get()) != 0
            ? ::dlopen(PyUnicode_AsUTF8(file.get()), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD)
            : ::dlopen(nullptr, RTLD_NOW);
    PyErr_Clear();
    TlsSession session{};
    const bool is_usable = library != nullptr && find_functions(library, state.tls) &&
                           find_types(state, ssl_module) && find_exceptions(state, ssl_module) &&
                           find_methods(state, ssl_object) &&
                           find_session(state, ssl_object, incoming, outgoing, session) &&
                           has_pending(state, incoming, session.incoming) &&
                           has_pending(state, outgoing, session.outgoing);
    if (!is_usable) {
        Py_CLEAR(state.memory_bio);
    }
    return PyBool_FromLong(is_usable);
}

} // namespace hocket::python
