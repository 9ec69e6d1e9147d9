#include "engine/build_id.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include <hocket/engine/file_descriptor.hpp>
#include <hocket/engine/made_once.hpp>

#include "engine/last_error.hpp"

namespace hocket::engine {

namespace {

std::string in_hexadecimal(const unsigned char* bytes, std::size_t count) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 15];
    }
    return text;
}

std::size_t to_words(std::size_t size) { return (size + 3) / 4 * 4; }

} // namespace

std::string build_id_of(const dl_phdr_info& module) {
    for (int i = 0; i < module.dlpi_phnum; ++i) {
        const ElfW(Phdr)& segment = module.dlpi_phdr[i];
        if (segment.p_type != PT_NOTE) {
            continue;
        }
        const auto* at = reinterpret_cast<const unsigned char*>(module.dlpi_addr + segment.p_vaddr);
        const unsigned char* const end = at + segment.p_memsz;
        while (at + sizeof(ElfW(Nhdr)) <= end) {
            const auto& note = *reinterpret_cast<const ElfW(Nhdr)*>(at);
            const unsigned char* const name = at + sizeof note;
            const unsigned char* const description = name + to_words(note.n_namesz);
            if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
                std::string_view(reinterpret_cast<const char*>(name), 3) == "GNU") {
                return in_hexadecimal(description, note.n_descsz);
            }
            at = description + to_words(note.n_descsz);
        }
    }
    return {};
}

const std::string& program_build() {
    static constinit MadeOnce<const std::string> build;
    return build.get([] {
        std::string id;
        ::dl_iterate_phdr(
            [](dl_phdr_info* program, std::size_t, void* to) {
                *static_cast<std::string*>(to) = build_id_of(*program);
                return 1; // the program is the first
            },
            &id);
        return id.empty() ? hash_of_file("/proc/self/exe") : id;
    });
}

// FNV-1a, and the size.
std::string hash_of_file(const char* path) {
    const FileDescriptor file(::open(path, O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) {
        throw_errno(std::string("open ") + path);
    }
    std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
    std::uint64_t size = 0;
    std::array<unsigned char, std::size_t{64} * 1024> part;
    for (;;) {
        const ssize_t count = ::read(file.fileno(), part.data(), part.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            throw_errno(std::string("read ") + path);
        }
        if (count == 0) {
            break;
        }
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            hash = (hash ^ part[i]) * 0x100'0000'01b3;
        }
        size += static_cast<std::uint64_t>(count);
    }
    std::array<unsigned char, 8> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<unsigned char>(hash >> (56 - 8 * i));
    }
    return "hash " + in_hexadecimal(bytes.data(), bytes.size()) + " of " + std::to_string(size) +
           " bytes";
}

} // namespace hocket::engine
