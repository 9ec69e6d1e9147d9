#include "library.hpp"

namespace {
const std::string state = std::string("library ") + std::to_string(7);
} // namespace

std::string library_state() { return state; }
int library_square(int n) { return n * n; }
