#pragma once

#include <gtest/gtest.h>

#include <exception>
#include <map>
#include <string>
#include <vector>

#include "crawl/running_program.hpp"
#include "web/site_report.hpp"

/// Runs examples/crawl and reads its report.
namespace crawl_tests {

struct Crawl {
    int code = -1;
    web::SiteReport report;
};

inline std::vector<std::string> crawl_arguments(const std::string& url, const std::string& way,
                                                const std::vector<std::string>& options = {}) {
    std::vector<std::string> arguments{example("crawl"), url, "--way", way, "--json"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return arguments;
}

inline Crawl finish(RunningProgram& program) {
    Crawl crawl;
    const std::string json = program.read_all();
    crawl.code = program.wait();
    try {
        crawl.report = web::report_from_json(json);
    } catch (const std::exception& error) {
        ADD_FAILURE() << error.what() << " in what crawl printed: " << json.substr(0, 500);
    }
    return crawl;
}

inline Crawl run_crawl(const std::string& url, const std::string& way,
                       const std::vector<std::string>& options = {}) {
    RunningProgram program(crawl_arguments(url, way, options));
    return finish(program);
}

/// The report with the site's origin replaced by http://site.
inline web::SiteReport without_origin(const web::SiteReport& report, const std::string& origin) {
    std::string json = web::to_json(report);
    for (auto at = json.find(origin); at != json.npos; at = json.find(origin, at))
        json.replace(at, origin.size(), "http://site");
    return web::report_from_json(json);
}

inline std::map<std::string, web::Problem> problems(const web::SiteReport& report,
                                                    const std::string& origin) {
    std::map<std::string, web::Problem> by_path;
    for (const web::BrokenLink& broken : report.broken)
        by_path[broken.url.substr(broken.url.starts_with(origin) ? origin.size() : 0)] =
            broken.problem;
    return by_path;
}

inline std::vector<std::string> page_paths(const web::SiteReport& report,
                                           const std::string& origin) {
    std::vector<std::string> paths;
    for (const web::PageReport& page : report.pages)
        paths.push_back(page.url.substr(origin.size()));
    return paths;
}

} // namespace crawl_tests
