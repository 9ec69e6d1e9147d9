// A chat room over WebSocket: what one client sends, all get. Server and clients are in one
// program, so that the example needs no network.
//
//     $ websocket_chat
//     Ada: hello
//     Grace: hello
//     closed with 1000

#include <cstdio>
#include <list>
#include <string>
#include <vector>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

namespace websockets = hocket::websockets;

namespace {

class Room {
public:
    hocket::Coro<> serve(websockets::Connection client) {
        const auto place = clients_.insert(clients_.end(), client);
        try {
            auto messages = client.messages();
            while (auto message = co_await messages.next()) {
                // A copy, because clients come and go while this one waits.
                const std::vector<websockets::Connection> present(clients_.begin(), clients_.end());
                for (const auto& each : present) co_await tell(each, message->data);
            }
        } catch (const websockets::ConnectionClosedError& error) {
            std::printf("a client is lost: %s\n", error.what());
        }
        clients_.erase(place);
    }

private:
    static hocket::Coro<> tell(websockets::Connection client, std::string text) {
        try {
            co_await client.send(text);
        } catch (const websockets::ConnectionClosed&) {
            // It has just left.
        }
    }

    std::list<websockets::Connection> clients_;
};

} // namespace

int main() {
    hocket::run([]() -> hocket::Coro<> {
        Room room;
        auto join = [&room](websockets::Connection client) { return room.serve(client); };
        hocket::Coro<hocket::Server> starting = websockets::serve(join, "127.0.0.1", 0);
        auto server = co_await std::move(starting);
        const std::string url =
            "ws://127.0.0.1:" + std::to_string(server.sockets().front().port()) + "/";

        auto ada = co_await websockets::connect(url);
        auto grace = co_await websockets::connect(url);
        co_await ada.ping(); // the server answers it, so Ada is in the room
        co_await grace.ping();
        co_await ada.send("hello");
        const std::string at_ada = (co_await ada.recv()).data;
        const std::string at_grace = (co_await grace.recv()).data;
        std::printf("Ada: %s\nGrace: %s\n", at_ada.c_str(), at_grace.c_str());

        co_await ada.close();
        co_await grace.close();
        std::printf("closed with %d\n", grace.close_code().value_or(0));
        server.close();
        co_await server.wait_closed();
    });
}
