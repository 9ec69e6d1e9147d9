#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include <fmt/format.h>

#include "engine/demangled.hpp"
#include "symbols.hpp"

namespace hocket::tool {

namespace {

namespace fs = std::filesystem;

struct EndDwfl {
    void operator()(Dwfl* session) const noexcept { ::dwfl_end(session); }
};

struct Line {
    std::string file;
    int number = 0; ///< 0: unknown
};

std::string at(const Line& line) {
    return line.number == 0
               ? ""
               : fmt::format(" at {}:{}", line.file.substr(line.file.rfind('/') + 1), line.number);
}

/// The compilation unit of an address, and what is to be subtracted from the address in it.
Dwarf_Die* unit_of(Dwfl_Module* module, Dwarf_Addr address, Dwarf_Addr& bias) {
    if (Dwarf_Die* const unit = ::dwfl_module_addrdie(module, address, &bias)) {
        return unit;
    }
    // clang writes no table of the units' addresses (.debug_aranges).
    for (Dwarf_Die* unit = ::dwfl_module_nextcu(module, nullptr, &bias); unit != nullptr;
         unit = ::dwfl_module_nextcu(module, unit, &bias)) {
        if (::dwarf_haspc(unit, address - bias) > 0) {
            return unit;
        }
    }
    return nullptr;
}

Line line_of(Dwarf_Die& unit, Dwarf_Addr address) {
    Line line;
    if (Dwarf_Line* const found = ::dwarf_getsrc_die(&unit, address)) {
        const char* const file = ::dwarf_linesrc(found, nullptr, nullptr);
        line.file = file != nullptr ? file : "";
        ::dwarf_lineno(found, &line.number);
    }
    return line;
}

std::string name_of(Dwarf_Die& function) {
    Dwarf_Attribute storage;
    for (const unsigned attribute : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name, DW_AT_name}) {
        const char* const name =
            ::dwarf_formstring(::dwarf_attr_integrate(&function, attribute, &storage));
        if (name != nullptr) {
            return engine::function_of(name);
        }
    }
    return "??";
}

/// Where an inlined function was called.
Line call_of(Dwarf_Die& unit, Dwarf_Die& inlined) {
    const auto number = [&inlined](unsigned attribute) {
        Dwarf_Attribute storage;
        Dwarf_Word value = 0;
        ::dwarf_formudata(::dwarf_attr(&inlined, attribute, &storage), &value);
        return value;
    };
    Line line{{}, static_cast<int>(number(DW_AT_call_line))};
    Dwarf_Files* files = nullptr;
    std::size_t count = 0;
    if (::dwarf_getsrcfiles(&unit, &files, &count) == 0) {
        const char* const file = ::dwarf_filesrc(files, number(DW_AT_call_file), nullptr, nullptr);
        line.file = file != nullptr ? file : "";
    }
    return line;
}

struct FreeScopes {
    void operator()(Dwarf_Die* scopes) const noexcept { std::free(scopes); }
};

/// The innermost block or function, inlined or not, that contains an address, below `parent`.
/// dwarf_getscopes() would not look into namespaces, where clang describes their functions.
std::optional<Dwarf_Die> innermost_scope(Dwarf_Die& parent, Dwarf_Addr address) {
    Dwarf_Die child;
    for (int end = ::dwarf_child(&parent, &child); end == 0;
         end = ::dwarf_siblingof(&child, &child)) {
        const bool is_namespace = ::dwarf_tag(&child) == DW_TAG_namespace;
        if (is_namespace || ::dwarf_haspc(&child, address) > 0) {
            const auto inner = innermost_scope(child, address);
            if (inner || !is_namespace) {
                return inner ? inner : child;
            }
        }
    }
    return std::nullopt;
}

} // namespace

class Symbols::Modules {
public:
    explicit Modules(pid_t process) : process_(process) {}

    /// Null if it cannot be read, or is no longer the file that the process has loaded.
    Dwfl_Module* find(const std::string& path) {
        const auto [entry, is_new] = known_.try_emplace(path);
        Module& module = entry->second;
        if (is_new) {
            module.session.reset(::dwfl_begin(&callbacks_));
            const std::string file = file_of(path);
            if (module.session != nullptr && !file.empty()) {
                module.module =
                    ::dwfl_report_offline(module.session.get(), path.c_str(), file.c_str(), -1);
                ::dwfl_report_end(module.session.get(), nullptr, nullptr);
            }
        }
        return module.module;
    }

private:
    struct Module {
        std::unique_ptr<Dwfl, EndDwfl> session;
        Dwfl_Module* module = nullptr;
    };

    /// The process may be in a container of its own, and its program may have been replaced by a
    /// newer one since it was started.
    [[nodiscard]] std::string file_of(const std::string& path) const {
        if (process_ == 0 || !path.starts_with('/')) { // the kernel's vdso is not a file
            return is_file(path) ? path : "";
        }
        const std::string folder = fmt::format("/proc/{}", process_);
        std::error_code error;
        const std::string program = fs::read_symlink(folder + "/exe", error).string();
        if (program == path && program.ends_with(deleted)) {
            return folder + "/exe"; // still leads to the old one
        }
        std::ifstream maps(folder + "/maps");
        for (std::string line; std::getline(maps, line);) {
            if (line.ends_with(' ' + path + std::string(deleted))) {
                return program == path + std::string(deleted) ? folder + "/exe" : "";
            }
        }
        const std::string inside = folder + "/root" + path;
        return is_file(inside) ? inside : is_file(path) ? path : "";
    }
    static bool is_file(const std::string& path) {
        std::error_code error;
        return path.starts_with('/') && fs::is_regular_file(path, error);
    }

    static constexpr std::string_view deleted = " (deleted)";

    pid_t process_;
    Dwfl_Callbacks callbacks_{::dwfl_build_id_find_elf, ::dwfl_standard_find_debuginfo,
                              ::dwfl_offline_section_address, nullptr};
    std::map<std::string, Module> known_;
};

Symbols::Symbols(pid_t process) : modules_(std::make_unique<Modules>(process)) {
    ::unsetenv("DEBUGINFOD_URLS"); // libdw would download debug information
}

Symbols::~Symbols() = default;

std::vector<std::string> Symbols::describe(const Frame& frame) {
    Dwfl_Module* const module = frame.module.empty() ? nullptr : modules_->find(frame.module);
    if (module == nullptr) {
        return {frame.text};
    }
    Dwarf_Addr begin = 0;
    ::dwfl_module_info(module, nullptr, &begin, nullptr, nullptr, nullptr, nullptr, nullptr);
    const Dwarf_Addr address = begin + frame.offset;

    std::vector<std::string> lines;
    Line line;
    Dwarf_Addr bias = 0;
    std::string function;
    if (Dwarf_Die* const unit = unit_of(module, address, bias)) {
        line = line_of(*unit, address - bias);
        std::optional<Dwarf_Die> innermost = innermost_scope(*unit, address - bias);
        Dwarf_Die* found = nullptr;
        const int count = innermost ? ::dwarf_getscopes_die(&*innermost, &found) : 0;
        const std::unique_ptr<Dwarf_Die, FreeScopes> scopes(found);
        for (int i = 0; i < count && function.empty(); ++i) {
            Dwarf_Die& scope = found[i];
            if (::dwarf_tag(&scope) == DW_TAG_inlined_subroutine) {
                lines.push_back(name_of(scope) + at(line) + " (inlined)");
                line = call_of(*unit, scope);
            } else if (::dwarf_tag(&scope) == DW_TAG_subprogram) {
                function = name_of(scope);
            }
        }
    }
    GElf_Off offset = 0;
    GElf_Sym symbol{};
    const char* const name =
        ::dwfl_module_addrinfo(module, address, &offset, &symbol, nullptr, nullptr, nullptr);
    if (name != nullptr) { // of a coroutine's clones, debug information has only the coroutine's
        function = engine::function_of(name);
    }
    if (function.empty()) {
        lines.push_back(frame.text);
    } else if (line.number != 0) {
        lines.push_back(function + at(line));
    } else {
        const std::string file = frame.module.substr(frame.module.rfind('/') + 1);
        lines.push_back(fmt::format("{} + {:#x} ({})", function, offset, file));
    }
    return lines;
}

} // namespace hocket::tool
