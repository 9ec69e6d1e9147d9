// A transport's life: making it, watching its descriptor, closing it.

#include "socket_transport.hpp"

#include <cstddef>
#include <new>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "loop.hpp"

namespace hocket::python {

namespace {

/// Where a Python socket has its descriptor: after the object's head, in every version of CPython.
/// nullptr if it is not Python's socket.
const int* descriptor_in(const ModuleState& state, PyObject* socket, int fd) noexcept {
    if (PyObject_TypeCheck(socket, state.socket_type) == 0) {
        return nullptr;
    }
    const auto* const place = reinterpret_cast<const int*>(socket + 1);
    return *place == fd ? place : nullptr;
}

bool find_descriptor(const ModuleState& state, SocketTransport& transport) {
    const Ref fileno(PyObject_CallMethodNoArgs(transport.socket, state.fileno));
    const long fd = fileno ? PyLong_AsLong(fileno.get()) : -1;
    if (fd == -1 && PyErr_Occurred() != nullptr) {
        return false;
    }
    if (fd < 0) {
        PyErr_Format(PyExc_ValueError, "Invalid file descriptor: %ld", fd);
        return false;
    }
    transport.fd = static_cast<int>(fd);
    const int* const place = descriptor_in(state, transport.socket, transport.fd);
    transport.socket_fd = place != nullptr ? place : &transport.fd;
    return true;
}

/// Has the socket tell an address that the kernel's form is not kept of. What is not known is None.
bool ask_socket(SocketTransport& transport, PyObject* name, PyObject* method) {
    Ref address(PyObject_CallMethodNoArgs(transport.socket, method));
    if (!address) {
        if (PyErr_ExceptionMatches(PyExc_OSError) == 0) {
            return false;
        }
        PyErr_Clear();
        address = Ref::to(Py_None);
    }
    return PyDict_SetItem(transport.extra, name, address.get()) == 0;
}

/// sockname and peername. `extra` is what the loop knows already: often the peer's name only.
bool find_names(const ModuleState& state, SocketTransport& transport, PyObject* extra) {
    const bool has_extra = extra != Py_None;
    const bool knows_peer = has_extra && PyDict_Contains(extra, state.peername) == 1;
    const bool has_own = transport.own_name.read_own(transport.fd);
    const bool has_peer = has_own && transport.peer_name.read_peers(transport.fd);
    if (has_own && has_peer && (!has_extra || (knows_peer && PyDict_GET_SIZE(extra) == 1))) {
        return true;
    }
    transport.extra = has_extra ? Py_NewRef(extra) : PyDict_New();
    if (transport.extra == nullptr) {
        return false;
    }
    return (has_own || ask_socket(transport, state.sockname, state.getsockname)) &&
           (has_peer || knows_peer || ask_socket(transport, state.peername, state.getpeername));
}

/// Small writes leave without waiting for the peer's acknowledgement, as in asyncio.
void set_no_delay(const SocketTransport& transport) noexcept {
    if (transport.own_name.is_known()) {
        const int on = 1;
        std::ignore = ::setsockopt(transport.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
}

bool tell_server(const ModuleState& state, SocketTransport& transport, PyObject* server,
                 PyObject* method) {
    PyObject* const arguments[] = {server, object(transport)};
    const Ref done(
        PyObject_VectorcallMethod(method, arguments, state.server_knows_clients ? 2 : 1, nullptr));
    return static_cast<bool>(done);
}

bool call_own_method(SocketTransport& transport, PyObject* name, PyObject* argument) {
    const Ref method(PyObject_GetAttr(object(transport), name));
    return method && schedule(*transport.loop,
                              {method.get(), &argument, argument != nullptr ? 1 : 0, nullptr});
}

/// As in asyncio: connection_made first, then reading, and then whoever waits for the connection.
bool start(const ModuleState& state, SocketTransport& transport, PyObject* waiter) {
    const Ref made(PyObject_GetAttr(transport.protocol, state.connection_made));
    PyObject* self = object(transport);
    if (!made || !schedule(*transport.loop, {made.get(), &self, 1, nullptr}) ||
        !call_own_method(transport, state.start_reading, nullptr)) {
        return false;
    }
    PyObject* const arguments[] = {waiter, Py_None};
    return waiter == Py_None ||
           schedule(*transport.loop, {state.set_result_unless_cancelled, arguments, 2, nullptr});
}

bool remember(SocketTransport& transport) {
    auto& transports = transport.loop->core->transports;
    const auto index = static_cast<std::size_t>(transport.fd);
    try {
        if (index >= transports.size()) {
            transports.resize(index + 1);
        }
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
        return false;
    }
    transports[index] = &transport;
    return true;
}

bool initialise(const ModuleState& state, SocketTransport& transport, LoopObject& loop,
                const TransportArguments& arguments) {
    new (&transport.own_name) SocketName;
    new (&transport.peer_name) SocketName;
    new (&transport.events) TransportEvents;
    new (&transport.output) OutputQueue;
    transport.high_water = std::size_t{64} * 1024;
    transport.low_water = transport.high_water / 4;
    transport.is_closed = true; // until there is something to close
    transport.socket = Py_NewRef(arguments.socket);
    if (!find_descriptor(state, transport) || !find_names(state, transport, arguments.extra) ||
        !set_protocol(transport, arguments.protocol)) {
        return false;
    }
    transport.loop = reinterpret_cast<LoopObject*>(Py_NewRef(object(loop)));
    transport.is_closed = false;
    if (arguments.server != Py_None) {
        transport.server = Py_NewRef(arguments.server);
        if (!tell_server(state, transport, arguments.server, state.attach)) {
            return false;
        }
    }
    if (!check_open(loop) || !remember(transport)) {
        return false;
    }
    set_no_delay(transport);
    return start(state, transport, arguments.waiter);
}

} // namespace

PyObject* new_socket_transport(LoopObject& loop, const TransportArguments& arguments) {
    const ModuleState& state = *loop.state;
    Ref transport(state.socket_transport_type->tp_alloc(state.socket_transport_type, 0));
    if (!transport || !initialise(state, transport_of(transport.get()), loop, arguments)) {
        return nullptr;
    }
    return transport.release();
}

bool set_protocol(SocketTransport& transport, PyObject* protocol) {
    const ModuleState& state = state_of(Py_TYPE(&transport));
    const int is_buffered = PyObject_IsInstance(protocol, state.buffered_protocol);
    if (is_buffered < 0) {
        return false;
    }
    const bool is_tls = PyObject_TypeCheck(protocol, state.tls_protocol_type) != 0;
    transport.receiver = is_tls                                ? Receiver::tls
                         : is_buffered != 0                    ? Receiver::buffer
                         : is_stream_protocol(state, protocol) ? Receiver::stream
                                                               : Receiver::data;
    transport.is_protocol_connected = true;
    Py_XSETREF(transport.protocol, Py_NewRef(protocol));
    return true;
}

// --- Watching

void TransportEvents::on_ready(std::uint32_t events) noexcept {
    // As asyncio: an error or a hang-up is for both.
    std::uint32_t ready = 0;
    if ((events & ~writable) != 0) {
        ready |= readable;
    }
    if ((events & ~readable) != 0) {
        ready |= writable;
    }
    ready &= interest();
    if (ready == 0) {
        return;
    }
    if (pending_ == 0) {
        SocketTransport& transport = transport_of(*this);
        Py_INCREF(&transport);
        transport.loop->core->reactor.ready().push(*this);
    }
    pending_ |= ready;
}

void TransportEvents::discard() noexcept {
    pending_ = 0;
    Py_DECREF(&transport_of(*this));
}

bool watch(SocketTransport& transport, std::uint32_t event) {
    if (!check_open(*transport.loop)) {
        return false;
    }
    PyObject* const context = PyContext_CopyCurrent();
    if (context == nullptr) {
        return false;
    }
    PyObject*& place =
        event == engine::Watcher::readable ? transport.read_context : transport.write_context;
    Py_XSETREF(place, context);
    LoopCore& core = *transport.loop->core;
    TransportEvents& events = transport.events;
    std::error_code error;
    if (events.is_watching()) {
        error = core.reactor.poller().change(events, events.interest() | event);
    } else {
        // A reader or writer that nobody has removed is replaced, as in asyncio.
        if (core.watches.find(transport.fd) != nullptr) {
            core.watches.remove(transport.fd);
        }
        error = core.reactor.poller().add(events, *transport.socket_fd, event);
        if (!error) {
            core.watched_transports.push_back(events);
            Py_INCREF(&transport);
        }
    }
    if (error) {
        errno = error.value();
        PyErr_SetFromErrno(PyExc_OSError);
        return false;
    }
    return true;
}

void unwatch(SocketTransport& transport, std::uint32_t event) noexcept {
    TransportEvents& events = transport.events;
    if (!events.is_watching()) {
        return;
    }
    const std::uint32_t interest = events.interest() & ~event;
    LoopCore& core = *transport.loop->core;
    if (interest != 0) {
        // If the kernel refuses, the descriptor is gone, and no more events come.
        std::ignore = core.reactor.poller().change(events, interest);
        return;
    }
    core.reactor.poller().remove(events);
    core.watched_transports.erase(events);
    Py_DECREF(&transport);
}

void forget(SocketTransport& transport) noexcept {
    if (transport.loop == nullptr || transport.loop->core == nullptr) {
        return;
    }
    auto& transports = transport.loop->core->transports;
    const auto index = static_cast<std::size_t>(transport.fd);
    if (index < transports.size() && transports[index] == &transport) {
        transports[index] = nullptr;
    }
    unwatch(transport, engine::Watcher::readable | engine::Watcher::writable);
}

bool pause_reading(SocketTransport& transport) {
    if (transport.is_closing || transport.is_paused) {
        return true;
    }
    transport.is_paused = true;
    unwatch(transport, engine::Watcher::readable);
    return !transport.loop->is_debugging || log(transport, "%r pauses reading");
}

bool resume_reading(SocketTransport& transport) {
    if (transport.is_closing || !transport.is_paused) {
        return true;
    }
    transport.is_paused = false;
    return watch(transport, engine::Watcher::readable) &&
           (!transport.loop->is_debugging || log(transport, "%r resumes reading"));
}

// --- Closing

bool close(SocketTransport& transport) {
    if (transport.is_closing) {
        return true;
    }
    transport.is_closing = true;
    unwatch(transport, engine::Watcher::readable);
    if (!transport.output.empty()) {
        return true; // write_ready ends it
    }
    ++transport.connection_lost;
    unwatch(transport, engine::Watcher::writable);
    return call_own_method(transport, transport.loop->state->call_connection_lost, Py_None);
}

bool force_close(SocketTransport& transport, PyObject* exception) {
    if (transport.connection_lost != 0 || transport.is_closed) {
        return true;
    }
    transport.output.clear();
    transport.is_closing = true;
    unwatch(transport, engine::Watcher::readable | engine::Watcher::writable);
    ++transport.connection_lost;
    return call_own_method(transport, transport.loop->state->call_connection_lost, exception);
}

bool report(SocketTransport& transport, PyObject* exception, const char* message) {
    const Ref text(PyUnicode_FromString(message));
    LoopObject& loop = *transport.loop;
    const Ref done(text ? PyObject_CallFunctionObjArgs(loop.state->report_failure, object(loop),
                                                       object(transport), transport.protocol,
                                                       exception, text.get(), nullptr)
                        : nullptr);
    return static_cast<bool>(done);
}

bool fail(SocketTransport& transport, const char* message) {
    if (ends_run()) {
        return false;
    }
    const Ref exception = take_exception();
    if (transport.loop == nullptr) {
        return true; // the call that failed has ended the transport
    }
    // As in asyncio, errors of the connection are usual, and connection_lost tells of them.
    const bool is_usual = PyErr_GivenExceptionMatches(exception.get(), PyExc_OSError) != 0;
    if (!is_usual && !report(transport, exception.get(), message)) {
        return false;
    }
    if (is_usual && transport.loop->is_debugging) {
        const Ref done(PyObject_CallFunction(transport.loop->state->log_failure, "OOs",
                                             object(transport), exception.get(), message));
        if (!done) {
            return false;
        }
    }
    return force_close(transport, exception.get());
}

bool end(SocketTransport& transport, PyObject* exception) {
    if (transport.is_closed || transport.is_ending) {
        return true;
    }
    transport.is_ending = true;
    const ModuleState& state = state_of(Py_TYPE(&transport));
    bool succeeded = true;
    if (transport.is_protocol_connected) {
        PyObject* const arguments[] = {transport.protocol, exception};
        const Ref protocol = Ref::to(transport.protocol);
        const Ref done(PyObject_VectorcallMethod(state.connection_lost, arguments, 2, nullptr));
        succeeded = static_cast<bool>(done);
    }
    Ref failure;
    if (!succeeded) {
        failure = take_exception();
    }
    transport.is_closed = true;
    if (transport.connection_lost == 0) { // close() had something to send
        transport.connection_lost = 1;
    }
    transport.output.clear();
    forget(transport);
    const Ref server(std::exchange(transport.server, nullptr));
    const Ref protocol(std::exchange(transport.protocol, nullptr));
    const Ref loop(reinterpret_cast<PyObject*>(std::exchange(transport.loop, nullptr)));
    const Ref closed(PyObject_CallMethodNoArgs(transport.socket, state.close));
    succeeded = closed && (!server || tell_server(state, transport, server.get(), state.detach));
    if (failure) {
        if (!succeeded) {
            PyErr_Clear();
        }
        raise_again(std::move(failure));
        return false;
    }
    if (succeeded && transport.empty_waiter != nullptr) {
        const Ref done(PyObject_CallOneArg(state.fail_waiter, transport.empty_waiter));
        return static_cast<bool>(done);
    }
    return succeeded;
}

void abandon(SocketTransport& transport) noexcept {
    if (transport.is_closed) {
        return;
    }
    const ModuleState& state = state_of(Py_TYPE(&transport));
    const Ref warned(PyObject_CallOneArg(state.warn_unclosed, object(transport)));
    if (!warned) {
        PyErr_WriteUnraisable(object(transport)); // warnings are errors
    }
    transport.is_closed = transport.is_closing = true;
    ++transport.connection_lost;
    forget(transport);
    const Ref closed(PyObject_CallMethodNoArgs(transport.socket, state.close));
    const bool told = closed && (transport.server == nullptr ||
                                 tell_server(state, transport, transport.server, state.detach));
    if (!told) {
        PyErr_WriteUnraisable(object(transport));
    }
}

bool log(SocketTransport& transport, const char* message) {
    const Ref done(PyObject_CallFunction(state_of(Py_TYPE(&transport)).log_debug, "Os",
                                         object(transport), message));
    return static_cast<bool>(done);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
SocketTransport& transport_of(TransportEvents& events) noexcept {
    return *reinterpret_cast<SocketTransport*>(reinterpret_cast<char*>(&events) -
                                               offsetof(SocketTransport, events));
}
#pragma GCC diagnostic pop

} // namespace hocket::python
