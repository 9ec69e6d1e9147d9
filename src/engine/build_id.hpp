#pragma once

#include <string>

struct dl_phdr_info;

namespace hocket::engine {

/// The build id that the linker wrote into a loaded module, in hexadecimal; empty if there is none.
[[nodiscard]] std::string build_id_of(const dl_phdr_info& module);

/// Identifies the build of this program: its build id, or a hash of its file if there is none.
/// Throws std::system_error if the file cannot be read.
[[nodiscard]] const std::string& program_build();

/// A hash of the file's bytes, for files that differ by accident. Throws std::system_error.
[[nodiscard]] std::string hash_of_file(const char* path);

} // namespace hocket::engine
