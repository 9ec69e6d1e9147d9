// A program whose workers must find its statics initialised, however it is linked: with hocket as a
// static library before or after its own objects, or as a shared library. Prints each failure, and
// "ok" if there is none.

#include <cstdio>
#include <string>

#include <dlfcn.h>

#include <hocket/process_pool_executor.hpp>

#include "library.hpp"

namespace {

// This needs a constructor that runs before main.
const std::string initialised = std::string("initialised ") + std::to_string(42);

int failures = 0;

void expect(bool holds, const char* what) {
    if (!holds) {
        std::printf("wrong: %s\n", what);
        ++failures;
    }
}

void call_functions(hocket::StartMethod method, const char* plugin_path) {
    hocket::ProcessPoolExecutor pool(1, {.start_method = method});
    expect(pool.submit([] { return initialised; }).result() == initialised,
           "a worker's own statics");
    expect(pool.submit(&library_state).result() == library_state(),
           "the statics of a shared library of the program");
    expect(pool.submit([](int n) { return library_square(n); }, 7).result() == 49,
           "a lambda that calls a shared library");

    void* const plugin = ::dlopen(plugin_path, RTLD_NOW);
    expect(plugin != nullptr, "dlopen of the plugin");
    if (plugin != nullptr) {
        const auto cube = reinterpret_cast<int (*)(int)>(::dlsym(plugin, "plugin_cube"));
        expect(pool.submit(cube, 3).result() == 27, "a function of a library loaded at run time");
    }
}

} // namespace

// Argument: the path of a library to load at run time.
int main(int, char** argv) {
    using enum hocket::StartMethod;
    for (const auto method : {spawn, forkserver, fork}) {
        call_functions(method, argv[1]);
    }
    std::puts(failures == 0 ? "ok" : "not ok");
    return failures;
}
