// A worker is the same program, started again. The program's main is wrapped and is not called in a
// worker.
//
// The C library's __libc_start_main initialises the statics of the program and of its libraries,
// and then calls the main that it was given. The definition below is found before the C library's,
// whether hocket is a static or a shared library, and wherever it is in the link order. It passes
// on a main that first checks whether this process should be a worker. A constructor would run in
// link order instead, and might run before the program's statics are initialised.
//
// Compiled without sanitizers, because it runs before they are ready.

#include <cstdlib>
#include <cstring>

#include <dlfcn.h>

namespace {

using Main = int (*)(int, char**, char**);
using Start = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);

Main program_main = nullptr;

} // namespace

extern "C" {

// Linked into programs that start processes. In other programs it is null, and there are no
// workers.
[[gnu::weak]] int hocket_worker_main(const char* socket);

static int main_or_worker(int argc, char** argv, char** environment) {
    if (hocket_worker_main != nullptr) {
        if (const char* socket = std::getenv("HOCKET_WORKER"); socket != nullptr) {
            return hocket_worker_main(socket);
        }
    }
    return program_main(argc, argv, environment);
}

[[gnu::visibility("default")]] int __libc_start_main(Main main, int argc, char** argv,
                                                     void (*init)(), void (*fini)(),
                                                     void (*loader_fini)(), void* stack_end) {
    program_main = main;
    // Use memcpy, because ISO C++ has no cast from an object pointer to a function pointer.
    void* const symbol = ::dlsym(RTLD_NEXT, "__libc_start_main");
    Start start = nullptr;
    std::memcpy(&start, &symbol, sizeof start);
    return start(&main_or_worker, argc, argv, init, fini, loader_fini, stack_end);
}

} // extern "C"
