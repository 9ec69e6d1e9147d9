#pragma once

// Declarations that the examples of the documentation use without declaring them: see
// check_doc_examples.py.

// Because of #line, g++ treats the examples as parts of headers.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

#include <chrono>
#include <iostream>
#include <random>
#include <ranges>
#include <string>
#include <vector>

#include <hocket/cuda.hpp>
#include <hocket/dask_executor.hpp>
#include <hocket/hocket.hpp>
#include <hocket/http.hpp>
#include <hocket/opencl.hpp>
#include <hocket/postgres.hpp>
#include <hocket/ray_executor.hpp>
#include <hocket/redis.hpp>
#include <hocket/sqlite.hpp>

using namespace std::chrono_literals;
