#pragma once

/// Redis, awaited, on hiredis. The names are those of redis-py where it has them. Link
/// `hocket::redis`.

#include <hocket/redis/client.hpp>
#include <hocket/redis/commands.hpp>
#include <hocket/redis/errors.hpp>
#include <hocket/redis/options.hpp>
#include <hocket/redis/pipeline.hpp>
#include <hocket/redis/pubsub.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/script.hpp>
#include <hocket/redis/transaction.hpp>
