#include "crawl/demo.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "crawl/child_process.hpp"
#include "crawl/comparison.hpp"
#include "crawl/interrupt.hpp"
#include "crawl/print_report.hpp"

namespace crawl {
namespace {

constexpr std::size_t most_broken_links_shown = 10;

std::filesystem::path own_executable() { return std::filesystem::read_symlink("/proc/self/exe"); }

/// The serve executable beside this one, on a free port.
std::vector<std::string> server_arguments(const DemoOptions& options) {
    const auto serve = own_executable().parent_path() / "serve";
    if (!std::filesystem::exists(serve))
        throw std::runtime_error("there is no " + serve.string() +
                                 ": build the target serve, the demo starts it");
    return {serve.string(), options.directory, "--port", "0", "--delay", options.delay};
}

/// The URL in "serving DIR on http://127.0.0.1:8000/".
std::string url_in(const std::string& line) {
    const auto url = line.rfind("http://");
    if (url == line.npos) throw std::runtime_error("serve did not start");
    return line.substr(url);
}

/// Nothing when an interrupt ended the process before it had anything to report.
std::optional<web::SiteReport> crawl_in_own_process(Way way, const std::string& url,
                                                    const DemoOptions& options,
                                                    const Interrupt& interrupt) {
    std::vector<std::string> arguments{
        own_executable().string(), url, "--json", "--way", way_name(way), "--limit", options.limit};
    if (has_coroutines(way)) {
        arguments.push_back("--concurrency");
        arguments.push_back(options.concurrency);
    }
    if (is_on_cluster(way)) {
        arguments.insert(arguments.end(),
                         {"--python", options.python, "--address", options.address});
    }
    if (way == Way::processes && !options.trace.empty()) {
        arguments.push_back("--trace");
        arguments.push_back(options.trace);
    }
    ChildProcess child(arguments);
    const std::string json = child.read_all(interrupt);
    const int code = child.wait();
    if (json.empty() && interrupt.requested()) return std::nullopt;
    if (json.empty())
        throw std::runtime_error(fmt::format("the {} crawl ended with code {} and without a report",
                                             way_name(way), code));
    return web::report_from_json(json);
}

} // namespace

int run_demo(const DemoOptions& options) {
    const Interrupt interrupt;
    ChildProcess server(server_arguments(options));
    const std::string greeting = server.read_line(interrupt);
    if (interrupt.requested()) return 130;
    const std::string url = url_in(greeting);
    fmt::print("Crawling {} at {}: every answer takes {}.\n", options.directory, url,
               options.delay);
    std::fflush(stdout);

    std::vector<web::SiteReport> reports;
    for (const Way way : options.ways) {
        if (auto report = crawl_in_own_process(way, url, options, interrupt))
            reports.push_back(std::move(*report));
        if (interrupt.requested()) break;
    }
    if (!reports.empty()) print_comparison(stdout, reports);
    if (interrupt.requested()) {
        fmt::print("Interrupted: this is what was found so far.\n");
        return 130;
    }
    const bool agree = print_agreement(stdout, reports);
    if (!reports.front().broken.empty())
        print_broken_links(stdout, reports.front(), most_broken_links_shown);
    return agree ? 0 : 1;
}

} // namespace crawl
