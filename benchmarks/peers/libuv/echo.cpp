// `libuv_echo PORT`: tries to write at once, and copies only the bytes that the kernel does not
// accept.

#include <uv.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

char shared_buffer[65536];

struct PendingWrite {
    uv_write_t request;
    char bytes[1];
};

void on_closed(uv_handle_t* handle) { delete reinterpret_cast<uv_tcp_t*>(handle); }

void echo(uv_stream_t* stream, const char* bytes, std::size_t length) {
    uv_buf_t answer = uv_buf_init(const_cast<char*>(bytes), static_cast<unsigned>(length));
    const int sent = uv_try_write(stream, &answer, 1);
    const std::size_t taken = sent > 0 ? static_cast<std::size_t>(sent) : 0;
    if (taken == length) return;
    auto* pending = static_cast<PendingWrite*>(std::malloc(sizeof(PendingWrite) + length - taken));
    std::memcpy(pending->bytes, bytes + taken, length - taken);
    answer = uv_buf_init(pending->bytes, static_cast<unsigned>(length - taken));
    uv_write(&pending->request, stream, &answer, 1,
             [](uv_write_t* request, int) { std::free(request); });
}

void on_connection(uv_stream_t* listener, int status) {
    if (status < 0) return;
    auto* socket = new uv_tcp_t;
    uv_tcp_init(listener->loop, socket);
    auto* stream = reinterpret_cast<uv_stream_t*>(socket);
    uv_accept(listener, stream);
    uv_tcp_nodelay(socket, 1);
    uv_read_start(
        stream,
        [](uv_handle_t*, std::size_t, uv_buf_t* buffer) {
            *buffer = uv_buf_init(shared_buffer, sizeof shared_buffer);
        },
        [](uv_stream_t* readable, ssize_t received, const uv_buf_t* buffer) {
            if (received > 0) {
                echo(readable, buffer->base, static_cast<std::size_t>(received));
            } else if (received < 0) {
                uv_close(reinterpret_cast<uv_handle_t*>(readable), on_closed);
            }
        });
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fprintf(stderr, "usage: %s PORT\n", argv[0]), 2;
    uv_loop_t* loop = uv_default_loop();
    uv_tcp_t listener;
    uv_tcp_init(loop, &listener);
    sockaddr_in address;
    uv_ip4_addr("127.0.0.1", std::atoi(argv[1]), &address);
    uv_tcp_bind(&listener, reinterpret_cast<sockaddr*>(&address), 0);
    if (const int error =
            uv_listen(reinterpret_cast<uv_stream_t*>(&listener), 4096, on_connection)) {
        return std::fprintf(stderr, "listen: %s\n", uv_strerror(error)), 1;
    }
    return uv_run(loop, UV_RUN_DEFAULT);
}
