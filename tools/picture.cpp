#include "picture.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "observed_process.hpp"
#include "styled_text.hpp"

namespace hocket::tool {

namespace {

constexpr std::size_t fewest_columns = 72;
constexpr std::size_t most_columns = 132;

// In pixels.
constexpr double column_width = 7.8;
constexpr double line_height = 18;
constexpr double margin = 16;
constexpr double bar_height = 30; // of the window's title

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        switch (c) {
        case '&': result += "&amp;"; break;
        case '<': result += "&lt;"; break;
        case '>': result += "&gt;"; break;
        case '"': result += "&quot;"; break;
        default:
            if (static_cast<unsigned char>(c) >= ' ') { // XML has no other control characters
                result += c;
            }
        }
    }
    return result;
}

const char* colour_of(const Run& run) {
    switch (run.colour) {
    case 31: return "#ff7b72";
    case 32: return "#56d364";
    case 33: return "#e3b341";
    default: return run.dim ? "#8b949e" : run.bold ? "#f0f6fc" : "#c9d1d9";
    }
}

/// Splits a run where there are several spaces, which SVG would join to one.
std::vector<std::pair<std::size_t, Run>> pieces_of(const Run& run) {
    std::vector<std::pair<std::size_t, Run>> pieces; // with their columns
    for (std::size_t begin = run.text.find_first_not_of(' '); begin != run.text.npos;) {
        std::size_t end = std::min(run.text.find("  ", begin), run.text.size());
        const std::size_t next = run.text.find_first_not_of(' ', end);
        if (next == run.text.npos) {
            end = run.text.find_last_not_of(' ') + 1;
        }
        Run& piece = pieces.emplace_back(columns_of(run.text.substr(0, begin)), run).second;
        piece.text = run.text.substr(begin, end - begin);
        begin = next;
    }
    return pieces;
}

/// `textLength` keeps the columns, whatever font the viewer has.
std::string element_of(const Run& run, std::size_t column, double baseline) {
    const std::size_t columns = columns_of(run.text);
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.0f}\" textLength=\"{:.1f}\" "
                       "lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{}>{}</text>\n",
                       margin + column_width * static_cast<double>(column), baseline,
                       column_width * static_cast<double>(columns), colour_of(run),
                       run.bold ? " font-weight=\"bold\"" : "", escaped(run.text));
}

} // namespace

std::string picture_of(const std::string& command, std::string_view text) {
    std::vector<StyledLine> lines = styled_lines(text);
    lines.insert(lines.begin(), {{{.dim = true, .text = "$ "}, {.bold = true, .text = command}}});
    std::size_t columns = fewest_columns;
    for (StyledLine& line : lines) {
        cut(line, most_columns);
        columns = std::max(columns, columns_of(line));
    }
    const double width = 2 * margin + column_width * static_cast<double>(columns);
    const double height = bar_height + margin + line_height * static_cast<double>(lines.size());
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
        "viewBox=\"0 0 {0:.0f} {1:.0f}\" font-size=\"13\" font-family=\"ui-monospace, "
        "SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\">\n"
        "<title>{2}</title>\n"
        "<rect x=\"0.5\" y=\"0.5\" width=\"{3:.0f}\" height=\"{4:.0f}\" rx=\"8\" fill=\"#0d1117\" "
        "stroke=\"#30363d\"/>\n",
        width, height, escaped(command), width - 1, height - 1);
    int x = 20;
    for (const char* button : {"#ff5f57", "#febc2e", "#28c840"}) {
        svg += fmt::format("<circle cx=\"{}\" cy=\"16\" r=\"5\" fill=\"{}\"/>\n", x, button);
        x += 17;
    }
    double baseline = bar_height + line_height - 4;
    for (const StyledLine& line : lines) {
        std::size_t column = 0;
        for (const Run& run : line) {
            for (const auto& [offset, piece] : pieces_of(run)) {
                svg += element_of(piece, column + offset, baseline);
            }
            column += columns_of(run.text);
        }
        baseline += line_height;
    }
    return svg + "</svg>\n";
}

void write_picture(const std::string& file, const std::string& command, std::string_view text) {
    std::ofstream out(file);
    out << picture_of(command, text) << std::flush;
    if (!out) {
        throw Problem(fmt::format("cannot write {}: {}", file, std::strerror(errno)));
    }
}

} // namespace hocket::tool
