// The module hocket._hocket.

#include "loop.hpp"
#include "module_state.hpp"
#include "socket_transport.hpp"
#include "tls_protocol.hpp"

namespace hocket::python {

namespace {

struct Name {
    PyObject* ModuleState::*place;
    const char* text;
};

constexpr Name names[] = {
    {&ModuleState::check_callback, "_check_callback"},
    {&ModuleState::check_thread, "_check_thread"},
    {&ModuleState::slow_duration, "slow_callback_duration"},
    {&ModuleState::time, "time"},
    {&ModuleState::task, "Task"},
    {&ModuleState::future, "Future"},
    {&ModuleState::connection_made, "connection_made"},
    {&ModuleState::connection_lost, "connection_lost"},
    {&ModuleState::data_received, "data_received"},
    {&ModuleState::eof_received, "eof_received"},
    {&ModuleState::get_buffer, "get_buffer"},
    {&ModuleState::buffer_updated, "buffer_updated"},
    {&ModuleState::pause_writing, "pause_writing"},
    {&ModuleState::resume_writing, "resume_writing"},
    {&ModuleState::pause_reading, "pause_reading"},
    {&ModuleState::start_reading, "_start_reading"},
    {&ModuleState::call_connection_lost, "_call_connection_lost"},
    {&ModuleState::attach, "_attach"},
    {&ModuleState::detach, "_detach"},
    {&ModuleState::close, "close"},
    {&ModuleState::fileno, "fileno"},
    {&ModuleState::getsockname, "getsockname"},
    {&ModuleState::getpeername, "getpeername"},
    {&ModuleState::set_result, "set_result"},
    {&ModuleState::set_exception, "set_exception"},
    {&ModuleState::cancelled, "cancelled"},
    {&ModuleState::feed_data, "feed_data"},
    {&ModuleState::stream_reader_wr, "_stream_reader_wr"},
    {&ModuleState::eof, "_eof"},
    {&ModuleState::buffer, "_buffer"},
    {&ModuleState::limit, "_limit"},
    {&ModuleState::transport, "_transport"},
    {&ModuleState::waiter, "_waiter"},
    {&ModuleState::paused, "_paused"},
    {&ModuleState::read, "read"},
    {&ModuleState::write, "write"},
    {&ModuleState::do_read, "_do_read"},
    {&ModuleState::write_appdata, "_write_appdata"},
    {&ModuleState::call_eof_received, "_call_eof_received"},
    {&ModuleState::start_shutdown, "_start_shutdown"},
    {&ModuleState::control_app_writing, "_control_app_writing"},
    {&ModuleState::control_ssl_reading, "_control_ssl_reading"},
    {&ModuleState::sockname, "sockname"},
    {&ModuleState::peername, "peername"},
    {&ModuleState::socket, "socket"},
};

/// Objects of Python modules.
struct Import {
    PyObject* ModuleState::*place;
    const char* module;
    const char* name; // nullptr for the module itself
};

constexpr Import imports[] = {
    {&ModuleState::report_exception, "hocket._callbacks", "report_exception"},
    {&ModuleState::report_slow, "hocket._callbacks", "report_slow"},
    {&ModuleState::give_way, "hocket._callbacks", "give_way"},
    {&ModuleState::describe, "hocket._callbacks", "describe"},
    {&ModuleState::extract_stack, "hocket._callbacks", "extract_stack"},
    {&ModuleState::describe_transport, "hocket._transports", "describe"},
    {&ModuleState::report_failure, "hocket._transports", "report_failure"},
    {&ModuleState::log_failure, "hocket._transports", "log_failure"},
    {&ModuleState::log_debug, "hocket._transports", "log_debug"},
    {&ModuleState::warn_unclosed, "hocket._transports", "warn_unclosed"},
    {&ModuleState::warn_ignored_write, "hocket._transports", "warn_ignored_write"},
    {&ModuleState::fail_waiter, "hocket._transports", "fail_waiter"},
    {&ModuleState::sendfile_mode, "hocket._transports", "SENDFILE_MODE"},
    {&ModuleState::tasks, "asyncio.tasks", nullptr},
    {&ModuleState::futures, "asyncio.futures", nullptr},
    {&ModuleState::set_result_unless_cancelled, "asyncio.futures", "_set_result_unless_cancelled"},
    {&ModuleState::buffered_protocol, "asyncio.protocols", "BufferedProtocol"},
    {&ModuleState::transport_socket, "asyncio.trsock", "TransportSocket"},
};

/// Everything that the module owns, for the collector.
template <class Visit> void for_each_object(ModuleState& state, Visit visit) {
    for (PyTypeObject** type :
         {&state.loop_type, &state.handle_type, &state.timer_handle_type,
          &state.socket_transport_type, &state.tls_protocol_type, &state.socket_type,
          &state.stream_reader_protocol, &state.stream_reader, &state.ssl_socket,
          &state.ssl_context, &state.memory_bio}) {
        visit(reinterpret_cast<PyObject**>(type));
    }
    for (const Name& name : names) {
        visit(&(state.*name.place));
    }
    for (const Import& import : imports) {
        visit(&(state.*import.place));
    }
    for (PyObject** object :
         {&state.base_create_task, &state.loop_keyword, &state.minus_one,
          &state.protocol_data_received, &state.reader_feed_data, &state.tls_wrapped,
          &state.tls_flushing, &state.tls_do_read, &state.tls_do_write, &state.tls_process_outgoing,
          &state.ssl_object_read, &state.ssl_object_write, &state.ssl_want_read,
          &state.ssl_syscall_error}) {
        visit(object);
    }
}

int traverse(PyObject* module, visitproc visit, void* arg) {
    int result = 0;
    for_each_object(state_of(module), [&](PyObject** object) {
        if (result == 0 && *object != nullptr) {
            result = visit(*object, arg);
        }
    });
    return result;
}

int clear(PyObject* module) {
    for_each_object(state_of(module), [](PyObject** object) { Py_CLEAR(*object); });
    return 0;
}

bool add_type(PyObject* module, PyType_Spec& spec, PyTypeObject* base, PyTypeObject*& type) {
    const Ref bases(base == nullptr ? nullptr : PyTuple_Pack(1, base));
    if (base != nullptr && !bases) {
        return false;
    }
    type = reinterpret_cast<PyTypeObject*>(PyType_FromModuleAndSpec(module, &spec, bases.get()));
    return type != nullptr && PyModule_AddType(module, type) == 0;
}

/// A module, or what it calls `name`.
Ref import(const char* module, const char* name) {
    Ref object(PyImport_ImportModule(module));
    return object && name != nullptr ? Ref(PyObject_GetAttrString(object.get(), name))
                                     : std::move(object);
}

/// A class of a module.
PyTypeObject* import_type(const char* module, const char* name) {
    return reinterpret_cast<PyTypeObject*>(import(module, name).release());
}

/// Something that a class has.
PyObject* part_of(PyTypeObject* type, const char* name) {
    return type == nullptr ? nullptr
                           : PyObject_GetAttrString(reinterpret_cast<PyObject*>(type), name);
}

bool import_all(ModuleState& state) {
    for (const Import& one : imports) {
        state.*one.place = import(one.module, one.name).release();
        if (state.*one.place == nullptr) {
            return false;
        }
    }
    const Ref knows_clients = import("hocket._transports", "SERVER_KNOWS_CLIENTS");
    state.server_knows_clients = knows_clients.get() == Py_True;
    const Ref loop = import("asyncio.base_events", "BaseEventLoop");
    state.base_create_task = part_of(reinterpret_cast<PyTypeObject*>(loop.get()), "create_task");
    state.socket_type = import_type("_socket", "socket");
    state.stream_reader = import_type("asyncio.streams", "StreamReader");
    state.reader_feed_data = part_of(state.stream_reader, "feed_data");
    state.stream_reader_protocol = import_type("asyncio.streams", "StreamReaderProtocol");
    state.protocol_data_received = part_of(state.stream_reader_protocol, "data_received");
    return knows_clients && state.base_create_task != nullptr && state.socket_type != nullptr &&
           state.reader_feed_data != nullptr && state.protocol_data_received != nullptr;
}

bool import_tls(ModuleState& state) {
    PyTypeObject* const phases = import_type("asyncio.sslproto", "SSLProtocolState");
    const Ref owner(reinterpret_cast<PyObject*>(phases));
    state.tls_wrapped = part_of(phases, "WRAPPED");
    state.tls_flushing = part_of(phases, "FLUSHING");
    PyTypeObject* const protocol = import_type("asyncio.sslproto", "SSLProtocol");
    const Ref protocol_owner(reinterpret_cast<PyObject*>(protocol));
    state.tls_do_read = part_of(protocol, "_do_read");
    state.tls_do_write = part_of(protocol, "_do_write");
    state.tls_process_outgoing = part_of(protocol, "_process_outgoing");
    return PyErr_Occurred() == nullptr;
}

bool make_names(ModuleState& state) {
    for (const Name& name : names) {
        state.*name.place = PyUnicode_InternFromString(name.text);
        if (state.*name.place == nullptr) {
            return false;
        }
    }
    state.loop_keyword = Py_BuildValue("(s)", "loop");
    state.minus_one = PyLong_FromLong(-1);
    return state.loop_keyword != nullptr && state.minus_one != nullptr;
}

/// asyncio's sendfile() wants a _FlowControlMixin, which is a Transport with five slots: see
/// SocketTransport.
bool add_socket_transport(PyObject* module, ModuleState& state) {
    const Ref base = import("asyncio.transports", "_FlowControlMixin");
    if (!base) {
        return false;
    }
    auto* const type = reinterpret_cast<PyTypeObject*>(base.get());
    if (type->tp_basicsize != size_of_base || type->tp_dictoffset != 0) {
        PyErr_SetString(PyExc_ImportError, "asyncio's transports are not as hocket knows them");
        return false;
    }
    return add_type(module, socket_transport_spec, type, state.socket_transport_type);
}

int execute(PyObject* module) {
    if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
        PyErr_SetString(PyExc_ImportError,
                        "hocket's event loop works in the main interpreter only, not in "
                        "subinterpreters; use asyncio's there");
        return -1;
    }
    ModuleState& state = state_of(module);
    const bool done =
        import_all(state) && import_tls(state) && make_names(state) &&
        add_type(module, loop_spec, nullptr, state.loop_type) &&
        add_type(module, handle_spec, nullptr, state.handle_type) &&
        add_type(module, timer_handle_spec, state.handle_type, state.timer_handle_type) &&
        add_type(module, tls_protocol_spec, nullptr, state.tls_protocol_type) &&
        add_socket_transport(module, state);
    return done ? 0 : -1;
}

PyMethodDef functions[] = {
    {"_prepare_tls", prepare_tls, METH_VARARGS,
     "_prepare_tls(_ssl, ssl_object, incoming, outgoing): whether C++ can use TLS sessions."},
    {"_make_tls_write", make_tls_write, METH_O,
     "_make_tls_write(type): the method write() of TLS transports."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void*>(execute)},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, nullptr},
};

} // namespace

PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    "hocket._hocket",
    "The C++ part of hocket's event loop.",
    sizeof(ModuleState),
    functions,
    slots,
    traverse,
    clear,
    [](void* module) { clear(static_cast<PyObject*>(module)); },
};

} // namespace hocket::python

PyMODINIT_FUNC PyInit__hocket() { return PyModuleDef_Init(&hocket::python::module_definition); }
