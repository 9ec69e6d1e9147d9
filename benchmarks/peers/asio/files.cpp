#include <asio.hpp>

#include <vector>

#include "../../big_file.hpp"

// Asio supports files only when built with io_uring, which it then also uses for sockets.
namespace {

asio::awaitable<void> reader(asio::random_access_file& file, bench::BigFile& big, long& left) {
    std::vector<char> page(bench::BigFile::page);
    while (left > 0) {
        --left;
        const std::size_t count =
            co_await file.async_read_some_at(static_cast<unsigned long>(big.random_offset()),
                                             asio::buffer(page), asio::use_awaitable);
        if (count != page.size()) std::abort();
    }
}

} // namespace

int main() {
    bench::BigFile big;
    asio::io_context io(1);
    asio::random_access_file file(io, big.path(), asio::random_access_file::read_only);
    bench::measure_reads([&] {
        long left = bench::reads;
        for (int i = 0; i < bench::reads_in_flight; ++i) {
            asio::co_spawn(io, reader(file, big, left), asio::detached);
        }
        io.run();
        io.restart();
    });
}
