// expect: hocket: this cannot cross to another process
#include <hocket/process_pool_executor.hpp>

void submit_what_captures(hocket::ProcessPoolExecutor& pool, int n) {
    pool.submit([n] { return n; }).result();
}
