#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>

#include "observed_process.hpp"
#include "verbs.hpp"

namespace hocket::tool {

namespace {

/// Runs the package if there is one. A package that is missing is told apart from everything that
/// the package itself may say.
constexpr const char* program = R"(
import importlib.util, runpy, sys
try:
    found = importlib.util.find_spec("hocket.choose")
except ModuleNotFoundError:
    found = None
if found is None:
    sys.exit("hocket: this Python has no package `hocket`; in the source tree, `pip install ./python` installs it")
sys.argv[0] = "hocket choose"
runpy.run_module("hocket.choose", run_name="__main__", alter_sys=False)
)";

} // namespace

void choose(const std::vector<std::string>& arguments) {
    std::vector<std::string> words{"python3", "-c", program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    ::execvp("python3", pointers.data());
    throw Problem(fmt::format("cannot start python3: {}", std::strerror(errno)));
}

} // namespace hocket::tool
