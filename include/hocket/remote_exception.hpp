#pragma once

#include <hocket/crossing.hpp>
#include <hocket/detail/processes/calls/exception_crossing.hpp>
#include <hocket/errors.hpp>

/// Use it at namespace scope in a .cpp file: exceptions of this type, when thrown in another
/// process, arrive with their own type. The type must either be a std::exception that can be
/// constructed from its message, or have MSGPACK_DEFINE(members...). The exceptions of the standard
/// library and of hocket need no registration.
#define HOCKET_REMOTE_EXCEPTION(Type)                                                              \
    static const ::hocket::detail::ExceptionRegistration HOCKET_DETAIL_JOIN(                       \
        hocket_remote_exception_, __LINE__)(::hocket::detail::exception_crossing<Type>())
