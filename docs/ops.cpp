// Prints docs/ops.md: the functions of the menu with the first sentence of their documentation, then every entry of the
// registry by family. `./dev docs` writes the page, a test compares it. What it prints depends on the tree alone.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "strata/ops/registry.hpp"

namespace {

struct Function {
  std::string name, sentence;
};
struct Menu {
  std::string title;  // the header's first words
  std::vector<Function> functions;
};

/// The first sentence of a doc comment: to a full stop, a colon before a list, or the wide gap before an example.
std::string first_sentence(const std::string& text) {
  std::size_t end = text.find("  ");
  for (std::size_t i = 0; i + 1 < text.size() && i < end; ++i) {
    if (text[i] == '.' && text[i + 1] == ' ' && (i == 0 || text[i - 1] != '.')) end = i;
  }
  std::string s = text.substr(0, end);
  while (!s.empty() && (s.back() == ' ' || s.back() == '.')) s.pop_back();
  return std::regex_replace(s, std::regex(R"(\|)"), "\\|");
}

Menu read_menu(const std::filesystem::path& path) {
  std::ifstream in(path);
  Menu menu;
  std::string doc, space = "st::";
  const std::regex declaration(
      R"(^(?:inline |template <[^>]*> ?)?(?:Tensor|std::\S.*|[A-Z]\w*|auto|bool|int|double) (\w+)\(.*)"),
      inner(R"(^namespace strata::(\w+))"), title(R"(^// (?:The menu: )?(.*))");
  for (std::string line; std::getline(in, line);) {
    std::smatch m;
    if (menu.title.empty() && std::regex_match(line, m, title)) menu.title = first_sentence(m[1]);
    if (std::regex_search(line, m, inner)) space = "st::" + m[1].str() + "::";
    if (line.starts_with("///")) {
      const std::string words = line.size() > 4 ? line.substr(4) : "";
      doc += (doc.empty() || words.starts_with("  ") ? (doc.empty() ? "" : "  ") : " ") + words;
    } else if (std::regex_match(line, m, declaration)) {
      const std::string name = space + m[1].str();
      const bool again = !menu.functions.empty() && menu.functions.back().name == name;
      if (!again) menu.functions.push_back({name, first_sentence(doc)});
      // A declaration without words of its own shares those of the one above it.
      if (!again && doc.empty() && menu.functions.size() > 1) {
        menu.functions.back().sentence = menu.functions[menu.functions.size() - 2].sentence;
      }
      doc.clear();
    } else if (line.empty() || line.starts_with("struct") || line.starts_with("class")) {
      doc.clear();
    }
  }
  return menu;
}

void print_menus() {
  std::vector<std::filesystem::path> headers;
  for (const auto& file : std::filesystem::directory_iterator(STRATA_SOURCE_DIR "/ops/menu")) headers.push_back(file);
  std::sort(headers.begin(), headers.end());
  for (const auto& header : headers) {
    const Menu menu = read_menu(header);
    std::string title = menu.title;
    if (!title.empty()) title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
    std::cout << "\n## " << title << " (`ops/menu/" << header.filename().string() << "`)\n\n";
    std::cout << "| function | what it is |\n|---|---|\n";
    for (const Function& f : menu.functions) std::cout << "| `" << f.name << "` | " << f.sentence << " |\n";
  }
}

const char* kept(const strata::Op& op) {
  using strata::Keep;
  if (!op.differentiable) return "";
  return op.keep == Keep::nothing  ? "nothing"
         : op.keep == Keep::inputs ? "arguments"
         : op.keep == Keep::result ? "result"
                                   : "both";
}

void print_registry() {
  std::map<std::string_view, std::vector<strata::Entry>> families;
  for (const strata::Entry& e : strata::registry()) families[e.family].push_back(e);
  std::cout
      << "\n# The registry\n\nEvery op that has rules of its own, by family, and the functions that are made of them "
         "(family `composite`: their rules are those of their parts). The laws of `tests/laws_test.cpp` run on all "
         "of them. 'Keeps' is what reverse mode holds until the backward pass.\n";
  for (const auto& [family, entries] : families) {
    std::cout << "\n## Family `" << family << "` (" << entries.size() << ")\n\n";
    if (!entries.front().op) {
      for (std::size_t i = 0; i < entries.size(); ++i) std::cout << (i ? ", `" : "`") << entries[i].name << "`";
      std::cout << "\n";
      continue;
    }
    std::cout << "| op | arguments | results | differentiable | keeps |\n|---|---|---|---|---|\n";
    for (const strata::Entry& e : entries) {
      const auto count = [](int n) { return n < 0 ? std::string("any") : std::to_string(n); };
      std::cout << "| `" << e.name << "` | " << count(e.op->inputs) << " | " << count(e.op->outputs) << " | "
                << (e.op->differentiable ? "yes" : "no") << " | " << kept(*e.op) << " |\n";
    }
  }
}

}  // namespace

int main() {
  std::cout
      << "# The functions\n\nWritten by `docs/ops.cpp` (`./dev docs`). Each function's full words are in its header, "
         "and in an editor's tooltip.\n";
  print_menus();
  print_registry();
}
