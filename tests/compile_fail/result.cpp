// expect: hocket: the result's type cannot cross from another process
#include <hocket/process_pool_executor.hpp>

void return_a_pointer(hocket::ProcessPoolExecutor& pool) {
    pool.submit([]() -> int* { return nullptr; }).result();
}
