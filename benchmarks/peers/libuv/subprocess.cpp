#include <uv.h>

#include "../../measure.hpp"

int main() {
    constexpr std::size_t rounds = 20;
    uv_loop_t* loop = uv_default_loop();
    char path[] = "/bin/true";
    char* arguments[] = {path, nullptr};
    bench::Best best("true", rounds, 100, bench::Clock::wall);
    while (best.next()) {
        for (std::size_t i = 0; i < rounds; ++i) {
            uv_process_t process;
            uv_process_options_t options{};
            options.file = path;
            options.args = arguments;
            options.exit_cb = [](uv_process_t* ended, int64_t status, int) {
                if (status != 0) std::abort();
                uv_close(reinterpret_cast<uv_handle_t*>(ended), nullptr);
            };
            if (uv_spawn(loop, &process, &options) != 0) std::abort();
            uv_run(loop, UV_RUN_DEFAULT);
        }
    }
}
