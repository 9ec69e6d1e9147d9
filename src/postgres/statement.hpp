#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "postgres/request.hpp"

namespace hocket::detail::postgres {

class ConnectionState;

/// A prepared statement of one connection. The server forgets it when this is destroyed.
class Statement {
public:
    enum class Stage : std::uint8_t { unprepared, preparing, ready };

    Statement(std::weak_ptr<ConnectionState> owner, std::string sql)
        : sql(std::move(sql)), owner_(std::move(owner)) {}
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    const std::string sql;
    std::string name; // set when it is prepared
    Stage stage = Stage::unprepared;
    std::vector<std::uint32_t> parameter_types;
    std::vector<RequestPointer> waiting; // until it is prepared
    std::exception_ptr error;            // of the preparation

private:
    std::weak_ptr<ConnectionState> owner_;
};

} // namespace hocket::detail::postgres
