// Sends back whatever a client sends, with callbacks: the layer below the streams of
// echo_server.cpp, for servers that count every microsecond.
//
//     $ echo_protocol 8888
//     serving on 127.0.0.1:8888

#include <cstdio>
#include <cstdlib>
#include <hocket/hocket.hpp>
#include <memory>
#include <string_view>

class Echo : public hocket::Protocol {
public:
    void connection_made(hocket::Transport& transport) override { transport_ = &transport; }
    void data_received(std::string_view data) override { transport_->write(data); }

private:
    hocket::Transport* transport_ = nullptr;
};

hocket::Coro<> serve(int port) {
    auto& loop = hocket::get_running_loop();
    auto server =
        co_await loop.create_server([] { return std::make_unique<Echo>(); }, "127.0.0.1", port);
    std::printf("serving on 127.0.0.1:%d\n", server.sockets().front().port());
    std::fflush(stdout);
    co_await server.serve_forever();
}

int main(int argc, char** argv) {
    try {
        hocket::run(serve(argc > 1 ? std::atoi(argv[1]) : 8888));
    } catch (const hocket::KeyboardInterrupt&) {
        std::puts("bye");
    }
}
