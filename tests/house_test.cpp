// How the house is kept, checked by reading the tree: include direction, file sizes, opening comments, notes, stray
// words. Run by ctest in every build; it needs no library code, only STRATA_SOURCE_DIR. Tables are exempt from the
// size limits, tests from that of functions. Each check collects every breach before it fails, so that one run shows
// all of them.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "strata/tests/catch.hpp"

namespace fs = std::filesystem;

namespace {

struct Source {
  std::string path;  // from the root, with slashes
  std::vector<std::string> lines;
  std::string folder() const { return path.substr(0, path.find('/')); }
  bool header() const { return path.ends_with(".hpp"); }
  bool code() const { return header() || path.ends_with(".cpp") || path.ends_with(".cu") || path.ends_with(".cuh"); }
};

struct Function {
  size_t line;    // where it starts, from 0
  size_t length;  // in lines
};

const std::vector<std::string> folders = {"core",  "ops",   "autograd", "functorch", "distributed", "nn",  "io",
                                          "tests", "bench", "examples", "cmake",     "docs",        ".ci", "tools"};
const std::set<std::string> text_suffixes = {".hpp", ".cpp", ".cu",   ".cuh", ".cmake", ".in",
                                             ".txt", ".md",  ".json", ".py",  ".sh",    ""};

Source read(const fs::path& root, const fs::path& file) {
  Source s{fs::relative(file, root).generic_string(), {}};
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) s.lines.push_back(line);
  return s;
}

// Every text file of ours: the folders above, and the files at the root.
std::vector<Source> read_tree() {
  const fs::path root = STRATA_SOURCE_DIR;
  std::vector<Source> tree;
  auto add = [&](const fs::path& file) {
    if (fs::is_regular_file(file) && text_suffixes.contains(file.extension().string()))
      tree.push_back(read(root, file));
  };
  for (const fs::directory_entry& e : fs::directory_iterator(root)) {
    if (e.path().filename().string().front() != '.') add(e.path());
  }
  for (const std::string& folder : folders) {
    if (!fs::is_directory(root / folder)) continue;
    for (const fs::directory_entry& e : fs::recursive_directory_iterator(root / folder)) add(e.path());
  }
  return tree;
}

const std::vector<Source>& tree() {
  static const std::vector<Source> all = read_tree();
  return all;
}

void require_none(const std::vector<std::string>& breaches) {
  std::string all;
  for (const std::string& b : breaches) all += "\n  " + b;
  INFO(breaches.size() << " breaches:" << all);
  REQUIRE(breaches.empty());
}

std::string at(const Source& s, size_t line) { return s.path + ":" + std::to_string(line + 1) + ": "; }

// The functions of a file, as clang-format lays them out: a closing brace at column 0 or 2 belongs to the nearest line
// above that starts in the same column. Classes, tables and statements with a body are not functions.
std::vector<Function> functions(const Source& s) {
  const std::regex other(
      R"(^(namespace|struct|class|union|enum|extern|if|for|while|switch|else|do|try|case|default)\b)");
  std::vector<Function> found;
  for (const size_t column : {size_t{0}, size_t{2}}) {
    size_t start = 0;
    for (size_t i = 0; i < s.lines.size(); ++i) {
      const std::string& line = s.lines[i];
      if (line.find_first_not_of(' ') != column || line[column] == '#') continue;
      if (line[column] != '}')
        start = i;
      else if (s.lines[start].find('(') != std::string::npos &&
               !std::regex_search(s.lines[start].substr(column), other))
        found.push_back({start, i - start + 1});
    }
  }
  return found;
}

}  // namespace

TEST_CASE("includes go one way", "[house]") {
  // What a folder may include besides itself. Examples, tests and benchmarks may include all of them.
  const std::map<std::string, std::set<std::string>> below = {
      {"core", {}},
      {"ops", {"core"}},
      {"io", {"core", "ops"}},
      {"autograd", {"core", "ops"}},
      {"functorch", {"core", "ops", "autograd"}},
      {"distributed", {"core", "ops", "autograd", "functorch", "io"}},
      {"nn", {"core", "ops", "autograd", "functorch", "io"}},
  };
  const std::regex include(R"(^\s*#\s*include\s*([<"])([^">]+)[">])");
  std::vector<std::string> breaches;
  for (const Source& s : tree()) {
    if (!s.code()) continue;
    auto allowed = below.find(s.folder());
    for (size_t i = 0; i < s.lines.size(); ++i) {
      std::smatch m;
      if (!std::regex_search(s.lines[i], m, include)) continue;
      const std::string target = m[2];
      const bool ours = target.starts_with("strata/");
      if (m[1] == "\"" && !ours) breaches.push_back(at(s, i) + "write the full path \"strata/...\": " + target);
      if (!ours || allowed == below.end()) continue;
      const std::string inner = target.substr(7);
      const std::string folder = inner.find('/') == std::string::npos ? inner : inner.substr(0, inner.find('/'));
      if (folder != s.folder() && !allowed->second.contains(folder))
        breaches.push_back(at(s, i) + s.folder() + " may not include " + target);
    }
  }
  require_none(breaches);
}

TEST_CASE("every source file says what it is", "[house]") {
  std::vector<std::string> breaches;
  for (const Source& s : tree()) {
    if (!s.code()) continue;
    if (s.lines.empty() || !s.lines[0].starts_with("//")) breaches.push_back(s.path + ": opens with no comment");
    if (!s.header()) continue;
    auto once = [](const std::string& line) { return line == "#pragma once"; };
    if (std::none_of(s.lines.begin(), s.lines.end(), once)) breaches.push_back(s.path + ": no #pragma once");
    for (size_t i = 0; i < s.lines.size(); ++i) {
      if (s.lines[i].find("using namespace") != std::string::npos && s.lines[i].find("//") == std::string::npos)
        breaches.push_back(at(s, i) + "using namespace in a header");
    }
  }
  require_none(breaches);
}

TEST_CASE("files and functions stay small", "[house]") {
  constexpr size_t most_lines = 400, most_in_tests = 500, most_in_a_function = 40;
  std::vector<std::string> breaches;
  for (const Source& s : tree()) {
    const bool table = s.path.find("table") != std::string::npos || s.path == "core/reflect.hpp";  // one line a case
    if (!s.code() || table) continue;
    const bool test = s.folder() == "tests";
    const size_t n = s.lines.size(), most = test ? most_in_tests : most_lines;
    if (n > most) breaches.push_back(s.path + ": " + std::to_string(n) + " lines, more than " + std::to_string(most));
    if (test) continue;  // their functions are lists of checks
    for (const Function& f : functions(s)) {
      if (f.length > most_in_a_function) {
        breaches.push_back(at(s, f.line) + "a function of " + std::to_string(f.length) + " lines, more than " +
                           std::to_string(most_in_a_function));
      }
    }
  }
  require_none(breaches);
}

TEST_CASE("each note that is pointed to exists, once", "[house]") {
  const std::regex see(R"(See NOTE \[([^\]]+)\])"), note(R"((^|[^e] )NOTE \[([^\]]+)\])");
  std::map<std::string, int> notes;
  std::vector<std::pair<std::string, std::string>> pointers;
  for (const Source& s : tree()) {
    if (!s.code() || s.path == "tests/house_test.cpp") continue;
    for (size_t i = 0; i < s.lines.size(); ++i) {
      std::smatch m;
      if (std::regex_search(s.lines[i], m, see))
        pointers.emplace_back(at(s, i), m[1]);
      else if (std::regex_search(s.lines[i], m, note))
        ++notes[m[2]];
    }
  }
  std::vector<std::string> breaches;
  for (const auto& [where, name] : pointers) {
    if (!notes.contains(name)) breaches.push_back(where + "no NOTE [" + name + "]");
  }
  for (const auto& [name, count] : notes) {
    if (count > 1) breaches.push_back("NOTE [" + name + "] stands " + std::to_string(count) + " times");
  }
  require_none(breaches);
}

TEST_CASE("nothing points to somebody's machine, and nothing is left to do", "[house]") {
  // Spelled in halves, so that this file does not find itself.
  const std::vector<std::string> words = {std::string("/wo") + "rk/",     std::string("/tmp/") + "bash",
                                          std::string("/tmp/") + "wt",    std::string("/ro") + "ot/",
                                          std::string("/ho") + "me/",     std::string("arti") + "factory",
                                          std::string("pypi-") + "proxy", std::string("TO") + "DO",
                                          std::string("FIX") + "ME",      std::string("XX") + "X"};
  std::vector<std::string> breaches;
  for (const Source& s : tree()) {
    if (s.path.ends_with(".txt") && s.folder() == "tests" && s.path != "tests/CMakeLists.txt") continue;
    for (size_t i = 0; i < s.lines.size(); ++i) {
      for (const std::string& word : words) {
        if (s.lines[i].find(word) != std::string::npos) breaches.push_back(at(s, i) + "contains " + word);
      }
    }
  }
  require_none(breaches);
}

namespace {

std::string trimmed(const std::string& line) {
  const size_t first = line.find_first_not_of(' ');
  return first == std::string::npos ? "" : line.substr(first, line.find_last_not_of(' ') - first + 1);
}

bool contains_run(const std::vector<std::string>& lines, const std::vector<std::string>& run) {
  auto same = [](const std::string& a, const std::string& b) { return trimmed(a) == trimmed(b); };
  return std::search(lines.begin(), lines.end(), run.begin(), run.end(), same) != lines.end();
}

}  // namespace

// In a document, the line `<!-- from examples/tour.cpp -->` before a code block says that the block stands in that
// file.
TEST_CASE("code in documents is code that runs", "[house]") {
  const std::regex from(R"(^<!-- from ([^ ]+) -->$)");
  std::vector<std::string> breaches;
  for (const Source& s : tree()) {
    if (!s.path.ends_with(".md")) continue;
    for (size_t i = 0; i + 1 < s.lines.size(); ++i) {
      std::smatch m;
      if (!std::regex_match(s.lines[i], m, from) || !s.lines[i + 1].starts_with("```")) continue;
      const auto begin = s.lines.begin() + static_cast<std::ptrdiff_t>(i) + 2;
      const std::vector<std::string> block(begin, std::find(begin, s.lines.end(), "```"));
      auto named = [&](const Source& other) { return other.path == m[1].str(); };
      const auto file = std::find_if(tree().begin(), tree().end(), named);
      if (file == tree().end() || !contains_run(file->lines, block))
        breaches.push_back(at(s, i) + "this code does not stand in " + m[1].str());
    }
  }
  require_none(breaches);
}
