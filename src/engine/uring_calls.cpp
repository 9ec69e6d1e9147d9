#include "engine/uring_calls.hpp"

#include <cerrno>

#include <hocket/engine/sanitizers.hpp>

namespace hocket::engine {

namespace {

using Call = FileRequest::Call;

struct Opcode {
    Call call;
    int opcode;
    bool is_needed;
};
// The required opcodes exist since Linux 5.6, renaming and unlinking since 5.11, making directories
// since 5.15.
constexpr Opcode opcodes[] = {
    {Call::open, IORING_OP_OPENAT2, true},     {Call::close, IORING_OP_CLOSE, true},
    {Call::read, IORING_OP_READ, true},        {Call::write, IORING_OP_WRITE, true},
    {Call::sync, IORING_OP_FSYNC, true},       {Call::data_sync, IORING_OP_FSYNC, true},
    {Call::stat, IORING_OP_STATX, true},       {Call::rename, IORING_OP_RENAMEAT, false},
    {Call::unlink, IORING_OP_UNLINKAT, false}, {Call::make_directory, IORING_OP_MKDIRAT, false},
};

} // namespace

UringCalls probe_uring(io_uring& ring, int& code) noexcept {
    io_uring_probe* const found = io_uring_get_probe_ring(&ring);
    if (found == nullptr) {
        code = -ENOSYS;
        return 0;
    }
    UringCalls supported = 0;
    bool has_needed = true;
    for (const Opcode& known : opcodes) {
        if (io_uring_opcode_supported(found, known.opcode) != 0) {
            supported |= uring_call(known.call);
        } else {
            has_needed = has_needed && !known.is_needed;
        }
    }
    io_uring_free_probe(found);
    if (!has_needed) {
        code = -EOPNOTSUPP;
        return 0;
    }
    // A filter may allow creating rings but forbid using them.
    io_uring_prep_nop(io_uring_get_sqe(&ring));
    const int submitted = io_uring_submit_and_wait(&ring, 1);
    io_uring_cqe* completion = nullptr;
    if (submitted < 0 || io_uring_peek_cqe(&ring, &completion) != 0) {
        code = submitted < 0 ? submitted : -ENOSYS;
        return 0;
    }
    io_uring_cqe_seen(&ring, completion);
    if (detail::thread_sanitized) {
        // Left to threads, because ThreadSanitizer must see the close; otherwise it takes the next
        // descriptor with the same number for the same one.
        supported &= ~uring_call(Call::close);
    }
    return supported;
}

// A worker that is stopped while opening a file returns the codes with which the kernel internally
// requests a restart (ERESTARTSYS and its siblings, which programs normally never see).
bool is_uring_interruption(int result) noexcept {
    return result == -EINTR || (result <= -512 && result >= -516);
}

bool is_blocking_open(const FileRequest& request) noexcept {
    return request.kind == Call::open &&
           ((request.flags & (O_CREAT | O_TRUNC)) != 0 || (request.flags & O_TMPFILE) == O_TMPFILE);
}

void prepare_uring_call(io_uring_sqe& entry, const FileRequest& request, open_how& how) noexcept {
    const auto size = static_cast<unsigned>(request.size);
    const auto offset = static_cast<std::uint64_t>(request.offset);
    switch (request.kind) {
    case Call::open:
        how = {.flags = static_cast<std::uint64_t>(request.flags),
               .mode = 0, // nothing is created
               .resolve = RESOLVE_CACHED};
        io_uring_prep_openat2(&entry, request.fd, request.path, &how);
        break;
    case Call::close: io_uring_prep_close(&entry, request.fd); break;
    case Call::read: io_uring_prep_read(&entry, request.fd, request.memory, size, offset); break;
    case Call::write: io_uring_prep_write(&entry, request.fd, request.memory, size, offset); break;
    case Call::sync: io_uring_prep_fsync(&entry, request.fd, 0); break;
    case Call::data_sync: io_uring_prep_fsync(&entry, request.fd, IORING_FSYNC_DATASYNC); break;
    case Call::stat:
        io_uring_prep_statx(&entry, request.fd, request.path, request.flags, STATX_BASIC_STATS,
                            static_cast<struct statx*>(request.memory));
        break;
    case Call::rename:
        io_uring_prep_renameat(&entry, request.fd, request.path, request.fd, request.new_path, 0);
        break;
    case Call::unlink:
        io_uring_prep_unlinkat(&entry, request.fd, request.path, request.flags);
        break;
    case Call::make_directory:
        io_uring_prep_mkdirat(&entry, request.fd, request.path, request.mode);
        break;
    case Call::function: break; // done by threads
    }
}

} // namespace hocket::engine
