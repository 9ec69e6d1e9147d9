#include "crawl/timeline.hpp"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <hocket/observe.hpp>

namespace crawl {
namespace {

/// The hocket command: beside a crawl that was built, else where programs are found.
std::string hocket_command() {
    const auto crawl = std::filesystem::read_symlink("/proc/self/exe");
    const auto built = crawl.parent_path().parent_path() / "tools" / "hocket";
    if (std::filesystem::exists(built)) return built.string();
    const char* const path = std::getenv("PATH");
    for (std::string_view folders = path ? path : ""; !folders.empty();) {
        const auto colon = folders.find(':');
        const auto found = std::filesystem::path(folders.substr(0, colon)) / "hocket";
        if (::access(found.c_str(), X_OK) == 0) return found.string();
        folders.remove_prefix(colon == folders.npos ? folders.size() : colon + 1);
    }
    throw std::runtime_error("--trace needs the hocket command: build the target hocket_command, "
                             "or install it");
}

std::vector<std::string> recorder_arguments(const std::string& file) {
    hocket::observe(); // what is not observed cannot be recorded
    return {hocket_command(), "trace", std::to_string(::getpid()), "--output", file};
}

} // namespace

Timeline::Timeline(const std::string& file) : recorder_(recorder_arguments(file)) {
    if (!recorder_.read_line(interrupt_).starts_with("Recording"))
        throw std::runtime_error("hocket trace could not record"); // and has said why
}

std::string Timeline::end() {
    recorder_.interrupt();
    std::string said = recorder_.read_all(interrupt_);
    if (const int code = recorder_.wait(); code != 0)
        throw std::runtime_error("hocket trace ended with code " + std::to_string(code));
    return said;
}

} // namespace crawl
