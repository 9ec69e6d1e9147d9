#pragma once

#include <string>

std::string library_state();
int library_square(int n);
