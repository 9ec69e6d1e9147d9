#pragma once

// What the examples of the documentation use without saying where it comes from: see
// check_doc_examples.py.

// g++ takes the examples for parts of headers, since #line says so.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

#include <chrono>
#include <iostream>
#include <random>
#include <ranges>
#include <string>
#include <vector>

#include <hocket/hocket.hpp>

using namespace std::chrono_literals;
