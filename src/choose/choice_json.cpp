#include <hocket/choose.hpp>

#include <cmath>
#include <cstdio>
#include <string_view>

namespace hocket {

namespace choosing {

namespace {

std::string json_string(std::string_view text) {
    std::string json = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            json += '\\';
            json += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
            json += escaped;
        } else {
            json += c;
        }
    }
    return json + '"';
}

std::string json_number(double value) {
    if (!std::isfinite(value)) {
        return "null";
    }
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
}

std::string json_interval(const Choice::Interval& interval) {
    return "[" + json_number(interval.low) + ", " + json_number(interval.high) + "]";
}

// Fields in the given order, separated by commas.
class JsonObject {
public:
    JsonObject& add(std::string_view name, const std::string& json) {
        text_ += (text_.size() > 1 ? ", " : "") + json_string(name) + ": " + json;
        return *this;
    }
    [[nodiscard]] std::string str() const { return text_ + "}"; }

private:
    std::string text_ = "{";
};

std::string json_row(const Choice::Row& row) {
    const bool measured = row.items_per_second.has_value();
    const auto if_measured = [&](double value) {
        return measured ? json_number(value) : std::string("null");
    };
    return JsonObject()
        .add("model", json_string(to_string(row.model)))
        .add("workers", if_measured(static_cast<double>(row.workers)))
        .add("items_per_s", if_measured(row.items_per_second.value_or(0)))
        .add("interval", measured ? json_interval(row.interval) : "null")
        .add("p99_ms", row.p99 ? json_number(row.p99->count() * 1e3) : "null")
        .add("cpu_us_per_item", if_measured(row.cpu_per_item.count() * 1e6))
        .add("memory_mib", if_measured(static_cast<double>(row.memory) / (1 << 20)))
        .add("reason", json_string(row.reason))
        .str();
}

template <class Range, class ToJson> std::string json_list(const Range& values, ToJson to_json) {
    std::string json = "[";
    for (const auto& value : values) {
        json += (json.size() > 1 ? ", " : "") + to_json(value);
    }
    return json + "]";
}

} // namespace

} // namespace choosing

std::string Choice::json() const {
    using namespace choosing;
    const bool answered = answer != ConcurrencyModel::none;
    const auto if_answered = [&](const std::string& json) { return answered ? json : "null"; };
    return JsonObject()
        .add("answer", json_string(to_string(answer)))
        .add("workers", if_answered(std::to_string(workers)))
        .add("speedup", if_answered(json_number(speedup)))
        .add("interval", if_answered(json_interval(interval)))
        .add("reason", json_string(reason))
        .add("models", json_list(models, json_row))
        .add("cores", json_number(cores))
        .add("notes", json_list(notes, json_string))
        .str();
}

} // namespace hocket
