#pragma once

#include <memory>

#include <libpq-fe.h>

namespace hocket::detail::postgres {

struct ClearResult {
    void operator()(PGresult* result) const noexcept { ::PQclear(result); }
};
using ResultPointer = std::unique_ptr<PGresult, ClearResult>;

struct FreeCancel {
    void operator()(PGcancel* cancel) const noexcept { ::PQfreeCancel(cancel); }
};
using CancelPointer = std::unique_ptr<PGcancel, FreeCancel>;

} // namespace hocket::detail::postgres
