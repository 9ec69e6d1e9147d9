#pragma once

#include <cstdint>
#include <string_view>

namespace web {

/// Counts words in UTF-8 text that comes in pieces. A word is a run without white space that has
/// at least one letter or digit: "don't", "os.path" and "3.11" are one each, "--" and "¶" none.
/// Characters above Latin-1's symbols and outside the punctuation blocks count as letters.
class WordCounter {
public:
    void add(std::string_view text);
    /// What comes next does not continue the word before it.
    void end_word() { in_word_ = false; }
    std::uint64_t words() const { return words_; }

private:
    std::uint64_t words_ = 0;
    bool in_word_ = false; // the current run has been counted
};

} // namespace web
