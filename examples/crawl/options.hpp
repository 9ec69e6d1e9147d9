#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "web/url.hpp"

namespace crawl {

/// One page after another, a thread for each connection, a coroutine for each page, or that with
/// processes that read the pages: on this machine, or on a cluster of Ray or Dask.
enum class Way { sequential, threads, coroutines, processes, ray, dask };

inline constexpr std::array all_ways{Way::sequential, Way::threads, Way::coroutines,
                                     Way::processes,  Way::ray,     Way::dask};
/// Those that the demo shows, in this order.
inline constexpr std::array demo_ways{Way::sequential, Way::threads, Way::coroutines,
                                      Way::processes};

std::string way_name(Way way);

constexpr bool is_on_cluster(Way way) { return way == Way::ray || way == Way::dask; }
/// Whether one loop fetches all pages, many at once.
constexpr bool has_coroutines(Way way) { return way != Way::sequential && way != Way::threads; }

struct CrawlOptions {
    web::Url start;
    Way way = Way::coroutines;
    std::optional<std::size_t> concurrency;    ///< nothing: what suits the way
    std::size_t limit = 0;                     ///< pages; 0: all
    std::chrono::milliseconds timeout{10'000}; ///< for one page with its redirects
    std::string cafile; ///< who may sign an https site's certificate; empty: whom the system trusts
    std::string keep;   ///< the folder for the pages; empty: they are not kept
    std::string sqlite; ///< the database for the pages; empty: they are not stored
    std::string trace;  ///< the file for a timeline; empty: none is made
    std::string address;            ///< of the cluster; empty: one on this machine is started
    std::string python = "python3"; ///< the interpreter with Ray or Dask
    bool json = false;
};

struct DemoOptions {
    std::vector<Way> ways{demo_ways.begin(), demo_ways.end()};
    std::string address; ///< of the cluster, as in CrawlOptions
    std::string python;
    std::string directory;
    std::string delay = "20ms";
    std::string limit = "0";
    std::string concurrency = "128"; ///< of the ways with coroutines
    std::string trace; ///< the file for a timeline of the way with processes; empty: none is made
};

struct Options {
    CrawlOptions crawl;
    std::optional<DemoOptions> demo;
    bool help = false;
};

extern const char* const usage;

/// Throws std::invalid_argument or web::UrlError with what was wrong.
Options parse_options(const std::vector<std::string>& arguments);

} // namespace crawl
