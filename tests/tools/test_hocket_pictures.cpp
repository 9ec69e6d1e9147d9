#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hocket_command.hpp"

namespace {

using namespace tool_tests;
using testing::HasSubstr;

TEST_F(HocketCommand, NamesArePrintedWithoutWhatATerminalObeys) {
    start_and_wait("names");
    const std::string text = hocket_command("tree " + pid()).text;
    EXPECT_THAT(text, HasSubstr("?[5mblink: sleep"));
    EXPECT_THAT(text, HasSubstr("caf\uFFFD: sleep"));
    EXPECT_THAT(text, testing::Not(HasSubstr("\x1b")));
    std::vector<std::string> names;
    for (const json& task : hocket_json("tree --json " + pid())) {
        names.push_back(task["name"]);
    }
    EXPECT_THAT(names, testing::IsSupersetOf({"?[5mblink", "caf\uFFFD", "a<b> & \"c\""}));
}

/// What an SVG file says, by Python's parser.
std::string text_of_picture(const std::string& file) {
    const Output output = shell("python3 -c 'import sys, xml.etree.ElementTree as tree; "
                                "print(*tree.parse(sys.argv[1]).getroot().itertext())' " +
                                file);
    EXPECT_EQ(output.code, 0) << output.text;
    return output.text;
}

TEST_F(HocketCommand, PicturesShowWhatTheTerminalWould) {
    start_and_wait("deadlock");
    const std::string file = folder() + "/picture.svg";
    const auto picture = [&](const std::string& arguments) {
        const Output output = hocket_command(arguments + " --svg " + file);
        EXPECT_EQ(output.code, 0);
        EXPECT_EQ(output.text, "");
        return text_of_picture(file);
    };
    const std::string tree = picture("tree " + pid());
    EXPECT_THAT(tree, HasSubstr("hocket tree " + pid()));
    EXPECT_THAT(tree, HasSubstr("Lock held by 'refill'"));
    EXPECT_THAT(tree, HasSubstr("CYCLE"));
    const std::string top = picture("top --interval 0.2 " + pid());
    EXPECT_THAT(top, HasSubstr("hocket top --interval 0.2 " + pid()));
    EXPECT_THAT(top, HasSubstr("main loop"));
    EXPECT_THAT(picture("ps"), HasSubstr("observed_program"));
    EXPECT_THAT(picture("stacks " + pid()), HasSubstr("loop 0"));
}

TEST_F(HocketCommand, PicturesEscapeNames) {
    start_and_wait("names");
    const std::string file = folder() + "/picture.svg";
    EXPECT_EQ(hocket_command("tree " + pid() + " --svg " + file).code, 0);
    const std::string text = text_of_picture(file);
    EXPECT_THAT(text, HasSubstr("a<b> & \"c\""));
    EXPECT_THAT(text, HasSubstr("?[5mblink"));
    const Output unwritable = hocket_command("tree " + pid() + " --svg /nowhere/picture.svg");
    EXPECT_EQ(unwritable.code, 1);
    EXPECT_EQ(unwritable.text,
              "hocket: cannot write /nowhere/picture.svg: No such file or directory\n");
    EXPECT_EQ(hocket_command("tree " + pid() + " --json --svg " + file).code, 2);
}

TEST_F(HocketCommand, ColoursAreForTerminalsAndWithoutNoColor) {
    start_and_wait("deadlock");
    const std::string tree = HOCKET_COMMAND " tree " + pid();
    const auto on_terminal = [](const std::string& environment, const std::string& command) {
        return shell("env " + environment + " script -qec '" + command + "' /dev/null").text;
    };
    const std::string red_mark = "\x1b[1;31m CYCLE";
    ::unsetenv("NO_COLOR");
    EXPECT_THAT(on_terminal("TERM=xterm", tree), HasSubstr(red_mark));
    EXPECT_THAT(on_terminal("TERM=xterm NO_COLOR=", tree), HasSubstr(red_mark));
    for (const std::string environment : {"TERM=xterm NO_COLOR=1", "TERM=dumb"}) {
        const std::string plain = on_terminal(environment, tree);
        EXPECT_THAT(plain, HasSubstr("CYCLE"));
        EXPECT_THAT(plain, testing::Not(HasSubstr("\x1b")));
    }
    EXPECT_THAT(shell("TERM=xterm " + tree).text, testing::Not(HasSubstr("\x1b")));
}

TEST_F(HocketCommand, TopFitsIntoTheTerminal) {
    start_and_wait("deadlock");
    const std::string text =
        shell("TERM=xterm NO_COLOR=1 script -qec 'stty cols 40 rows 5; timeout 0.5 " HOCKET_COMMAND
              " top --interval 0.2 " +
              pid() + "' /dev/null")
            .text;
    EXPECT_THAT(text, HasSubstr("\x1b[Hhocket top: observed_program"));
    EXPECT_THAT(text, HasSubstr("LOOP                   BUSY   LAG P50  …\x1b[K"));
    EXPECT_THAT(text, testing::Not(HasSubstr("CREATED AT")));
}

} // namespace
