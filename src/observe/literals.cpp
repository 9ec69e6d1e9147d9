#include "observe/literals.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include <link.h>

namespace hocket::observer {

namespace {

/// Calls `read` with the number of bytes that can be read from `address` on, while no module can be
/// unloaded; does not call it if there is nothing.
template <class Read> void read_module_data(std::uintptr_t address, Read read) {
    struct Search {
        std::uintptr_t address;
        Read& read;
    } search{address, read};
    ::dl_iterate_phdr(
        [](dl_phdr_info* module, std::size_t, void* context) {
            const Search& wanted = *static_cast<Search*>(context);
            for (int i = 0; i < module->dlpi_phnum; ++i) {
                const auto& segment = module->dlpi_phdr[i];
                const std::uintptr_t begin = module->dlpi_addr + segment.p_vaddr;
                if (segment.p_type == PT_LOAD && (segment.p_flags & PF_R) != 0 &&
                    wanted.address >= begin && wanted.address - begin < segment.p_memsz) {
                    wanted.read(segment.p_memsz - (wanted.address - begin));
                    return 1;
                }
            }
            return 0;
        },
        &search);
}

} // namespace

std::optional<std::string> literal_at(std::uintptr_t address) {
    constexpr std::size_t longest = 4096;
    std::optional<std::string> found;
    read_module_data(address, [&](std::size_t readable) {
        const auto* const text = reinterpret_cast<const char*>(address);
        const std::size_t size = ::strnlen(text, std::min(readable, longest));
        if (size < readable) {
            found.emplace(text, size);
        }
    });
    return found;
}

std::optional<SourcePlace> place_at(std::uintptr_t address) {
    // What libstdc++ and libc++ point to, as GCC and clang make it.
    struct Data {
        const char* file;
        const char* function;
        std::uint32_t line;
        std::uint32_t column;
    } data{};
    bool is_there = false;
    read_module_data(address, [&](std::size_t readable) {
        if (readable >= sizeof data && address % alignof(Data) == 0) {
            std::memcpy(&data, reinterpret_cast<const void*>(address), sizeof data);
            is_there = true;
        }
    });
    if (!is_there) {
        return std::nullopt;
    }
    auto file = literal_at(reinterpret_cast<std::uintptr_t>(data.file));
    auto function = literal_at(reinterpret_cast<std::uintptr_t>(data.function));
    if (!file || !function) {
        return std::nullopt;
    }
    return SourcePlace{std::move(*file), std::move(*function), data.line};
}

} // namespace hocket::observer
