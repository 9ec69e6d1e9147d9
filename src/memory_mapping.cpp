#include "memory_mapping.hpp"

#include <cerrno>
#include <limits>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hocket/errors.hpp>

namespace hocket::detail {

namespace {

// Since Linux 6.3, and expected from 6.3 on; glibc may not name it yet.
constexpr unsigned never_executable = 0x0008U; // MFD_NOEXEC_SEAL

[[noreturn]] void throw_errno(const char* call, std::size_t size) {
    const std::error_code error(errno, std::system_category());
    throw std::system_error(error, std::string(call) + " shared memory of " + std::to_string(size) +
                                       " bytes");
}

int create(const std::string& name) noexcept {
    constexpr unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    const int fd = ::memfd_create(name.c_str(), flags | never_executable);
    return fd < 0 && errno == EINVAL ? ::memfd_create(name.c_str(), flags) : fd;
}

} // namespace

engine::FileDescriptor make_memory_file(const char* what, std::size_t size, Growth growth) {
    if (size > static_cast<std::size_t>(std::numeric_limits<off_t>::max())) {
        errno = EFBIG;
        throw_errno("create", size);
    }
    engine::FileDescriptor file(create(std::string("hocket-") + what));
    if (!file.is_open()) {
        throw_errno("create", size);
    }
    if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0) {
        throw_errno("size", size);
    }
    const int seals = F_SEAL_SHRINK | F_SEAL_SEAL | (growth == Growth::allowed ? 0 : F_SEAL_GROW);
    if (::fcntl(file.get(), F_ADD_SEALS, seals) != 0) {
        throw_errno("seal", size);
    }
    return file;
}

MemoryMapping::MemoryMapping(engine::FileDescriptor file, std::size_t size)
    : file_(std::move(file)), size_(size) {
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
    if (memory == MAP_FAILED) {
        throw_errno("map", size);
    }
    data_ = static_cast<std::byte*>(memory);
}

MemoryMapping MemoryMapping::of_received(engine::FileDescriptor file, std::size_t least) {
    struct stat status {};
    const int seals = ::fcntl(file.get(), F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || ::fstat(file.get(), &status) != 0 ||
        std::cmp_less(status.st_size, least)) {
        throw RuntimeError("what came with a message is not shared memory of at least " +
                           std::to_string(least) + " bytes");
    }
    return {std::move(file), static_cast<std::size_t>(status.st_size)};
}

MemoryMapping::MemoryMapping(MemoryMapping&& other) noexcept
    : file_(std::move(other.file_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(other.size_) {}

MemoryMapping::~MemoryMapping() {
    if (data_ != nullptr) {
        ::munmap(data_, size_);
    }
}

} // namespace hocket::detail
