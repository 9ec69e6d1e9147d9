#include "web/json.hpp"

#include <charconv>

#include "web/ascii.hpp"
#include "web/html_entities.hpp"

namespace web {
namespace {

constexpr int max_depth = 64;

class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    JsonValue document() {
        JsonValue result = value(0);
        skip_spaces();
        if (position_ != text_.size()) fail("the end of the text");
        return result;
    }

private:
    JsonValue value(int depth) {
        if (depth > max_depth) fail("at most 64 levels");
        skip_spaces();
        switch (peek()) {
        case '{': return JsonValue(object(depth));
        case '[': return JsonValue(array(depth));
        case '"': return JsonValue(string());
        case 't': return word("true"), JsonValue(true);
        case 'f': return word("false"), JsonValue(false);
        case 'n': return word("null"), JsonValue(nullptr);
        default: return JsonValue(number());
        }
    }

    JsonValue::Object object(int depth) {
        JsonValue::Object members;
        expect('{');
        if (take_if('}')) return members;
        do {
            skip_spaces();
            std::string name = string();
            skip_spaces();
            expect(':');
            members.emplace_back(std::move(name), value(depth + 1));
        } while (take_if(','));
        expect('}');
        return members;
    }

    JsonValue::Array array(int depth) {
        JsonValue::Array items;
        expect('[');
        if (take_if(']')) return items;
        do items.push_back(value(depth + 1));
        while (take_if(','));
        expect(']');
        return items;
    }

    std::string string() {
        std::string out;
        expect('"');
        for (;;) {
            const char c = take();
            if (c == '"') return out;
            if (c == '\\') {
                escape(out);
            } else {
                out += c;
            }
        }
    }

    void escape(std::string& out) {
        switch (const char c = take()) {
        case 'n': out += '\n'; break;
        case 't': out += '\t'; break;
        case 'r': out += '\r'; break;
        case 'b': out += '\b'; break;
        case 'f': out += '\f'; break;
        case 'u': append_utf8(out, code_unit()); break;
        case '"':
        case '\\':
        case '/': out += c; break;
        default: fail("an escape: one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
        }
    }

    char32_t code_unit() {
        char32_t unit = 0;
        for (int i = 0; i < 4; ++i) {
            const int digit = hex_value(take());
            if (digit < 0) fail("four hexadecimal digits");
            unit = unit * 16 + static_cast<char32_t>(digit);
        }
        return unit;
    }

    double number() {
        double number = 0;
        const auto [end, error] =
            std::from_chars(text_.data() + position_, text_.data() + text_.size(), number);
        if (error != std::errc{}) fail("a value");
        position_ = static_cast<std::size_t>(end - text_.data());
        return number;
    }

    void word(std::string_view expected) {
        if (!text_.substr(position_).starts_with(expected)) fail(std::string(expected));
        position_ += expected.size();
    }

    void skip_spaces() {
        while (position_ < text_.size() && is_space(text_[position_])) ++position_;
    }

    char peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }

    char take() {
        if (position_ == text_.size()) fail("more text");
        return text_[position_++];
    }

    bool take_if(char c) {
        skip_spaces();
        if (peek() != c) return false;
        ++position_;
        return true;
    }

    void expect(char c) {
        if (!take_if(c)) fail(std::string("'") + c + "'");
    }

    [[noreturn]] void fail(const std::string& expected) const {
        throw JsonError("JSON: expected " + expected + " at byte " + std::to_string(position_) +
                        ", found " + quoted(text_.substr(position_), 20));
    }

    std::string_view text_;
    std::size_t position_ = 0;
};

template <class T> const T& get(const JsonValue::Variant& value, const char* kind) {
    if (const T* found = std::get_if<T>(&value)) return *found;
    throw JsonError(std::string("JSON: expected ") + kind);
}

} // namespace

bool JsonValue::boolean() const { return get<bool>(value_, "true or false"); }
double JsonValue::number() const { return get<double>(value_, "a number"); }
const std::string& JsonValue::text() const { return get<std::string>(value_, "a string"); }
const JsonValue::Array& JsonValue::items() const { return get<Array>(value_, "an array"); }

const JsonValue& JsonValue::at(std::string_view name) const {
    for (const auto& [key, value] : get<Object>(value_, "an object"))
        if (key == name) return value;
    throw JsonError("JSON: there is no member " + quoted(name));
}

JsonValue parse_json(std::string_view text) { return Reader(text).document(); }

std::string json_string(std::string_view text) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += {'\\', c};
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
        } else {
            out += c;
        }
    }
    out += '"';
    return out;
}

} // namespace web
