#include "processes/calls/remote_exception.hpp"

#include <map>
#include <mutex>
#include <new>
#include <stdexcept>
#include <system_error>

#include <cxxabi.h>
#include <unistd.h>

#include <hocket/detail/processes/calls/remote_chunk.hpp>
#include <hocket/engine/made_once.hpp>

#include "engine/demangled.hpp"
#include "loop/fork_safe_mutex.hpp"
#include "processes/calls/thrown_stack.hpp"

namespace hocket {

namespace detail {

namespace {

// std::system_error appends the text of the code to its own text. It is removed here, because the
// constructor in the other process appends it again.
ExceptionCrossing system_error_crossing() {
    return {&typeid(std::system_error),
            [](msgpack::packer<msgpack::sbuffer>& packer) {
                try {
                    throw;
                } catch (const std::system_error& error) {
                    std::string what = error.what();
                    const std::string tail = ": " + error.code().message();
                    if (what.ends_with(tail)) {
                        what.resize(what.size() - tail.size());
                    }
                    packer.pack_array(3);
                    packer.pack(error.code().value());
                    packer.pack(error.code().category() == std::generic_category());
                    packer.pack(what);
                }
            },
            [](const msgpack::object& object) {
                const auto [code, is_generic, what] =
                    object.as<std::tuple<int, bool, std::string>>();
                throw std::system_error(
                    code, is_generic ? std::generic_category() : std::system_category(), what);
            }};
}

template <class E> ExceptionCrossing without_message() {
    return {&typeid(E), [](msgpack::packer<msgpack::sbuffer>& packer) { packer.pack_nil(); },
            [](const msgpack::object&) { throw E(); }};
}

ExceptionCrossing cancelled_error_crossing() {
    return {&typeid(CancelledError),
            [](msgpack::packer<msgpack::sbuffer>& packer) {
                try {
                    throw;
                } catch (const CancelledError& error) {
                    packer.pack(error.message());
                }
            },
            [](const msgpack::object& object) { throw CancelledError(object.as<std::string>()); }};
}

ExceptionCrossing remote_error_crossing() {
    return {&typeid(RemoteError),
            [](msgpack::packer<msgpack::sbuffer>& packer) {
                try {
                    throw;
                } catch (const RemoteError& error) {
                    packer.pack_array(4);
                    packer.pack(error.type_name());
                    packer.pack(error.message());
                    packer.pack(error.where());
                    packer.pack(error.stack());
                }
            },
            [](const msgpack::object& object) {
                const auto [type, message, where, stack] =
                    object.as<std::tuple<std::string, std::string, std::string, std::string>>();
                throw RemoteError(type, message, where, stack);
            }};
}

ExceptionCrossing worker_died_crossing() {
    return {&typeid(WorkerDied),
            [](msgpack::packer<msgpack::sbuffer>& packer) {
                try {
                    throw;
                } catch (const WorkerDied& error) {
                    packer.pack_array(4);
                    packer.pack(std::string(error.what()));
                    packer.pack(error.pid());
                    packer.pack(error.exitcode());
                    packer.pack(error.last_words());
                }
            },
            [](const msgpack::object& object) {
                const auto [what, pid, exitcode, words] =
                    object.as<std::tuple<std::string, int, int, std::string>>();
                throw WorkerDied(what, pid, exitcode, words);
            }};
}

ForkSafeMutex registry_mutex;

/// The key is the type's mangled name, which is the same in every process of the program.
class Registry {
public:
    Registry() {
        add(exception_crossing<std::logic_error>());
        add(exception_crossing<std::invalid_argument>());
        add(exception_crossing<std::domain_error>());
        add(exception_crossing<std::length_error>());
        add(exception_crossing<std::out_of_range>());
        add(exception_crossing<std::runtime_error>());
        add(exception_crossing<std::range_error>());
        add(exception_crossing<std::overflow_error>());
        add(exception_crossing<std::underflow_error>());
        add(without_message<std::bad_alloc>());
        add(without_message<std::bad_cast>());
        add(system_error_crossing());
        add(exception_crossing<RuntimeError>());
        add(exception_crossing<TimeoutError>());
        add(exception_crossing<InvalidStateError>());
        add(exception_crossing<ValueError>());
        add(exception_crossing<BrokenBarrierError>());
        add(exception_crossing<BrokenExecutor>());
        add(without_message<QueueEmpty>());
        add(without_message<QueueFull>());
        add(without_message<QueueShutDown>());
        add(without_message<KeyboardInterrupt>());
        add(cancelled_error_crossing());
        add(remote_error_crossing());
        add(worker_died_crossing());
    }
    void add(const ExceptionCrossing& crossing) {
        const std::scoped_lock lock(registry_mutex);
        crossings_.insert_or_assign(crossing.type->name(), crossing);
    }
    [[nodiscard]] const ExceptionCrossing* find(const std::string& name) {
        const std::scoped_lock lock(registry_mutex);
        const auto found = crossings_.find(name);
        return found == crossings_.end() ? nullptr : &found->second;
    }

private:
    std::map<std::string, ExceptionCrossing> crossings_;
};

Registry& registry() {
    static constinit engine::MadeOnce<Registry> instance;
    return instance.get();
}

std::string message_of_current_exception() {
    try {
        throw;
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "not a std::exception";
    }
}

} // namespace

void add_exception_crossing(const ExceptionCrossing& crossing) { registry().add(crossing); }

void pack_current_exception(msgpack::packer<msgpack::sbuffer>& packer, const std::string& where) {
    const char* const name = abi::__cxa_current_exception_type()->name();
    packer.pack_array(5);
    if (const ExceptionCrossing* crossing = registry().find(name)) {
        packer.pack(std::string(name));
        packer.pack(where);
        packer.pack(std::string());
        packer.pack(std::string());
        crossing->pack(packer);
    } else {
        packer.pack(std::string());
        packer.pack(where);
        packer.pack(thrown_stack());
        packer.pack(demangled(name));
        packer.pack(message_of_current_exception());
    }
}

std::exception_ptr unpack_exception(const msgpack::object& object) {
    try {
        const auto [name, where, stack, type, body] = object.as<
            std::tuple<std::string, std::string, std::string, std::string, msgpack::object>>();
        if (name.empty()) {
            throw RemoteError(type, body.as<std::string>(), where, stack);
        }
        const ExceptionCrossing* const crossing = registry().find(name);
        if (crossing == nullptr) {
            throw RemoteError(demangled(name.c_str()), "its type is not registered in this process",
                              where);
        }
        crossing->rethrow(body);
    } catch (...) {
        return std::current_exception();
    }
    return std::make_exception_ptr(
        RemoteError("unknown", "an exception without content", "unknown"));
}

std::string exception_to_bytes(const std::exception_ptr& error) {
    msgpack::sbuffer bytes;
    try {
        std::rethrow_exception(error);
    } catch (...) {
        msgpack::packer<msgpack::sbuffer> packer(bytes);
        pack_current_exception(packer, "process " + std::to_string(::getpid()));
    }
    return {bytes.data(), bytes.size()};
}

std::exception_ptr exception_from_bytes(const std::string& bytes) {
    msgpack::zone zone;
    return unpack_exception(unpack_object(zone, bytes));
}

} // namespace detail

} // namespace hocket
