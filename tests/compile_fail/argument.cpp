// expect: hocket: an argument's type cannot cross to another process
#include <hocket/process_pool_executor.hpp>

struct Handle {
    int* pointer;
};

void submit_a_pointer(hocket::ProcessPoolExecutor& pool, Handle handle) {
    pool.submit([](Handle) {}, handle).result();
}
