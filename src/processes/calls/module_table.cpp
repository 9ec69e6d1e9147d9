#include "processes/calls/module_table.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include <dlfcn.h>
#include <link.h>

#include <hocket/engine/made_once.hpp>
#include <hocket/errors.hpp>

#include "engine/build_id.hpp"
#include "loop/fork_safe_mutex.hpp"

namespace hocket::detail {

namespace {

/// Calls `matches(path, info)` for each loaded module, the program first. Returns the first module
/// for which it is true.
template <class Matches> std::optional<Module> find_module(Matches matches) {
    struct Search {
        Matches& matches;
        bool is_first = true;
        std::optional<Module> found{};
    } search{matches};
    ::dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* data) {
            auto& search = *static_cast<Search*>(data);
            const std::string path = std::exchange(search.is_first, false) ? "" : info->dlpi_name;
            if (!search.matches(path, *info)) {
                return 0;
            }
            search.found = Module{path, engine::build_id_of(*info), info->dlpi_addr};
            return 1;
        },
        &search);
    return search.found;
}

std::optional<Module> find_by_path(const std::string& path) {
    return find_module([&](const std::string& is, const dl_phdr_info&) { return is == path; });
}

ForkSafeMutex table_mutex;

struct Table {
    Table() { modules.push_back(*find_by_path("")); }
    std::vector<Module> modules;
    std::atomic<std::uint32_t> size{1};
};

Table& table() {
    static constinit engine::MadeOnce<Table> instance;
    return instance.get();
}

} // namespace

std::uint32_t ModuleTable::number_of(std::uint64_t base) {
    Table& known = table();
    const std::scoped_lock lock(table_mutex);
    for (std::size_t i = 0; i < known.modules.size(); ++i) {
        if (known.modules[i].base == base) {
            return static_cast<std::uint32_t>(i);
        }
    }
    const auto found = find_module(
        [&](const std::string&, const dl_phdr_info& info) { return info.dlpi_addr == base; });
    if (!found) {
        throw RuntimeError("a function's module was unloaded while the function was located");
    }
    known.modules.push_back(*found);
    known.size.store(static_cast<std::uint32_t>(known.modules.size()), std::memory_order_release);
    return static_cast<std::uint32_t>(known.modules.size() - 1);
}

std::uint32_t ModuleTable::size() noexcept { return table().size.load(std::memory_order_acquire); }

Module ModuleTable::get(std::uint32_t number) {
    Table& known = table();
    const std::scoped_lock lock(table_mutex);
    return known.modules.at(number);
}

FunctionRef locate_function(const void* function) {
    dl_find_object object{};
    if (::_dl_find_object(const_cast<void*>(function), &object) != 0) {
        throw ValueError("this function cannot cross to another process: it is not in the program "
                         "nor in a shared library (it was made at run time)");
    }
    const std::uint64_t base = object.dlfo_link_map->l_addr;
    return {ModuleTable::number_of(base), reinterpret_cast<std::uint64_t>(function) - base};
}

namespace {

/// On another machine, the library may be in another folder, where the linker finds it by its name.
std::optional<Module> find_or_load(const Module& module, std::string& error) {
    if (auto found = find_by_path(module.path)) {
        return found;
    }
    const std::string name = module.path.substr(module.path.rfind('/') + 1);
    const auto is_same = [&](const std::string& path, const dl_phdr_info& info) {
        return path.ends_with("/" + name) && engine::build_id_of(info) == module.build_id;
    };
    if (auto found = find_module(is_same)) {
        return found;
    }
    if (::dlopen(module.path.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) {
        return find_by_path(module.path);
    }
    error = std::string("the worker cannot load the library of the function: ") + ::dlerror();
    if (::dlopen(name.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
        return std::nullopt;
    }
    const auto found = find_module(is_same);
    error = found ? "" : "the worker found a different build of " + name;
    return found;
}

} // namespace

ForeignModules::ForeignModules() { add(ModuleTable::get(0)); }

void ForeignModules::add(const Module& module) {
    Entry entry;
    std::optional<Module> found = find_or_load(module, entry.error);
    if (found && found->build_id != module.build_id) {
        entry.error = "the worker found a different build of " +
                      (module.path.empty() ? "the program" : module.path) + ": its build id is " +
                      found->build_id + ", the owner's is " + module.build_id +
                      ". Was it rebuilt while the program was running?";
    }
    entry.base = found ? found->base : 0;
    entries_.push_back(std::move(entry));
}

const void* ForeignModules::resolve(FunctionRef function) const {
    const Entry& module = entries_.at(function.module);
    if (!module.error.empty()) {
        throw RuntimeError(module.error);
    }
    return reinterpret_cast<const void*>(module.base + function.offset);
}

} // namespace hocket::detail
