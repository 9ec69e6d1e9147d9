#pragma once

namespace hocket::postgres {

/// The isolation level of a transaction.
enum class Isolation : unsigned char {
    server_default,
    read_committed,
    repeatable_read,
    serializable,
};

/// How a transaction begins. In a nested transaction, which is a savepoint, nothing may be set.
struct TransactionOptions {
    Isolation isolation = Isolation::server_default;
    bool readonly = false;
    bool deferrable = false; ///< Only useful if it is serializable and read-only.
};

} // namespace hocket::postgres
