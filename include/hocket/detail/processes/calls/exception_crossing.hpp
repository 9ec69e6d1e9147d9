#pragma once

#include <exception>
#include <string>
#include <type_traits>
#include <typeinfo>

#include <hocket/crossing.hpp>

namespace hocket::detail {

/// How exceptions of one type cross between processes.
struct ExceptionCrossing {
    const std::type_info* type;
    /// Packs the exception that is currently being handled, which must be of this type.
    void (*pack)(msgpack::packer<msgpack::sbuffer>& packer);
    /// Throws the exception that was packed.
    void (*rethrow)(const msgpack::object& object);
};

/// May be called from any thread; usually called at the start of the program.
void add_exception_crossing(const ExceptionCrossing& crossing);

template <class E> constexpr ExceptionCrossing exception_crossing() {
    if constexpr (crosses<E>) {
        return {&typeid(E),
                [](msgpack::packer<msgpack::sbuffer>& packer) {
                    try {
                        throw;
                    } catch (const E& error) {
                        packer.pack(error);
                    }
                },
                [](const msgpack::object& object) { throw object.as<E>(); }};
    } else {
        static_assert(std::is_base_of_v<std::exception, E> &&
                          std::is_constructible_v<E, const std::string&>,
                      "hocket: HOCKET_REMOTE_EXCEPTION(Type) needs a std::exception that can be "
                      "constructed from its "
                      "message, or a type with MSGPACK_DEFINE(members...)");
        return {&typeid(E),
                [](msgpack::packer<msgpack::sbuffer>& packer) {
                    try {
                        throw;
                    } catch (const std::exception& error) {
                        packer.pack(std::string(error.what()));
                    }
                },
                [](const msgpack::object& object) { throw E(object.as<std::string>()); }};
    }
}

struct ExceptionRegistration {
    explicit ExceptionRegistration(const ExceptionCrossing& crossing) {
        add_exception_crossing(crossing);
    }
};

} // namespace hocket::detail

#define HOCKET_DETAIL_JOIN2(a, b) a##b
#define HOCKET_DETAIL_JOIN(a, b) HOCKET_DETAIL_JOIN2(a, b)
