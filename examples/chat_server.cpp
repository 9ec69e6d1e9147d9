// A chat room: each client reads what the others write. Try it with two terminals.
//
//     $ chat_server 8888                      $ nc 127.0.0.1 8888
//     serving on 127.0.0.1:8888               your name?
//                                             Ada
//                                             * Ada is here
//                                             hello
//                                             Ada: hello

#include <cstdio>
#include <cstdlib>
#include <hocket/hocket.hpp>
#include <set>
#include <string>
#include <system_error>

using hocket::Coro;

class ChatRoom {
public:
    Coro<> welcome(hocket::StreamReader reader, hocket::StreamWriter writer) {
        try {
            writer.write("your name?\n");
            const std::string name = without_line_end(co_await reader.readline());
            if (!name.empty()) co_await talk(name, reader, writer);
        } catch (const hocket::LimitOverrunError&) {
            // A line of more than 64 KiB is not talk.
        } catch (const std::system_error&) {
            // The connection broke: the same as leaving.
        }
        writer.close();
    }

private:
    Coro<> talk(const std::string& name, hocket::StreamReader& reader,
                hocket::StreamWriter& writer) {
        const Presence presence(*this, name, writer);
        for (;;) {
            const std::string line = co_await reader.readline();
            if (line.empty()) co_return; // an empty line still has its line end: this is the end
            say(name + ": " + without_line_end(line) + "\n");
        }
    }

    void say(const std::string& line) {
        for (hocket::StreamWriter* writer : writers_) writer->write(line);
    }

    static std::string without_line_end(std::string line) {
        while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
        return line;
    }

    /// In the room from construction to destruction, however the conversation ends.
    class Presence {
    public:
        Presence(ChatRoom& room, std::string name, hocket::StreamWriter& writer)
            : room_(room), name_(std::move(name)), writer_(writer) {
            room_.writers_.insert(&writer_);
            room_.say("* " + name_ + " is here\n");
        }
        ~Presence() {
            room_.writers_.erase(&writer_);
            room_.say("* " + name_ + " has left\n");
        }
        Presence(const Presence&) = delete;
        Presence& operator=(const Presence&) = delete;

    private:
        ChatRoom& room_;
        std::string name_;
        hocket::StreamWriter& writer_;
    };

    std::set<hocket::StreamWriter*> writers_;
};

Coro<> serve(int port) {
    ChatRoom room;
    auto server = co_await hocket::start_server(
        [&room](hocket::StreamReader reader, hocket::StreamWriter writer) {
            return room.welcome(std::move(reader), std::move(writer));
        },
        "127.0.0.1", port);
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
