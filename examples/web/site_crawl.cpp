#include "web/site_crawl.hpp"

#include <algorithm>
#include <utility>

namespace web {

SiteCrawl::SiteCrawl(Url start, std::size_t limit) : start_(std::move(start)), limit_(limit) {
    entry_of(start_.to_string());
}

std::size_t SiteCrawl::entry_of(const std::string& url) {
    const auto [position, is_new] = index_.try_emplace(url, entries_.size());
    if (is_new) {
        entries_.emplace_back().url = url;
        ++queued_;
    }
    return position->second;
}

void SiteCrawl::skip_to_queued() {
    while (next_ < entries_.size() && entries_[next_].state != State::queued) ++next_;
}

std::optional<SiteCrawl::Ticket> SiteCrawl::next() {
    skip_to_queued();
    if (next_ == entries_.size() || !may_fetch_more()) return std::nullopt;
    Entry& entry = entries_[next_];
    entry.state = State::in_flight;
    --queued_;
    ++in_flight_;
    tickets_.push_back(next_);
    return Ticket{tickets_.size() - 1, parse_url(entry.url)};
}

void SiteCrawl::finish(const Ticket& ticket, PageOutcome outcome) {
    --in_flight_;
    if (limit_ == 0) return commit(tickets_[ticket.number], std::move(outcome));
    waiting_.emplace(ticket.number, std::move(outcome));
    while (!waiting_.empty() && waiting_.begin()->first == committed_) {
        auto first = waiting_.extract(waiting_.begin());
        ++committed_;
        commit(tickets_[first.key()], std::move(first.mapped()));
    }
}

void SiteCrawl::commit(std::size_t index, PageOutcome outcome) {
    if (outcome.problem != Problem::none) {
        Entry& entry = entries_[index];
        entry.state = State::broken;
        entry.problem = outcome.problem;
        entry.message = std::move(outcome.message);
        ++broken_;
        return;
    }
    if (!outcome.off_site && outcome.final_url == entries_[index].url)
        return commit_page(index, std::move(outcome));

    entries_[index].state = State::redirected;
    entries_[index].redirect_to = outcome.final_url;
    if (outcome.off_site) return;
    // The page behind the redirect has come with it. If it was known already, it has been or will
    // be fetched under its own name.
    const std::size_t known = entries_.size();
    const std::size_t target = entry_of(outcome.final_url);
    if (target < known) return;
    --queued_;
    commit_page(target, std::move(outcome));
}

void SiteCrawl::commit_page(std::size_t index, PageOutcome outcome) {
    entries_[index].state = State::page;
    entries_[index].page = {entries_[index].url, outcome.status, outcome.html,
                            outcome.bytes,       outcome.words,  std::move(outcome.not_kept)};
    for (const std::string& link : outcome.links)
        entries_[entry_of(link)].linked_from.push_back(index);
}

void SiteCrawl::commit_waiting() {
    for (auto& [number, outcome] : std::exchange(waiting_, {}))
        commit(tickets_[number], std::move(outcome));
}

bool SiteCrawl::done() const { return in_flight_ == 0 && (queued_ == 0 || !may_fetch_more()); }

SiteCrawl::Counts SiteCrawl::counts() const {
    Counts counts;
    counts.finished = tickets_.size() - in_flight_;
    counts.queued = limit_ == 0 ? queued_ : std::min(queued_, limit_ - tickets_.size());
    counts.in_flight = in_flight_;
    counts.broken = broken_;
    return counts;
}

SiteReport SiteCrawl::report() {
    // An interrupted crawl may hold outcomes whose turn never came.
    commit_waiting();
    SiteReport report;
    report.start = start_.to_string();
    for (const Entry& entry : entries_) {
        if (entry.state == State::page) report.pages.push_back(entry.page);
        if (entry.state == State::redirected)
            report.redirects.push_back({entry.url, entry.redirect_to});
        if (entry.state == State::broken) {
            BrokenLink broken{entry.url, entry.problem, entry.message, {}};
            for (const std::size_t index : entry.linked_from)
                broken.linked_from.push_back(entries_[index].url);
            std::sort(broken.linked_from.begin(), broken.linked_from.end());
            report.broken.push_back(std::move(broken));
        }
    }
    const auto by_url = [](const auto& a, const auto& b) { return a.url < b.url; };
    std::sort(report.pages.begin(), report.pages.end(), by_url);
    std::sort(report.broken.begin(), report.broken.end(), by_url);
    std::sort(report.redirects.begin(), report.redirects.end(),
              [](const auto& a, const auto& b) { return a.from < b.from; });
    return report;
}

} // namespace web
