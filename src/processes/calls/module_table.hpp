#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <hocket/detail/processes/calls/function_ref.hpp>

namespace hocket::detail {

/// A file that functions are in, as another process is told of it.
struct Module {
    std::string path;     // empty: the program
    std::string build_id; // of the linker, in hexadecimal; empty when there is none
    std::uint64_t base = 0;
};

/// The modules of this process that functions crossed from, in the order of their first use. Any
/// thread.
class ModuleTable {
public:
    /// The number of the module with this base address, which is added when it is new.
    static std::uint32_t number_of(std::uint64_t base);
    [[nodiscard]] static std::uint32_t size() noexcept;
    /// A copy of the entry.
    static Module get(std::uint32_t number);
};

/// Another process's modules, in this one.
class ForeignModules {
public:
    ForeignModules(); ///< Knows the program, which is the same.
    /// The owner's next module: finds it here, or loads it. What went wrong (the file is missing,
    /// its build id is another) is thrown when a function of it is asked for.
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
