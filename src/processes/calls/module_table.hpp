#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <hocket/detail/processes/calls/function_ref.hpp>

namespace hocket::detail {

/// A file that contains functions, as described to another process.
struct Module {
    std::string path;     // empty for the program
    std::string build_id; // set by the linker, in hexadecimal; empty if there is none
    std::uint64_t base = 0;
};

/// The modules of this process whose functions were sent to other processes, in the order of their
/// first use. May be used on any thread.
class ModuleTable {
public:
    /// The number of the module with this base address. Adds the module if it is new.
    static std::uint32_t number_of(std::uint64_t base);
    [[nodiscard]] static std::uint32_t size() noexcept;
    /// A copy of the entry.
    static Module get(std::uint32_t number);
};

/// The modules of another process, found in this process.
class ForeignModules {
public:
    ForeignModules(); ///< Contains the program, which is the same in both.
    /// Adds the owner's next module: finds it here, or loads it. If that fails (the file is
    /// missing, or its build id differs), `resolve` throws when a function of the module is
    /// requested.
    void add(const Module& module);
    [[nodiscard]] const void* resolve(FunctionRef function) const;

private:
    struct Entry {
        std::uint64_t base = 0;
        std::string error;
    };
    std::vector<Entry> entries_;
};

} // namespace hocket::detail
