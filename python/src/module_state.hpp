#pragma once

#include "python.hpp"

#include "tls_library.hpp"

namespace hocket::python {

/// What belongs to the module: its types, and what it uses of asyncio.
struct ModuleState {
    PyTypeObject* loop_type;
    PyTypeObject* handle_type;
    PyTypeObject* timer_handle_type;
    PyTypeObject* socket_transport_type;
    PyTypeObject* tls_protocol_type;

    // Functions of hocket._callbacks.
    PyObject* report_exception; // (loop, handle, exception)
    PyObject* report_slow;      // (loop, handle, seconds)
    PyObject* give_way;         // ()
    PyObject* describe;         // (handle) -> str
    PyObject* extract_stack;    // (frame) -> StackSummary

    // Functions of hocket._transports.
    PyObject* describe_transport; // (transport) -> str
    PyObject* report_failure;     // (loop, transport, protocol, exception, message)
    PyObject* log_failure;        // (transport, exception, message)
    PyObject* log_debug;          // (transport, message)
    PyObject* warn_unclosed;      // (transport)
    PyObject* warn_ignored_write; // ()
    PyObject* fail_waiter;        // (future)

    // Of asyncio.
    PyObject* tasks; // the modules
    PyObject* futures;
    PyObject* base_create_task; // BaseEventLoop.create_task
    PyObject* buffered_protocol;
    PyObject* transport_socket;
    PyTypeObject* stream_reader_protocol;
    PyTypeObject* stream_reader;
    PyObject* protocol_data_received; // asyncio's functions
    PyObject* reader_feed_data;
    PyObject* set_result_unless_cancelled;
    PyObject* sendfile_mode;   // that of transports whose socket can send files
    bool server_knows_clients; // Server._attach takes the transport: since Python 3.13

    // Of asyncio.sslproto.
    PyObject* tls_wrapped; // SSLProtocolState.WRAPPED
    PyObject* tls_flushing;
    PyObject* tls_do_read; // functions of SSLProtocol
    PyObject* tls_do_write;
    PyObject* tls_process_outgoing;

    // Of _ssl, once TLS was prepared: see prepare_tls().
    TlsLibrary tls;
    PyTypeObject* ssl_socket;
    PyTypeObject* ssl_context;
    PyTypeObject* memory_bio;  // nullptr if TLS is left to asyncio
    PyObject* ssl_object_read; // functions of ssl.SSLObject
    PyObject* ssl_object_write;
    PyObject* ssl_want_read;
    PyObject* ssl_syscall_error;

    PyTypeObject* socket_type; // _socket.socket
    PyObject* minus_one;

    // Names.
    PyObject* check_callback; // "_check_callback"
    PyObject* check_thread;   // "_check_thread"
    PyObject* slow_duration;  // "slow_callback_duration"
    PyObject* time;           // "time"
    PyObject* task;           // "Task"
    PyObject* future;         // "Future"
    PyObject* loop_keyword;   // ("loop",)

    // What transports call, and entries of get_extra_info.
    PyObject* connection_made;
    PyObject* connection_lost;
    PyObject* data_received;
    PyObject* eof_received;
    PyObject* get_buffer;
    PyObject* buffer_updated;
    PyObject* pause_writing;
    PyObject* resume_writing;
    PyObject* pause_reading;
    PyObject* start_reading;        // "_start_reading"
    PyObject* call_connection_lost; // "_call_connection_lost"
    PyObject* attach;               // "_attach"
    PyObject* detach;               // "_detach"
    PyObject* close;
    PyObject* fileno;
    PyObject* getsockname;
    PyObject* getpeername;
    PyObject* set_result;
    PyObject* set_exception;
    PyObject* cancelled;
    PyObject* feed_data;
    PyObject* stream_reader_wr; // "_stream_reader_wr"
    PyObject* eof;              // "_eof", like the following
    PyObject* buffer;
    PyObject* limit;
    PyObject* transport;
    PyObject* waiter;
    PyObject* paused;
    PyObject* read;
    PyObject* write;
    PyObject* do_read; // "_do_read", like the following
    PyObject* write_appdata;
    PyObject* call_eof_received;
    PyObject* start_shutdown;
    PyObject* control_app_writing;
    PyObject* control_ssl_reading;
    PyObject* sockname;
    PyObject* peername;
    PyObject* socket;
};

extern PyModuleDef module_definition;

[[nodiscard]] inline ModuleState& state_of(PyObject* module) noexcept {
    return *static_cast<ModuleState*>(PyModule_GetState(module));
}
/// Of a type of this module, not of a class derived from it.
[[nodiscard]] inline ModuleState& state_of(PyTypeObject* type) noexcept {
    return *static_cast<ModuleState*>(PyType_GetModuleState(type));
}

} // namespace hocket::python
