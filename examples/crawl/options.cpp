#include "crawl/options.hpp"

#include <charconv>
#include <stdexcept>
#include <string_view>

#include "crawl/page_store.hpp"

namespace crawl {

const char* const usage =
    "usage: crawl URL [--way W] [--concurrency N] [--limit N] [--timeout S] [--json]\n"
    "                 [--cafile FILE] [--keep FOLDER] [--sqlite FILE] [--trace FILE]\n"
    "                 [--python FILE] [--address A]\n"
    "       crawl --demo DIR [--delay 20ms] [--limit N] [--concurrency N] [--trace FILE]\n"
    "                 [--way ray|dask] [--python FILE] [--address A]\n"
    "\n"
    "Follows the links of a site from URL on, counts its words and finds its broken links.\n"
    "  --way W          sequential, threads, coroutines, processes (coroutines whose pages\n"
    "                   other processes read), ray or dask (the same on the nodes of a\n"
    "                   cluster); the default is coroutines\n"
    "  --concurrency N  pages in flight at once (default 16; 32 threads)\n"
    "  --limit N        fetch at most N pages\n"
    "  --timeout S      give a page up after S seconds (default 10)\n"
    "  --json           print everything that was found as JSON\n"
    "  --cafile FILE    for https://: the certificates (PEM) of those who may sign the\n"
    "                   site's; without it, those that the system trusts\n"
    "  --keep FOLDER    keep every page in a file below FOLDER, whole or not at all\n"
    "  --sqlite FILE    store every page in the SQLite database FILE, in its table page: url,\n"
    "                   status, html (1 or 0), title, words, links (a JSON array), body,\n"
    "                   crawled_at; a page that was stored before is replaced\n"
    "  --trace FILE     write a timeline of the crawl, or of the demo's last way, that\n"
    "                   https://ui.perfetto.dev shows\n"
    "  --python FILE    for ray and dask: the interpreter in which they are installed\n"
    "                   (default python3)\n"
    "  --address A      for ray and dask: of the cluster, as in 10.0.0.1:6379; without it,\n"
    "                   one is started on this machine\n"
    "  --demo DIR       serve DIR, crawl it sequentially, with threads, with coroutines and\n"
    "                   with processes, and compare; with --way ray or dask, that and processes\n"
    "  --delay 20ms     how long the demo's server waits with every answer\n"
    "\n"
    "--keep and --sqlite do not belong to sequential and threads, but to the ways in which\n"
    "one loop fetches all pages.\n";

namespace {

double parse_number(const std::string& option, std::string_view text, double least, double most) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
        throw std::invalid_argument(option + " is \"" + std::string(text) +
                                    "\": expected a number from " +
                                    std::to_string(static_cast<long>(least)) + " to " +
                                    std::to_string(static_cast<long>(most)));
    return value;
}

std::size_t parse_count(const std::string& option, std::string_view text, double least) {
    return static_cast<std::size_t>(parse_number(option, text, least, 1'000'000));
}

Way parse_way(const std::string& name) {
    for (const Way way : all_ways)
        if (name == way_name(way)) return way;
    throw std::invalid_argument(
        "--way is \"" + name +
        "\": expected sequential, threads, coroutines, processes, ray or dask");
}

std::chrono::milliseconds parse_timeout(const std::string& option, const std::string& text) {
    return std::chrono::milliseconds(
        static_cast<long>(parse_number(option, text, 0, 86'400) * 1000));
}

void check_cluster(const CrawlOptions& options) {
    if (!options.address.empty() && !is_on_cluster(options.way))
        throw std::invalid_argument("--address belongs to the ways ray and dask, not to " +
                                    way_name(options.way));
}

/// Throws std::invalid_argument for what the URL, or the way, knows nothing of.
void check_way(const CrawlOptions& options) {
    check_cluster(options);
    if (!options.sqlite.empty() && !has_page_store())
        throw std::invalid_argument("--sqlite needs hocket::sqlite, without which this crawl was "
                                    "built (on Debian: libsqlite3-dev)");
    if (!options.cafile.empty() && options.start.scheme != "https")
        throw std::invalid_argument("--cafile belongs to https://, and the site is " +
                                    options.start.to_string());
    if (has_coroutines(options.way)) return;
    const std::string belongs =
        " belongs to the ways coroutines, processes, ray and dask, not to " + way_name(options.way);
    if (!options.keep.empty()) throw std::invalid_argument("--keep" + belongs);
    if (!options.sqlite.empty()) throw std::invalid_argument("--sqlite" + belongs);
}

/// The options that the demo hands on as they are, checked here all the same.
void set_demo_options(Options& options, const std::string& delay) {
    if (!delay.empty()) options.demo->delay = delay;
    options.demo->limit = std::to_string(options.crawl.limit);
    options.demo->trace = options.crawl.trace;
    check_cluster(options.crawl);
    if (is_on_cluster(options.crawl.way)) options.demo->ways = {Way::processes, options.crawl.way};
    options.demo->address = options.crawl.address;
    options.demo->python = options.crawl.python;
    if (options.crawl.concurrency)
        options.demo->concurrency = std::to_string(*options.crawl.concurrency);
}

} // namespace

std::string way_name(Way way) {
    switch (way) {
    case Way::sequential: return "sequential";
    case Way::threads: return "threads";
    case Way::processes: return "processes";
    case Way::ray: return "ray";
    case Way::dask: return "dask";
    case Way::coroutines: break;
    }
    return "coroutines";
}

Options parse_options(const std::vector<std::string>& arguments) {
    Options options;
    std::string url, delay;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        const auto value = [&]() -> const std::string& {
            if (i + 1 == arguments.size()) throw std::invalid_argument(argument + " needs a value");
            return arguments[++i];
        };
        if (argument == "--help" || argument == "-h") {
            options.help = true;
        } else if (argument == "--way") {
            options.crawl.way = parse_way(value());
        } else if (argument == "--concurrency") {
            options.crawl.concurrency = parse_count(argument, value(), 1);
        } else if (argument == "--limit") {
            options.crawl.limit = parse_count(argument, value(), 0);
        } else if (argument == "--timeout") {
            options.crawl.timeout = parse_timeout(argument, value());
        } else if (argument == "--json") {
            options.crawl.json = true;
        } else if (argument == "--cafile") {
            options.crawl.cafile = value();
        } else if (argument == "--keep") {
            options.crawl.keep = value();
        } else if (argument == "--sqlite") {
            options.crawl.sqlite = value();
        } else if (argument == "--trace") {
            options.crawl.trace = value();
        } else if (argument == "--address") {
            options.crawl.address = value();
        } else if (argument == "--python") {
            options.crawl.python = value();
        } else if (argument == "--demo") {
            options.demo.emplace().directory = value();
        } else if (argument == "--delay") {
            delay = value();
        } else if (argument.starts_with("-")) {
            throw std::invalid_argument("there is no option " + argument);
        } else if (url.empty()) {
            url = argument;
        } else {
            throw std::invalid_argument("one URL is enough, \"" + argument + "\" is the second");
        }
    }
    if (options.help) return options;
    if (options.demo) {
        if (!url.empty()) throw std::invalid_argument("--demo crawls its own server, not " + url);
        if (!options.crawl.cafile.empty() || !options.crawl.keep.empty() ||
            !options.crawl.sqlite.empty())
            throw std::invalid_argument("--cafile, --keep and --sqlite do not belong to --demo");
        set_demo_options(options, delay);
        return options;
    }
    if (!delay.empty()) throw std::invalid_argument("--delay belongs to --demo");
    if (url.empty()) throw std::invalid_argument("which URL?");
    options.crawl.start = web::parse_url(url);
    check_way(options.crawl);
    return options;
}

} // namespace crawl
