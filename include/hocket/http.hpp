#pragma once

#include <hocket/http/access_record.hpp>
#include <hocket/http/client_errors.hpp>
#include <hocket/http/client_options.hpp>
#include <hocket/http/client_response.hpp>
#include <hocket/http/cookies.hpp>
#include <hocket/http/handler.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/http/multipart.hpp>
#include <hocket/http/query_params.hpp>
#include <hocket/http/request.hpp>
#include <hocket/http/request_body.hpp>
#include <hocket/http/requests.hpp>
#include <hocket/http/response.hpp>
#include <hocket/http/router.hpp>
#include <hocket/http/serve.hpp>
#include <hocket/http/serve_options.hpp>
#include <hocket/http/session.hpp>
#include <hocket/http/static_files.hpp>
#include <hocket/http/status.hpp>
#include <hocket/http/status_error.hpp>
#include <hocket/http/streamed_response.hpp>
#include <hocket/http/websockets.hpp>

/// HTTP on the loop. Link `hocket::http`.
namespace hocket::http {}
