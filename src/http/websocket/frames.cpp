#include "http/websocket/frames.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

#include <openssl/rand.h>

#include "http/websocket/utf8.hpp"

namespace hocket::websockets::detail {
namespace {

Frames& self_of(void* self) noexcept { return *static_cast<Frames*>(self); }

const std::uint8_t* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<const std::uint8_t*>(text.data());
}

std::string_view text_of(const std::uint8_t* data, std::size_t size) noexcept {
    return {reinterpret_cast<const char*>(data), size};
}

void check_memory(int result) {
    if (result == WSLAY_ERR_NOMEM) throw std::bad_alloc();
}

} // namespace

Frames::Frames(FrameSink& sink, bool is_server, std::size_t max_size)
    : sink_(sink), max_size_(max_size) {
    wslay_event_callbacks callbacks{};
    callbacks.recv_callback = &Frames::on_receive;
    callbacks.send_callback = &Frames::on_send;
    callbacks.genmask_callback = &Frames::make_mask;
    callbacks.on_frame_recv_start_callback = &Frames::on_frame;
    callbacks.on_frame_recv_chunk_callback = &Frames::on_chunk;
    callbacks.on_msg_recv_callback = &Frames::on_finished;
    wslay_event_context_ptr context = nullptr;
    check_memory(is_server ? wslay_event_context_server_init(&context, &callbacks, this)
                           : wslay_event_context_client_init(&context, &callbacks, this));
    context_.reset(context);
    wslay_event_config_set_no_buffering(context, 1); // one copy less
    wslay_event_config_set_max_recv_msg_length(context, max_size);
}

std::size_t Frames::receive(std::string_view bytes) {
    input_ = bytes;
    is_stopped_ = false;
    check_memory(wslay_event_recv(context_.get()));
    return bytes.size() - std::exchange(input_, {}).size();
}

bool Frames::queue(Opcode opcode, std::string_view data) {
    const wslay_event_msg message{static_cast<std::uint8_t>(opcode), bytes_of(data), data.size()};
    const int result = wslay_event_queue_msg(context_.get(), &message);
    check_memory(result);
    return result == 0;
}

bool Frames::begin_fragments(Opcode opcode) {
    wslay_event_fragmented_msg message{};
    message.opcode = static_cast<std::uint8_t>(opcode);
    message.read_callback = &Frames::next_fragment;
    const int result = wslay_event_queue_fragmented_msg(context_.get(), &message);
    check_memory(result);
    has_last_fragment_ = false;
    return result == 0;
}

void Frames::add_fragment(std::string_view data, bool is_last) {
    fragments_.erase(0, std::exchange(fragments_sent_, 0));
    fragments_ += data;
    has_last_fragment_ = is_last;
    send();
}

bool Frames::queue_close(std::uint16_t code, std::string_view reason) {
    const int result =
        wslay_event_queue_close(context_.get(), code, bytes_of(reason), reason.size());
    check_memory(result);
    return result == 0;
}

void Frames::send() { check_memory(wslay_event_send(context_.get())); }

bool Frames::close_sent() const noexcept { return wslay_event_get_close_sent(context_.get()) != 0; }

bool Frames::close_received() const noexcept {
    return wslay_event_get_close_received(context_.get()) != 0;
}

std::uint16_t Frames::sent_code() const noexcept {
    return wslay_event_get_status_code_sent(context_.get());
}

bool Frames::is_done() const noexcept { return wslay_event_want_read(context_.get()) == 0; }

void Frames::begin_frame(const wslay_event_on_frame_recv_start_arg& frame) {
    is_control_ = (frame.opcode & 8U) != 0;
    // wslay checks the size of each frame, because it does not put them together.
    if (!is_control_ && message_.size() + frame.payload_length > max_size_) {
        static_cast<void>(queue_close(WSLAY_CODE_MESSAGE_TOO_BIG, {}));
        wslay_event_shutdown_read(context_.get());
        is_refused_ = true; // wslay goes on with the frame that it has begun
    } else if (!is_control_) {
        // What a header announces is not allocated before it arrives, beyond 64 KiB.
        message_.reserve(std::min<std::size_t>(message_.size() + frame.payload_length, 64 * 1024));
    }
}

void Frames::append(std::string_view data) {
    if (!is_control_ && !is_refused_) message_ += data;
}

void Frames::finish(const wslay_event_on_msg_recv_arg& message) {
    if (is_refused_) return;
    switch (message.opcode) {
    case WSLAY_TEXT_FRAME: sink_.on_message(std::exchange(message_, {}), true); return;
    case WSLAY_BINARY_FRAME: sink_.on_message(std::exchange(message_, {}), false); return;
    case WSLAY_PONG: sink_.on_pong(text_of(message.msg, message.msg_length)); return;
    case WSLAY_CONNECTION_CLOSE: {
        const std::string_view body = text_of(message.msg, message.msg_length);
        const std::string_view reason = body.size() > 2 ? body.substr(2) : std::string_view();
        // wslay answers half a code as if there were none, and does not check a reason that arrives
        // in pieces.
        if (body.size() == 1) {
            sink_.on_close(WSLAY_CODE_PROTOCOL_ERROR, {});
        } else if (!is_utf8(reason)) {
            sink_.on_close(WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA, {});
        } else {
            sink_.on_close(body.empty() ? std::uint16_t{1005} : message.status_code, reason);
        }
        return;
    }
    default: return;
    }
}

ssize_t Frames::on_receive(wslay_event_context_ptr context, std::uint8_t* into, std::size_t size,
                           int, void* self) noexcept {
    Frames& frames = self_of(self);
    const std::size_t count = frames.is_stopped_ ? 0 : std::min(size, frames.input_.size());
    if (count == 0) {
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    std::memcpy(into, frames.input_.data(), count);
    frames.input_.remove_prefix(count);
    return static_cast<ssize_t>(count);
}

ssize_t Frames::on_send(wslay_event_context_ptr, const std::uint8_t* data, std::size_t size, int,
                        void* self) noexcept {
    self_of(self).sink_.write(text_of(data, size));
    return static_cast<ssize_t>(size);
}

int Frames::make_mask(wslay_event_context_ptr, std::uint8_t* into, std::size_t size,
                      void*) noexcept {
    // One call to OpenSSL gives the masks of many frames.
    thread_local std::array<std::uint8_t, 1024> masks;
    thread_local std::size_t left = 0;
    if (left < size) {
        if (RAND_bytes(masks.data(), static_cast<int>(masks.size())) != 1) return -1;
        left = masks.size();
    }
    std::memcpy(into, masks.data() + (masks.size() - left), size);
    left -= size;
    return 0;
}

void Frames::on_frame(wslay_event_context_ptr, const wslay_event_on_frame_recv_start_arg* frame,
                      void* self) noexcept {
    self_of(self).begin_frame(*frame);
}

void Frames::on_chunk(wslay_event_context_ptr, const wslay_event_on_frame_recv_chunk_arg* chunk,
                      void* self) noexcept {
    self_of(self).append(text_of(chunk->data, chunk->data_length));
}

void Frames::on_finished(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* message,
                         void* self) noexcept {
    self_of(self).finish(*message);
}

ssize_t Frames::next_fragment(wslay_event_context_ptr, std::uint8_t* into, std::size_t size,
                              const wslay_event_msg_source*, int* is_last, void* self) noexcept {
    Frames& frames = self_of(self);
    const std::size_t count = std::min(size, frames.fragments_.size() - frames.fragments_sent_);
    std::memcpy(into, frames.fragments_.data() + frames.fragments_sent_, count);
    frames.fragments_sent_ += count;
    const bool is_empty = frames.fragments_sent_ == frames.fragments_.size();
    *is_last = frames.has_last_fragment_ && is_empty ? 1 : 0;
    return static_cast<ssize_t>(count);
}

} // namespace hocket::websockets::detail
