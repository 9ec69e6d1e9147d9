#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "web/page_fetch.hpp"
#include "web/site_report.hpp"
#include "web/url.hpp"

namespace web {

/// The state of a crawl: which pages are known, which are next, what came of those fetched.
/// No input, no output, no threads: whoever fetches the pages calls next() and finish().
///
/// What a complete crawl finds does not depend on the order in which its pages come in. With a
/// limit it does not either, because then outcomes are taken in the order of their requests.
class SiteCrawl {
public:
    /// A page to fetch, and the number to hand its outcome in under.
    struct Ticket {
        std::size_t number;
        Url url;
    };

    struct Counts {
        std::size_t finished = 0; ///< pages asked for and answered, broken ones included
        std::size_t queued = 0;
        std::size_t in_flight = 0;
        std::size_t broken = 0;
    };

    /// Fetches at most `limit` pages; 0 is no limit.
    explicit SiteCrawl(Url start, std::size_t limit = 0);

    const Url& start() const { return start_; }

    /// The next page to fetch, in the order of discovery; nothing when none is known right now.
    std::optional<Ticket> next();

    void finish(const Ticket& ticket, PageOutcome outcome);

    /// Nothing is in flight and nothing is left to fetch.
    bool done() const;

    Counts counts() const;

    /// What was found so far.
    SiteReport report();

private:
    enum class State { queued, in_flight, redirected, page, broken };

    struct Entry {
        std::string url;
        State state = State::queued;
        PageReport page;
        std::string redirect_to;
        Problem problem = Problem::none;
        std::string message;
        std::vector<std::size_t> linked_from;
    };

    std::size_t entry_of(const std::string& url);
    void skip_to_queued();
    bool may_fetch_more() const { return limit_ == 0 || tickets_.size() < limit_; }
    void commit(std::size_t index, PageOutcome outcome);
    void commit_page(std::size_t index, PageOutcome outcome);
    void commit_waiting();

    Url start_;
    std::size_t limit_;
    std::vector<Entry> entries_; // in the order of discovery
    std::unordered_map<std::string, std::size_t> index_;
    std::size_t next_ = 0;             // entries before it are not queued any more
    std::vector<std::size_t> tickets_; // ticket number → entry
    std::size_t committed_ = 0;        // tickets before it are committed, where there is a limit
    std::map<std::size_t, PageOutcome> waiting_;
    std::size_t queued_ = 0;
    std::size_t in_flight_ = 0;
    std::size_t broken_ = 0;
};

} // namespace web
