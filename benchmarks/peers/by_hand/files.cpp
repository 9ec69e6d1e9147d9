#include <liburing.h>

#include <vector>

#include "../../big_file.hpp"

namespace {

/// The minimum: 64 buffers, one ring, and in each system call as many reads as there are free
/// buffers.
void read_all(io_uring& ring, bench::BigFile& big) {
    std::vector<char> pages(bench::reads_in_flight * bench::BigFile::page);
    std::vector<unsigned> free;
    for (unsigned i = 0; i < bench::reads_in_flight; ++i) free.push_back(i);
    long left = bench::reads;
    while (left > 0 || free.size() < bench::reads_in_flight) {
        while (left > 0 && !free.empty()) {
            --left;
            io_uring_sqe* const entry = io_uring_get_sqe(&ring);
            io_uring_prep_read(entry, big.fileno(), &pages[free.back() * bench::BigFile::page],
                               bench::BigFile::page,
                               static_cast<unsigned long>(big.random_offset()));
            io_uring_sqe_set_data64(entry, free.back());
            free.pop_back();
        }
        io_uring_submit_and_wait(&ring, 1);
        io_uring_cqe* completion = nullptr;
        unsigned head = 0;
        unsigned count = 0;
        io_uring_for_each_cqe(&ring, head, completion) {
            if (completion->res != static_cast<int>(bench::BigFile::page)) std::abort();
            free.push_back(static_cast<unsigned>(completion->user_data));
            ++count;
        }
        io_uring_cq_advance(&ring, count);
    }
}

} // namespace

int main() {
    bench::BigFile big;
    io_uring ring{};
    if (const int code = io_uring_queue_init(128, &ring, IORING_SETUP_COOP_TASKRUN); code != 0) {
        std::fprintf(stderr, "io_uring: error %d\n", -code);
        return 1;
    }
    bench::measure_reads([&] { read_all(ring, big); });
    io_uring_queue_exit(&ring);
}
