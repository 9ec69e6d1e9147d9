#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

namespace hocket::tool {

/// A frame of a stack as the program described it.
struct Frame {
    std::string text;         ///< "function + 0x1f (module)"
    std::string module;       ///< the absolute path of the file; empty: unknown
    std::uint64_t offset = 0; ///< in the module
};

/// Names functions by the symbol tables and debug information of the files that they are in.
/// Without libdw it knows nothing more than the program.
class Symbols {
public:
    /// For frames of a process that runs, or of one that has ended if `process` is 0.
    explicit Symbols(pid_t process);
    ~Symbols();
    Symbols(const Symbols&) = delete;
    Symbols& operator=(const Symbols&) = delete;

    /// "function at file.cpp:52", preceded by such a line for each function that was inlined there;
    /// "function + 0x1f (module)" without debug information; `frame.text` if no name is known.
    [[nodiscard]] std::vector<std::string> describe(const Frame& frame);
    [[nodiscard]] std::vector<std::string> describe(const std::vector<Frame>& stack);

private:
    class Modules;
    std::unique_ptr<Modules> modules_;
};

} // namespace hocket::tool
