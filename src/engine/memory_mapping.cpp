#include "engine/memory_mapping.hpp"

#include <cerrno>
#include <limits>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/last_error.hpp"

namespace hocket::engine {

namespace {

// Exists, and should be set, since Linux 6.3. glibc may not define it yet.
constexpr unsigned never_executable = 0x0008U; // MFD_NOEXEC_SEAL

[[noreturn]] void throw_segment_error(const char* call, std::size_t size) {
    const std::error_code error = last_error();
    throw std::system_error(error, std::string(call) + " shared memory of " + std::to_string(size) +
                                       " bytes");
}

int create(const std::string& name) noexcept {
    constexpr unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    const int fd = ::memfd_create(name.c_str(), flags | never_executable);
    return fd < 0 && errno == EINVAL ? ::memfd_create(name.c_str(), flags) : fd;
}

} // namespace

FileDescriptor make_memory_file(const char* what, std::size_t size, Growth growth) {
    if (size > static_cast<std::size_t>(std::numeric_limits<off_t>::max())) {
        errno = EFBIG;
        throw_segment_error("create", size);
    }
    FileDescriptor file(create(std::string("hocket-") + what));
    if (!file.is_open()) {
        throw_segment_error("create", size);
    }
    if (::ftruncate(file.fileno(), static_cast<off_t>(size)) != 0) {
        throw_segment_error("size", size);
    }
    const int seals = F_SEAL_SHRINK | F_SEAL_SEAL | (growth == Growth::allowed ? 0 : F_SEAL_GROW);
    if (::fcntl(file.fileno(), F_ADD_SEALS, seals) != 0) {
        throw_segment_error("seal", size);
    }
    return file;
}

void write_memory_file(int fd, std::span<const char> bytes, std::uint64_t offset) {
    while (!bytes.empty()) { // the kernel writes at most 2 GiB at once
        const ssize_t written =
            ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0) {
            if (errno != EINTR) {
                throw_segment_error("write to", bytes.size());
            }
            continue;
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        offset += static_cast<std::uint64_t>(written);
    }
}

void read_memory_file(int fd, std::span<char> space, std::uint64_t offset) {
    while (!space.empty()) {
        const ssize_t size = ::pread(fd, space.data(), space.size(), static_cast<off_t>(offset));
        if (size == 0) {
            throw std::system_error(std::make_error_code(std::errc::bad_message),
                                    "read a segment that is smaller than its message says");
        }
        if (size < 0) {
            if (errno != EINTR) {
                throw_segment_error("read from", space.size());
            }
            continue;
        }
        space = space.subspan(static_cast<std::size_t>(size));
        offset += static_cast<std::uint64_t>(size);
    }
}

MemoryMapping::MemoryMapping(FileDescriptor file, std::size_t size)
    : file_(std::move(file)), size_(size) {
    void* const memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_.fileno(), 0);
    if (memory == MAP_FAILED) {
        throw_segment_error("map", size);
    }
    data_ = static_cast<std::byte*>(memory);
}

MemoryMapping MemoryMapping::create(const char* what, std::size_t size) {
    return {make_memory_file(what, size, Growth::forbidden), size};
}

MemoryMapping MemoryMapping::of_received(FileDescriptor file, std::size_t least, Growth growth) {
    struct stat status {};
    const int seals = ::fcntl(file.fileno(), F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || ::fstat(file.fileno(), &status) != 0 ||
        std::cmp_less(status.st_size, least)) {
        throw std::system_error(std::make_error_code(std::errc::bad_message),
                                "map a received descriptor as shared memory of at least " +
                                    std::to_string(least) + " bytes");
    }
    return {std::move(file),
            growth == Growth::allowed ? least : static_cast<std::size_t>(status.st_size)};
}

MemoryMapping::MemoryMapping(MemoryMapping&& other) noexcept
    : file_(std::move(other.file_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MemoryMapping& MemoryMapping::operator=(MemoryMapping&& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

MemoryMapping::~MemoryMapping() {
    if (data_ != nullptr) {
        ::munmap(data_, size_);
    }
}

} // namespace hocket::engine
