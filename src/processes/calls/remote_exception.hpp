#pragma once

#include <exception>
#include <string>

#include <hocket/remote_exception.hpp>

namespace hocket::detail {

/// Packs the exception that is being handled. `where` names the process that threw it.
void pack_current_exception(msgpack::packer<msgpack::sbuffer>& packer, const std::string& where);

/// The reverse: returns the exception itself if its type is registered, otherwise a RemoteError.
[[nodiscard]] std::exception_ptr unpack_exception(const msgpack::object& object);

} // namespace hocket::detail
