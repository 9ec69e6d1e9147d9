#pragma once

#include <hocket/http/headers.hpp>
#include <hocket/http/status.hpp>

/// HTTP on the loop. Link `hocket::http`.
namespace hocket::http {}
