#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace web {

/// Takes a message body out of a stream of bytes, in whatever pieces they come.
class BodyDecoder {
public:
    /// Exactly `length` bytes (0: there is no body).
    static BodyDecoder of_length(std::uint64_t length, std::uint64_t limit);
    /// The chunked transfer coding; trailers are checked for size and ignored.
    static BodyDecoder chunked(std::uint64_t limit);
    /// Everything until the connection ends.
    static BodyDecoder until_close(std::uint64_t limit);

    /// Takes what belongs to the body off `bytes`, appends its content to `content` unless that is
    /// null, and returns how many bytes it took: all of them while the body is not complete.
    /// Throws HttpError: bad chunking, or a body longer than the limit.
    std::size_t feed(std::string_view bytes, std::string* content);

    bool complete() const { return state_ == State::complete; }

    /// The connection has ended. Throws HttpError when the body was not complete.
    void finish();

private:
    enum class State {
        fixed,
        until_close,
        chunk_size,      // the hexadecimal digits
        chunk_extension, // the rest of that line
        chunk_data,
        chunk_data_end, // the CR LF after a chunk
        trailer,        // lines after the last chunk
        complete,
    };

    BodyDecoder(State state, std::uint64_t remaining, std::uint64_t limit);
    std::size_t take_content(std::string_view bytes, std::string* content);
    void step(char c); // one byte of chunked framing
    void step_size(char c);
    void step_extension(char c);
    void step_data_end(char c);
    void step_trailer(char c);
    void size_line_ends();
    [[noreturn]] void throw_too_long() const;

    State state_;
    std::uint64_t remaining_;    // bytes of content still to come: of the body or of the chunk
    std::uint64_t received_ = 0; // bytes of content so far
    std::uint64_t limit_;
    std::uint64_t length_;      // what Content-Length said
    std::size_t line_size_ = 0; // bytes of the current framing line, or of all trailers
    int digits_ = 0;
    bool after_cr_ = false;
    bool line_is_empty_ = true;
};

} // namespace web
