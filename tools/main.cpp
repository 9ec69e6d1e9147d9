#include <charconv>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <system_error>

#include <CLI/CLI.hpp>

#include "captured_output.hpp"
#include "colours.hpp"
#include "observed_process.hpp"
#include "picture.hpp"
#include "verbs.hpp"

namespace {

using namespace hocket::tool;

/// "hocket top 12": what was typed, without the option for the picture.
std::string command_line(int argc, char** argv) {
    std::string line = "hocket";
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--svg") {
            ++i;
        } else if (!word.starts_with("--svg=")) {
            line += ' ' + word;
        }
    }
    return line;
}

/// What is wrong with the number of a process; "" if nothing is.
std::string process_problem(const std::string& text) {
    pid_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [after, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && after == end && number > 0
               ? ""
               : "'" + text + "' is not the number of a process: `hocket ps` lists them";
}

int run(int argc, char** argv) {
    CLI::App app("Looks inside running programs that use hocket.", "hocket");
    app.require_subcommand(1);

    bool json = false;
    TopOptions options;
    std::string task;
    pid_t& process = options.process;
    const auto add = [&](const char* name, const char* what) {
        CLI::App* const verb = app.add_subcommand(name, what);
        verb->add_option("PID", process, "the process, as `hocket ps` shows it")
            ->required()
            ->check(CLI::Validator(process_problem, ""));
        return verb;
    };
    std::string picture;
    const auto add_picture = [&picture](CLI::App& verb) {
        verb.add_option("--svg", picture, "write a picture of the answer to this file")
            ->type_name("FILE")
            ->excludes("--json");
    };
    const auto show = [&](const std::function<void()>& verb) {
        if (picture.empty()) {
            verb();
            return;
        }
        set_colours(true);
        CapturedOutput output;
        verb();
        write_picture(picture, command_line(argc, argv), output.text());
    };
    const auto add_json = [&json](CLI::App& verb) { verb.add_flag("--json", json, "print JSON"); };

    CLI::App* const ps_verb = app.add_subcommand("ps", "list your programs that run event loops");
    add_json(*ps_verb);
    add_picture(*ps_verb);
    ps_verb->callback([&] { show([&] { ps(json); }); });

    CLI::App* const top_verb = add("top", "show what the loops, pools and tasks of a program do");
    top_verb->add_flag("--once", options.once, "show one interval and end");
    top_verb->add_option("--interval", options.interval, "seconds between two looks")
        ->check(CLI::Range(0.05, 3600.0))
        ->capture_default_str();
    add_json(*top_verb);
    add_picture(*top_verb);
    top_verb->callback([&] {
        options.json = json;
        options.once = options.once || !picture.empty();
        show([&] { top(options); });
    });

    CLI::App* const tree_verb = add("tree", "show which task waits for which, and cycles");
    tree_verb->add_option("--task", task, "only the task of this name, and what it waits for");
    add_json(*tree_verb);
    add_picture(*tree_verb);
    tree_verb->callback([&] { show([&] { tree(process, task, json); }); });

    CLI::App* const stacks_verb = add("stacks", "show what each loop's thread does at this moment");
    add_json(*stacks_verb);
    add_picture(*stacks_verb);
    stacks_verb->callback([&] { show([&] { stacks(process, json); }); });

    add("metrics", "print the counters as OpenMetrics text")->callback([&] { metrics(process); });

    TraceOptions trace_options;
    CLI::App* const trace_verb = add("trace", "write a timeline that Perfetto shows");
    trace_verb->add_option("-o,--output", trace_options.file, "the file to write")
        ->type_name("FILE")
        ->required();
    const auto add_seconds = [trace_verb](const char* name, std::optional<double>& seconds,
                                          const char* what) {
        return trace_verb->add_option(name, seconds, what)
            ->type_name("TIME")
            ->transform(CLI::AsNumberWithUnit(
                std::map<std::string, double>{{"ms", 0.001}, {"s", 1}, {"min", 60}},
                CLI::AsNumberWithUnit::CASE_SENSITIVE, "seconds"))
            ->check(CLI::Range(0.001, 86'400.0));
    };
    CLI::Option* const record_for =
        add_seconds("--for", trace_options.seconds,
                    "how long to record: 10s; otherwise until Ctrl-C or the program's end");
    add_seconds("--last", trace_options.last,
                "do not record: show the last seconds of a program that was started with "
                "HOCKET_TRACE=1")
        ->excludes(record_for);
    trace_verb->callback([&] {
        trace_options.process = process;
        trace(trace_options);
    });

    std::string file = "-";
    CLI::App* const symbols_verb =
        app.add_subcommand("symbols", "name the functions in a program's report of a blocked loop");
    symbols_verb->add_option("FILE", file, "what the program wrote on stderr")
        ->capture_default_str();
    symbols_verb->callback([&] { symbols(file); });

    CLI::App* const choose_verb = app.add_subcommand(
        "choose", "measure a Python workload and say which concurrency model fits it");
    choose_verb->prefix_command(); // its arguments are Python's
    choose_verb->set_help_flag();
    choose_verb->callback([&] { choose(choose_verb->remaining()); });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "hocket: " << error.what() << '\n';
        return 1;
    }
}
