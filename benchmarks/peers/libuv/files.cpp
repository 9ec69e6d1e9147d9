#include <uv.h>

#include <vector>

#include "../../big_file.hpp"

namespace {

struct Reader {
    uv_fs_t request{};
    std::vector<char> page = std::vector<char>(bench::BigFile::page);
    bench::BigFile* big = nullptr;
    long* left = nullptr;
};

void read_next(uv_loop_t* loop, Reader& reader) {
    if (*reader.left == 0) return;
    --*reader.left;
    const uv_buf_t buffer = uv_buf_init(reader.page.data(), bench::BigFile::page);
    uv_fs_read(loop, &reader.request, reader.big->fileno(), &buffer, 1, reader.big->random_offset(),
               [](uv_fs_t* request) {
                   if (request->result != bench::BigFile::page) std::abort();
                   auto& done = *static_cast<Reader*>(request->data);
                   uv_loop_t* const own = request->loop;
                   uv_fs_req_cleanup(request);
                   read_next(own, done);
               });
}

} // namespace

int main() {
    bench::BigFile big;
    uv_loop_t* const loop = uv_default_loop();
    std::vector<Reader> readers(bench::reads_in_flight);
    bench::measure_reads([&] {
        long left = bench::reads;
        for (Reader& reader : readers) {
            reader.big = &big;
            reader.left = &left;
            reader.request.data = &reader;
            read_next(loop, reader);
        }
        uv_run(loop, UV_RUN_DEFAULT);
    });
}
