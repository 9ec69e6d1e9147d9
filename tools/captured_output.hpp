#pragma once

#include <iostream>
#include <sstream>
#include <string>

namespace hocket::tool {

/// While it exists, what is printed on std::cout is kept here.
class CapturedOutput {
public:
    CapturedOutput() : before_(std::cout.rdbuf(kept_.rdbuf())) {}
    ~CapturedOutput() { end(); }
    CapturedOutput(const CapturedOutput&) = delete;
    CapturedOutput& operator=(const CapturedOutput&) = delete;

    void end() { std::cout.rdbuf(before_); }
    [[nodiscard]] std::string text() const { return kept_.str(); }

private:
    std::ostringstream kept_;
    std::streambuf* before_;
};

} // namespace hocket::tool
