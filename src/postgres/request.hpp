#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include <hocket/detail/postgres/calls.hpp>

#include "loop/frame_allocator.hpp"
#include "postgres/libpq.hpp"

namespace hocket::detail::postgres {

class ExclusiveUse;
struct Request;
using RequestPointer = std::shared_ptr<Request>;

/// Receives the reply to a request.
class ReplySink {
public:
    /// The request is complete: it has a result or an error.
    virtual void on_reply() noexcept = 0;

protected:
    ~ReplySink() = default;
};

/// Something for the server to do. Stays in the connection's queues until it is complete, also if
/// the task that waited for it has been cancelled.
struct Request {
    enum class Kind : std::uint8_t {
        prepare,   // a statement, and nothing else
        statement, // a prepared statement, with `arguments` or once for each of `rows`
        command,   // text without parameters
        exclusive, // a coroutine that uses libpq itself
    };

    Kind kind = Kind::command;
    /// Neither withdrawn nor cancelled on the server if its task is cancelled, and never skipped
    /// because of an error of the commands before it: COMMIT, ROLLBACK.
    bool must_run = false;
    bool in_transaction = false; // when it was submitted
    bool is_retried = false;
    bool at_risk = false;           // a cancel request for another query may hit this one
    bool is_stale = false;          // its error says that the statement must be prepared again
    bool is_cancelled_here = false; // its error is that the server cancelled it
    std::string sql;
    StatementPointer statement;
    Arguments arguments;
    std::vector<Arguments> rows; // in place of `arguments`: executemany's
    std::size_t unfinished = 0;  // commands that were sent
    ReplySink* sink = nullptr;   // null: nobody waits
    ExclusiveUse* use = nullptr;

    ResultPointer result;
    std::exception_ptr error;
};

[[nodiscard]] inline RequestPointer make_request() {
    return std::allocate_shared<Request>(FrameAllocator<Request>());
}

[[nodiscard]] inline RequestPointer make_command(std::string sql, bool must_run = false) {
    auto request = make_request();
    request->sql = std::move(sql);
    request->must_run = must_run;
    return request;
}

[[nodiscard]] inline RequestPointer make_execution(StatementPointer statement,
                                                   Arguments arguments) {
    auto request = make_request();
    request->kind = Request::Kind::statement;
    request->statement = std::move(statement);
    request->arguments = std::move(arguments);
    return request;
}

/// For each of `rows`, of which there must be one.
[[nodiscard]] inline RequestPointer make_executions(StatementPointer statement,
                                                    std::vector<Arguments> rows) {
    auto request = make_execution(std::move(statement), Arguments());
    request->rows = std::move(rows);
    return request;
}

} // namespace hocket::detail::postgres
