#include "engine/shared_ring.hpp"

#include <cerrno>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hocket::engine {

namespace {

[[noreturn]] void throw_system_error(const char* call, std::size_t size) {
    throw std::system_error(errno, std::system_category(),
                            std::string(call) + " of " + std::to_string(size) +
                                " bytes of shared memory");
}

} // namespace

SharedRegion SharedRegion::create(const char* name, std::size_t size) {
    FileDescriptor descriptor(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!descriptor.is_open()) {
        throw_system_error("memfd_create", size);
    }
    if (::ftruncate(descriptor.get(), static_cast<off_t>(size)) != 0) {
        throw_system_error("ftruncate", size);
    }
    ::fcntl(descriptor.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    return {std::move(descriptor), size};
}

SharedRegion SharedRegion::map(FileDescriptor descriptor) {
    struct stat status {};
    if (::fstat(descriptor.get(), &status) != 0) {
        throw_system_error("fstat", 0);
    }
    return {std::move(descriptor), static_cast<std::size_t>(status.st_size)};
}

SharedRegion::SharedRegion(FileDescriptor descriptor, std::size_t size)
    : descriptor_(std::move(descriptor)), size_(size) {
    void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_.get(), 0);
    if (memory == MAP_FAILED) {
        throw_system_error("mmap", size);
    }
    data_ = static_cast<std::byte*>(memory);
}

SharedRegion::SharedRegion(SharedRegion&& other) noexcept
    : descriptor_(std::move(other.descriptor_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

SharedRegion& SharedRegion::operator=(SharedRegion&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

SharedRegion::~SharedRegion() {
    if (data_ != nullptr) {
        ::munmap(data_, size_);
    }
}

MessageHeader* SharedRing::reserve(std::size_t size) noexcept {
    const std::size_t room = room_for(size);
    std::uint64_t position = positions_->written.load(std::memory_order_relaxed);
    const std::uint64_t read = positions_->read.load(std::memory_order_acquire);
    const std::size_t to_end = bytes_.size() - (position & (bytes_.size() - 1));
    const std::size_t skipped = room > to_end ? to_end : 0;
    if (position + skipped + room - read > bytes_.size()) {
        return nullptr;
    }
    if (skipped > 0) {
        // Only the size: there may be no room for more. Nobody looks at it before the commit.
        at(position)->size = skip_rest;
        position += skipped;
    }
    reserved_until_ = position + room;
    auto* header = ::new (at(position)) MessageHeader{};
    header->size = static_cast<std::uint32_t>(size);
    return header;
}

MessageHeader* SharedRing::front() noexcept {
    std::uint64_t position = positions_->read.load(std::memory_order_relaxed);
    if (position == positions_->written.load(std::memory_order_seq_cst)) {
        return nullptr;
    }
    if (at(position)->size == skip_rest) {
        position += bytes_.size() - (position & (bytes_.size() - 1));
        positions_->read.store(position, std::memory_order_release);
    }
    return at(position);
}

void SharedRing::pop() noexcept {
    const std::uint64_t position = positions_->read.load(std::memory_order_relaxed);
    positions_->read.store(position + room_for(at(position)->size), std::memory_order_release);
}

} // namespace hocket::engine
