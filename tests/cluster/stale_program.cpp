// A program that may be a worker, as on_cluster may, but is not on_cluster.

#include <hocket/process_pool_executor.hpp>

int main() {
    hocket::ProcessPoolExecutor pool(1);
    return pool.submit([] { return 0; }).result();
}
