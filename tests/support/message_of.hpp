#pragma once

#include <exception>
#include <string>

/// The text of the exception that `wait` throws.
template <class F> std::string message_of(F wait) {
    try {
        wait();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "no exception";
}
