#pragma once

#include <string>

#include "crawl/child_process.hpp"
#include "crawl/interrupt.hpp"

namespace crawl {

/// Records what this program and its worker processes do, from construction to `end`, and has a
/// timeline of it written that Perfetto shows: hocket trace does both.
class Timeline {
public:
    /// Throws std::runtime_error when nothing can be recorded, with what the command said.
    explicit Timeline(const std::string& file);

    /// Writes the file and returns what hocket trace says of it.
    std::string end();

private:
    Interrupt interrupt_;
    ChildProcess recorder_;
};

} // namespace crawl
