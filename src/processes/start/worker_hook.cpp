// Workers are the program itself, started again: its main is wrapped, and is not called in them.
//
// The C library's __libc_start_main initialises the statics of the program and of its libraries and
// then calls the main that it was given. This one stands in front of it, in a static as in a shared
// library, wherever that is in the link order, and hands on a main that looks first whether this
// process is to be a worker. A constructor instead would run in link order, and might find the
// program's statics not initialised.
//
// Compiled without sanitizers: it runs before they are ready.

#include <cstdlib>
#include <cstring>

#include <dlfcn.h>

namespace {

using Main = int (*)(int, char**, char**);
using Start = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);

Main program_main = nullptr;

} // namespace

extern "C" {

// Linked in with whatever starts processes; a program that starts none has no worker to be.
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
    // Copied, since ISO C++ has no cast from an object pointer to a function pointer.
    void* const symbol = ::dlsym(RTLD_NEXT, "__libc_start_main");
    Start start = nullptr;
    std::memcpy(&start, &symbol, sizeof start);
    return start(&main_or_worker, argc, argv, init, fini, loader_fini, stack_end);
}

} // extern "C"
