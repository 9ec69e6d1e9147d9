#pragma once

// The component hocket::postgres.
#include <hocket/postgres/connect_options.hpp>
#include <hocket/postgres/connection.hpp>
#include <hocket/postgres/copy_options.hpp>
#include <hocket/postgres/errors.hpp>
#include <hocket/postgres/notification.hpp>
#include <hocket/postgres/pool.hpp>
#include <hocket/postgres/prepared_statement.hpp>
#include <hocket/postgres/row.hpp>
#include <hocket/postgres/transaction_options.hpp>
#include <hocket/postgres/values.hpp>
