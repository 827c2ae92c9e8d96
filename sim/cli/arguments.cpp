#include "sim/cli/arguments.hpp"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <charconv>
#include <exception>
#include <new>

#include "sim/cli/interrupt.hpp"
#include "sim/cli/output.hpp"
#include "sim/cli/version.hpp"
#include "sim/core/check.hpp"
#include "sim/core/diagnostics.hpp"
#include "sim/core/limits.hpp"
#include "sim/trace/header.hpp"
#include "sim/trace/output_file.hpp"

namespace byzsim::cli {

namespace {

constexpr const char* kExamples = R"(
Examples:
  byzsim run scenarios/pbft/equivocating-primary.yaml
  byzsim run attack.yaml --seed 7 --set protocol.n=7 --trace attack.jsonl.zst
  byzsim verify attack.jsonl.zst
  byzsim test scenarios/ --jobs 2 --report junit=report.xml
  byzsim explain network.latency

Exit codes: 0 expectation met, 1 not met, 2 usage or scenario error, 3 inconclusive, 4 internal or I/O error,
130 interrupted (128 and the signal: 143 if terminated). Of several, the worst wins: 130, 4, 2, 1, 3, 0.)";

std::string hint_for(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string near = closest(word, candidates);
  return near.empty() ? std::string() : fmt::format("; did you mean '{}'?", near);
}

/// Refuses a mistyped subcommand or option with a suggestion, before CLI11 refuses it without.
void suggest(CLI::App& app, int argc, char** argv) {
  std::vector<std::string> commands;
  for (const CLI::App* sub : app.get_subcommands({})) commands.push_back(sub->get_name());
  const CLI::App* chosen = &app;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word(argv[i]);
    if (word == "--") return;
    if (!word.starts_with("-")) {
      if (chosen != &app) continue;
      if (std::find(commands.begin(), commands.end(), word) == commands.end()) {
        throw UsageError(fmt::format("there is no command '{}'{}\nThe commands are: {}", word, hint_for(word, commands),
                                     fmt::join(commands, ", ")));
      }
      chosen = app.get_subcommand(std::string(word));
      continue;
    }
    if (!word.starts_with("--")) continue;
    const std::string name(word.substr(0, word.find('=')));
    std::vector<std::string> options;
    const CLI::Option* known = nullptr;
    for (const CLI::App* level : {chosen, static_cast<const CLI::App*>(&app)}) {
      for (const CLI::Option* option : level->get_options()) {
        for (const std::string& spelling : option->get_lnames()) {
          options.push_back("--" + spelling);
          if (options.back() == name) known = option;
        }
      }
    }
    if (known == nullptr) {
      throw UsageError(fmt::format("byzsim {} has no option '{}'{}", chosen == &app ? "" : chosen->get_name(), name,
                                   hint_for(name, options)));
    }
    // The value of an option is no option, whatever it looks like.
    if (word.find('=') == std::string_view::npos && known->get_items_expected_min() > 0) ++i;
  }
}

// An empty value is no value: a script whose variable is not set should hear of it.
void refuse_empty(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() == 0 || option->get_items_expected_min() == 0) continue;
    for (const std::string& value : option->results()) {
      if (value.empty()) throw UsageError(fmt::format("the value of {} is empty", option->get_name()));
    }
  }
}

int complain(std::string_view sentence, int code) {
  say(fmt::format("byzsim: {}\n", sentence));
  return code;
}

int parse_and_run(int argc, char** argv) {
  CLI::App app(
      "byzsim: a simulator for Byzantine consensus. Runs an attack scenario and says whether the protocol kept its "
      "promises.",
      "byzsim");
  app.footer(kExamples);
  app.set_version_flag("--version", fmt::format("byzsim {}", kVersion));
  std::string color = "auto";
  app.add_option("--color", color,
                 "colour the text output: auto (on a terminal, unless NO_COLOR is set), always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->option_text("WHEN");
  app.fallthrough();
  app.require_subcommand(1);
  Action chosen;
  for (const auto add : {add_run, add_check, add_test, add_verify, add_list, add_explain, add_schema}) add(app, chosen);
  try {
    suggest(app, argc, argv);
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto used = app.get_subcommands();
    Output::standard().print(used.empty() ? app.help() : used.front()->help("byzsim"));
    return kMet;
  } catch (const CLI::CallForVersion&) {
    Output::standard().print(fmt::format("byzsim {}\n", kVersion));
    return kMet;
  } catch (const CLI::ParseError& error) {
    const auto used = app.get_subcommands();
    throw UsageError(
        fmt::format("{}\nTry: byzsim {}--help", error.what(), used.empty() ? "" : used.front()->get_name() + " "));
  }
  for (const CLI::App* used : app.get_subcommands()) refuse_empty(*used);
  refuse_empty(app);
  Output::standard().set_color(color);
  watch_interrupts();
  return chosen();
}

}  // namespace

std::uint64_t parse_seed(std::string_view text) {
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw UsageError(fmt::format("--seed must be a whole number from 0 to {}, not '{}'", UINT64_MAX, text));
  }
  return seed;
}

CLI::Option* add_repeatable(CLI::App& app, const std::string& name, std::vector<std::string>& into,
                            const std::string& help) {
  return app.add_option(name, into, help)
      ->type_size(1)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

int worst(int a, int b) {
  const auto rank = [](int code) {
    switch (code) {
      case kMet:
        return 0;
      case kInconclusive:
        return 1;
      case kUnmet:
        return 2;
      case kUsage:
        return 3;
      case kInternal:
        return 4;
      default:
        return 5;
    }
  };
  return rank(a) >= rank(b) ? a : b;
}

int run_command_line(int argc, char** argv) {
  guard_standard_streams();
  writes_fail_instead_of_killing();
  int code = kInternal;
  try {
    code = parse_and_run(argc, argv);
  } catch (const UsageError& error) {
    code = complain(error.what(), kUsage);
  } catch (const TooLarge& error) {
    code = complain(error.what(), kUsage);
  } catch (const BadTrace& error) {
    code = complain(error.what(), kUsage);
  } catch (const TraceError& error) {
    code = complain(error.what(), kInternal);
  } catch (const InternalError& error) {
    code = complain(fmt::format("a bug in byzsim; please report it with this text: {}", error.what()), kInternal);
  } catch (const std::bad_alloc&) {
    code = complain("out of memory: the machine gave no more; run.memory sets how much a run may take", kInternal);
  } catch (const std::exception& error) {
    code = complain(fmt::format("unexpected: {}", error.what()), kInternal);
  }
  // What is still to be printed may meet a full disk.
  try {
    Output::standard().flush();
  } catch (const TraceError& error) {
    code = worst(code, complain(error.what(), kInternal));
  }
  return interrupted() ? interrupt_code() : code;
}

}  // namespace byzsim::cli
