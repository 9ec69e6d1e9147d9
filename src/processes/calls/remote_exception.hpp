#pragma once

#include <exception>
#include <string>

#include <hocket/remote_exception.hpp>

namespace hocket::detail {

/// Packs the exception that is being handled. `where` says who threw it.
void pack_current_exception(msgpack::packer<msgpack::sbuffer>& packer, const std::string& where);

/// The reverse: the exception itself when its type crosses, a RemoteError when not.
[[nodiscard]] std::exception_ptr unpack_exception(const msgpack::object& object);

} // namespace hocket::detail
