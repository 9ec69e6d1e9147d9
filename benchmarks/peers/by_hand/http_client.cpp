#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "../../measure.hpp"

// `http_client URL SECONDS`: libcurl's multi handle on an epoll loop, with 64 easy handles, each of
// which is used again when its response is complete. Prints the CPU time of a request and the
// requests per second.

namespace {

constexpr int in_flight = 64;

struct Client {
    CURLM* multi = curl_multi_init();
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    long timeout = -1; // in milliseconds
    long requests = 0;
};

struct Exchange {
    CURL* easy = curl_easy_init();
    std::string body;
};

int on_socket(CURL*, curl_socket_t fd, int what, void* self, void* known) {
    Client& client = *static_cast<Client*>(self);
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(client.epoll, EPOLL_CTL_DEL, fd, nullptr);
        curl_multi_assign(client.multi, fd, nullptr);
        return 0;
    }
    epoll_event event{};
    event.events =
        ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
    event.data.fd = fd;
    epoll_ctl(client.epoll, known != nullptr ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    if (known == nullptr) curl_multi_assign(client.multi, fd, self);
    return 0;
}

int on_timer(CURLM*, long milliseconds, void* self) {
    static_cast<Client*>(self)->timeout = milliseconds;
    return 0;
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) {
    static_cast<Exchange*>(self)->body.append(data, size);
    return size;
}

void restart_finished(Client& client) {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(client.multi, &left)) {
        CURL* const easy = message->easy_handle;
        Exchange* exchange = nullptr;
        long status = 0;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &exchange);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (message->data.result != CURLE_OK || status != 200 || exchange->body.empty()) {
            std::abort();
        }
        ++client.requests;
        exchange->body.clear();
        curl_multi_remove_handle(client.multi, easy);
        curl_multi_add_handle(client.multi, easy);
    }
}

void run_for(Client& client, double seconds) {
    const double end = bench::nanoseconds(CLOCK_MONOTONIC) + seconds * 1e9;
    std::array<epoll_event, 256> events{};
    while (bench::nanoseconds(CLOCK_MONOTONIC) < end) {
        const int timeout =
            client.timeout < 0 || client.timeout > 100 ? 100 : static_cast<int>(client.timeout);
        const int count = epoll_wait(client.epoll, events.data(), events.size(), timeout);
        int running = 0;
        if (count == 0) {
            client.timeout = -1;
            curl_multi_socket_action(client.multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            const int flags = ((event.events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                              ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0);
            curl_multi_socket_action(client.multi, event.data.fd, flags, &running);
        }
        restart_finished(client);
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: %s URL SECONDS\n", argv[0]), 2;
    Client client;
    curl_multi_setopt(client.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client.multi, CURLMOPT_SOCKETDATA, &client);
    curl_multi_setopt(client.multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(client.multi, CURLMOPT_TIMERDATA, &client);
    curl_multi_setopt(client.multi, CURLMOPT_MAXCONNECTS, 100L);
    std::array<Exchange, in_flight> exchanges;
    for (Exchange& exchange : exchanges) {
        curl_easy_setopt(exchange.easy, CURLOPT_URL, argv[1]);
        curl_easy_setopt(exchange.easy, CURLOPT_PRIVATE, &exchange);
        curl_easy_setopt(exchange.easy, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(exchange.easy, CURLOPT_WRITEDATA, &exchange);
        curl_easy_setopt(exchange.easy, CURLOPT_ACCEPT_ENCODING, "");
        curl_easy_setopt(exchange.easy, CURLOPT_USERAGENT, "by hand");
        curl_easy_setopt(exchange.easy, CURLOPT_NOSIGNAL, 1L);
        curl_multi_add_handle(client.multi, exchange.easy);
    }
    run_for(client, 0.1); // to warm up
    const long before = client.requests;
    const double cpu = bench::nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    const double began = bench::nanoseconds(CLOCK_MONOTONIC);
    run_for(client, std::atof(argv[2]));
    const auto requests = static_cast<double>(client.requests - before);
    bench::print("cpu", (bench::nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / requests, "ns");
    bench::print("rate", requests / (bench::nanoseconds(CLOCK_MONOTONIC) - began) * 1e9, "req/s");
}
