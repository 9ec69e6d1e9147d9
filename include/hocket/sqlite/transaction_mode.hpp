#pragma once

#include <cstdint>

namespace hocket::sqlite {

/// How a transaction begins: what it locks.
enum class TransactionMode : std::uint8_t {
    deferred,  ///< nothing until the first statement; a write may then throw BusyError at once
    immediate, ///< waits at its beginning until no other connection writes
    exclusive, ///< like `immediate`; without a WAL, others cannot read either
};

} // namespace hocket::sqlite
