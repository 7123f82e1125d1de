// Files: safetensors and .npy there and back, whole trees, and every way a file can be malformed: an IoError each time,
// never a crash or a wild read (the address sanitizer runs this too).
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "strata/core/error.hpp"
#include "strata/functorch/vmap_level.hpp"
#include "strata/io/npy.hpp"
#include "strata/io/tree_file.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/catch.hpp"

using namespace strata;
namespace fs = std::filesystem;

namespace {

/// A folder of its own for each test, removed at its end.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("strata_io_" + std::to_string(::getpid()));
  Folder() {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  std::string file(const char* name) const { return (path / name).string(); }
};

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}
std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A safetensors file of a header and data.
std::string file_of(const std::string& header, const std::string& data) {
  const std::uint64_t n = header.size();
  std::string s(reinterpret_cast<const char*>(&n), 8);
  return s + header + data;
}

template <class T>
Tensor tensor(std::initializer_list<T> values, Shape shape) {
  Tensor x = empty_dense(shape, dtype_of<T>());
  std::copy(values.begin(), values.end(), reinterpret_cast<T*>(dense(x).data));
  return x;
}
Tensor floats(std::initializer_list<float> values) { return tensor<float>(values, {values.size()}); }

/// 0, 1, 2, ... in any dtype; bools alternate.
Tensor counted(Shape shape, Dtype dtype) {
  Tensor x = empty_dense(shape, Dtype::float32);
  for (std::int64_t i = 0; i < x.size(); ++i) reinterpret_cast<float*>(dense(x).data)[i] = static_cast<float>(i % 100);
  return astype(x, dtype);
}

bool same(const Tensor& a, const Tensor& b) {
  const Tensor x = copy(a), y = copy(b);
  return x.shape() == y.shape() && x.dtype() == y.dtype() &&
         std::memcmp(dense(x).data, dense(y).data, static_cast<std::size_t>(x.size() * itemsize(x.dtype()))) == 0;
}

constexpr Dtype all_dtypes[] = {bool_, uint8, uint16,   uint32,  uint64,  int8,   int16,
                                int32, int64, bfloat16, float16, float32, float64};

struct Layer {
  Tensor w, b;
  int width = 0;
};
struct Model {
  std::vector<Layer> layers;
  std::optional<Tensor> scale;
  std::map<std::string, Tensor> tables;
  std::tuple<Tensor, Layer> pair;
  std::string name = "model";
};

Model make_model() {
  Model m;
  m.layers = {{counted({2, 3}, float32), counted({3}, float32), 3},
              {counted({3, 1}, float32), counted({1}, float64), 1}};
  m.scale = counted({}, float16);
  m.tables = {{"a.b", counted({4}, int32)}, {"z", counted({2}, bool_)}};
  m.pair = {counted({5}, uint8), {counted({0, 2}, float32), counted({1}, bfloat16), 7}};
  m.name = "mine";
  return m;
}

}  // namespace

TEST_CASE("safetensors: every dtype, empty and scalar tensors, views, metadata") {
  const Folder folder;
  const std::string path = folder.file("t.safetensors");
  NamedTensors tensors;
  for (const Dtype d : all_dtypes) {
    tensors.emplace_back(std::string(name(d)), counted({3, 5}, d));
    tensors.emplace_back(std::string(name(d)) + " empty", counted({0, 2}, d));
    tensors.emplace_back(std::string(name(d)) + " scalar", counted({}, d));
  }
  tensors.emplace_back("transposed", transpose(counted({3, 5}, float32)));
  tensors.emplace_back("number", Tensor(2.5));
  tensors.emplace_back("naïve \"quoted\" \n", counted({2}, int8));
  save_tensors(path, tensors, {{"step", "10"}, {"ключ", "значение"}});
  const NamedTensors back = load_tensors(path);
  REQUIRE(back.size() == tensors.size());
  for (std::size_t i = 0; i < back.size(); ++i) {
    INFO(tensors[i].first);
    CHECK(back[i].first == tensors[i].first);
    CHECK(same(back[i].second, tensors[i].second));
    CHECK(!back[i].second.weak());
  }
  CHECK(load_metadata(path) == std::map<std::string, std::string>{{"step", "10"}, {"ключ", "значение"}});
  save_tensors(path, {});
  CHECK(load_tensors(path).empty());
  CHECK(load_metadata(path).empty());
}

TEST_CASE("safetensors: tensors outlive the file and views of misaligned data are copies") {
  const Folder folder;
  const std::string path = folder.file("t.safetensors");
  save_tensors(path, {{"x", floats({1, 2, 3})}});
  const Tensor x = load_tensors(path)[0].second;
  save_tensors(path, {{"x", floats({4, 5, 6})}});
  fs::remove(path);
  CHECK(x.to_vector<float>() == std::vector<float>{1, 2, 3});
  const Tensor y = x + 1;  // a borrowed buffer is never taken over
  CHECK(x.to_vector<float>() == std::vector<float>{1, 2, 3});
  // 'b' first: one byte, then floats at an odd place.
  write(path, file_of(R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"F32","shape":[1],)"
                      R"("data_offsets":[1,5]}} )",
                      std::string("\x07\x00\x00\x80\x3f", 5)));
  CHECK(load_tensors(path)[1].second.item<float>() == 1.0f);
}

TEST_CASE("safetensors: what cannot be saved") {
  const Folder folder;
  const std::string path = folder.file("t.safetensors");
  const Tensor x = floats({1});
  CHECK_THROWS_WITH(save_tensors(path, {{"x", x}, {"x", x}}), "save: two tensors are called \"x\"");
  CHECK_THROWS_WITH(save_tensors(path, {{"__metadata__", x}}), "save: \"__metadata__\" cannot be the name of a tensor");
  CHECK_THROWS_WITH(save_tensors(path, {{"\xff", x}}), "save: a name or an entry of the metadata is not UTF-8");
  CHECK_THROWS_WITH((Metadata{{"a", "1"}, {"a", "2"}}), "metadata: \"a\" is given twice");
  CHECK_THROWS_WITH(save_tensors(folder.file("no/such/t"), {{"x", x}}),
                    "save: cannot write " + folder.file("no/such/t") + ": No such file or directory");
  CHECK_THROWS_WITH(load_tensors(folder.file("none")),
                    "load: cannot read " + folder.file("none") + ": No such file or directory");
  CHECK_THROWS_WITH(load_tensors(folder.path.string()),
                    "load: cannot read " + folder.path.string() + ": it is not a file");
  auto level = VmapLevel::make(1);
  const LevelScope scope(level->level());
  CHECK_THROWS_AS(save_tensors(path, {{"x", level->wrap({x, 0})}}), TransformError);
  CHECK(fs::is_empty(folder.path));  // nothing half-written, nothing left behind
}

TEST_CASE("a file is replaced whole: the old one stays until the new one is complete") {
  const Folder folder;
  const std::string path = folder.file("t.safetensors");
  save_tensors(path, {{"x", floats({1})}});
  const std::string before = read(path);
  REQUIRE(::chmod(folder.path.c_str(), 0500) == 0);
  if (::access(folder.path.c_str(), W_OK) != 0) {  // root may write everywhere
    CHECK_THROWS_AS(save_tensors(path, {{"x", floats({2})}}), IoError);
    CHECK(read(path) == before);
  }
  REQUIRE(::chmod(folder.path.c_str(), 0700) == 0);
  save_tensors(path, {{"x", floats({2})}});
  CHECK(load_tensors(path)[0].second.item<float>() == 2.0f);
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator{}) == 1);
  const std::string once = read(path);
  save_tensors(path, {{"x", floats({2})}});
  CHECK(read(path) == once);
}

namespace {

/// A file and the end of the message that reading it gives.
struct Bad {
  std::string bytes, message;
};

std::vector<Bad> malformed_files() {
  const std::string one(4, '\0'), two(8, '\0');
  const auto entry = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"x":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  const auto f32 = [&](const std::string& shape, const std::string& offsets) {
    return entry(R"("F32")", shape, offsets);
  };
  const std::string x01 = R"("x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  return {
      {"", "the file has 0 bytes, a safetensors file has 8 before its header"},
      {"1234567", "the file has 7 bytes, a safetensors file has 8 before its header"},
      {std::string("\x05\0\0\0\0\0\0\0{}", 10), "the header is said to have 5 bytes, but only 2 follow"},
      {std::string(8, '\xff') + "{}", "the header is said to have 18446744073709551615 bytes, but only 2 follow"},
      {file_of("", ""), "the header does not begin with {"},
      {file_of("[]", ""), "the header does not begin with {"},
      {file_of("{", ""), "parse error"},
      {file_of("{} x", ""), "parse error"},
      {file_of("{\"\xff\":{}}", ""), "ill-formed UTF-8"},
      {file_of(R"({"__metadata__":3})", ""), "__metadata__ is not an object"},
      {file_of(R"({"__metadata__":{"a":3}})", ""), "__metadata__ entry \"a\" is not a string"},
      {file_of(R"({"x":3})", one), "tensor \"x\": its entry is not an object"},
      {file_of(R"({"x":{"shape":[1],"data_offsets":[0,4]}})", one), "tensor \"x\": it has no dtype"},
      {file_of(R"({"x":{"dtype":"F32","data_offsets":[0,4]}})", one), "tensor \"x\": it has no shape"},
      {file_of(R"({"x":{"dtype":"F32","shape":[1]}})", one), "tensor \"x\": it has no data_offsets"},
      {file_of(entry("32", "[1]", "[0,4]"), one), "tensor \"x\": its dtype is not a string"},
      {file_of(entry(R"("F8_E4M3")", "[4]", "[0,4]"), one), "tensor \"x\": there is no dtype for \"F8_E4M3\""},
      {file_of(f32("1", "[0,4]"), one), "tensor \"x\": its shape is not a list"},
      {file_of(f32("[-1]", "[0,4]"), one), "tensor \"x\": shape has -1, which is no size"},
      {file_of(f32("[1.0]", "[0,4]"), one), "tensor \"x\": shape has 1.0, which is no size"},
      {file_of(f32("[18446744073709551615]", "[0,4]"), one),
       "tensor \"x\": shape has 18446744073709551615, which is no size"},
      {file_of(f32("[4294967296,4294967296]", "[0,4]"), one), "is too large"},
      {file_of(f32("[4294967296,4294967296,0]", "[0,0]"), ""), "is too large"},
      {file_of(f32("[1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,4]"), one), "it has 13 axes, at most 12 are possible"},
      {file_of(f32("[1]", "[0]"), one), "tensor \"x\": data_offsets is not two numbers"},
      {file_of(f32("[1]", "[0,-4]"), one), "tensor \"x\": data_offsets has -4, which is no size"},
      {file_of(f32("[1]", "[4,0]"), one), "data_offsets [4, 0] lie outside the 4 bytes of data"},
      {file_of(f32("[1]", "[4,8]"), one), "data_offsets [4, 8] lie outside the 4 bytes of data"},
      {file_of(f32("[2]", "[0,4]"), one), "F32 [2] is 8 bytes, data_offsets give it 4"},
      {file_of(f32("[1]", "[4,8]"), two), "bytes 0 to 4 of the data belong to no tensor"},
      {file_of(f32("[1]", "[0,4]"), two), "bytes 4 to 8 of the data belong to no tensor"},
      {file_of("{" + x01 + R"(,"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", one),
       "tensors \"x\" and \"y\" overlap"},
      {file_of("{" + x01 + "," + x01 + "}", one), "the header has \"x\" twice"},
      {file_of(R"({"x":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}})", one),
       "the header has \"dtype\" twice"},
      {file_of(entry(R"("BOOL")", "[4]", "[0,4]"), std::string("\0\1\2\0", 4)),
       "tensor \"x\" is bool, but one of its bytes is 2"},
  };
}

}  // namespace

TEST_CASE("safetensors: malformed files are IoErrors that name the file and the fact") {
  const Folder folder;
  const std::string path = folder.file("bad.safetensors");
  for (const Bad& bad : malformed_files()) {
    write(path, bad.bytes);
    INFO(bad.message);
    CHECK_THROWS_AS(load_tensors(path), IoError);
    CHECK_THROWS_WITH(load_tensors(path), Catch::StartsWith("load: " + path + ": ") && Catch::Contains(bad.message));
  }
  write(path, file_of(std::string(200000, '[').replace(0, 1, "{\"a\":"), ""));
  CHECK_THROWS_AS(load_tensors(path), IoError);
}

namespace {

/// Reads a mutated file: any value or an IoError will do, and every byte that was read must be there.
template <class Load>
void fuzz(const std::string& path, const std::string& good, Load load, int rounds) {
  std::mt19937 random(20260103);
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  for (int i = 0; i < rounds; ++i) {
    std::string bytes = good;
    const std::size_t edits = 1 + below(4);
    for (std::size_t e = 0; e < edits && !bytes.empty(); ++e) {
      const std::size_t at = below(std::min<std::size_t>(bytes.size(), 400));
      switch (below(5)) {
        case 0:
          bytes[at] = static_cast<char>(below(256));
          break;
        case 1:
          bytes.erase(at, 1 + below(8));
          break;
        case 2:
          bytes.insert(at, 1, "0123456789{}[](),:\"'-"[below(20)]);
          break;
        case 3:
          bytes.resize(below(bytes.size() + 1));
          break;
        default:
          bytes[at] = "0123456789"[below(10)];
      }
    }
    write(path, bytes);
    try {
      load();
    } catch (const IoError&) {
    }
  }
}

}  // namespace

TEST_CASE("safetensors: files mutated at random") {
  const Folder folder;
  const std::string path = folder.file("fuzz.safetensors");
  save(path, make_model(), {{"step", "10"}});
  const std::string good = read(path);
  fuzz(
      path, good,
      [&] {
        double sum = 0;
        for (const auto& [name, x] : load_tensors(path)) {
          for (const double v : x.to_vector<double>()) sum += v;
        }
        load<Tree>(path);
        return sum;
      },
      3000);
  write(path, good);
  fuzz(
      path, good, [&] { load<Model>(path); }, 1000);
}

TEST_CASE("trees: names, there and back") {
  const Folder folder;
  const std::string path = folder.file("m.safetensors");
  const Model m = make_model();
  save(path, m, {{"step", "10"}});
  std::vector<std::string> names;
  for (const auto& [name, x] : load_tensors(path)) names.push_back(name);
  CHECK(names == std::vector<std::string>{"layers.0.w", "layers.0.b", "layers.1.w", "layers.1.b", "scale", "tables.a.b",
                                          "tables.z", "pair.0", "pair.1.w", "pair.1.b"});
  const auto back = load<Model>(path);
  CHECK(back.layers.size() == 2);
  CHECK(back.layers[0].width == 0);  // static members have their defaults
  CHECK(back.name == "model");
  const auto a = tree_leaves(m), b = tree_leaves(back);
  REQUIRE(tree_paths(m) == tree_paths(back));
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(same(a[i], b[i]));
  CHECK(load_into(path, m).name == "mine");

  const auto tree = load<Tree>(path);
  CHECK(tree["layers"].is_list());
  CHECK(same(tree["layers"][1]["w"].tensor(), m.layers[1].w));
  CHECK(same(tree["tables"]["a"]["b"].tensor(), m.tables.at("a.b")));
}

TEST_CASE("trees: one tensor, a vector, nothing, undefined leaves") {
  const Folder folder;
  const std::string path = folder.file("m.safetensors");
  save(path, floats({1, 2}));
  CHECK(same(load<Tensor>(path), floats({1, 2})));
  CHECK(load<Tree>(path).is_tensor());
  save(path, std::vector<Tensor>{floats({1}), floats({2})});
  CHECK(load<std::vector<Tensor>>(path).size() == 2);
  CHECK(load<Tree>(path).is_list());
  save(path, std::vector<Tensor>{});
  CHECK(load<std::vector<Tensor>>(path).empty());
  Layer l{floats({1}), {}, 5};
  save(path, l);
  CHECK(!load_into(path, l).b.defined());
  CHECK_THROWS_WITH(load<Layer>(path), "load: " + path + " has no tensor \"b\" for .b");
}

TEST_CASE("trees: what does not fit") {
  const Folder folder;
  const std::string path = folder.file("m.safetensors");
  const Layer l{floats({1}), floats({2, 3}), 5};
  save(path, l);
  CHECK_THROWS_WITH(load<std::vector<Tensor>>(path),
                    "load: " + path + " has a tensor \"b\", which has no place in the tree (and 1 more)");
  CHECK_THROWS_WITH(load_into(path, Layer{floats({1, 2}), floats({2, 3}), 5}),
                    "load_into: " + path + ": tensor \"w\" is float32 [1], the tree's is float32 [2]");
  CHECK_THROWS_WITH(load_into(path, Layer{floats({1}), counted({2}, int32), 5}),
                    "load_into: " + path + ": tensor \"b\" is float32 [2], the tree's is int32 [2]");
  const Tree clash = Tree::dict({{"a.b", floats({1})}, {"a", Tree::dict({{"b", floats({2})}})}});
  CHECK_THROWS_WITH(save(path, clash), "save: two tensors are called \"a.b\"");
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "a.";
  save_tensors(path, {{deep + "a", floats({1})}});
  CHECK_THROWS_WITH(load<Tree>(path), "load: a tensor's name has more than 256 steps");
}

TEST_CASE("npy: every dtype and layout, there and back") {
  const Folder folder;
  const std::string path = folder.file("x.npy");
  for (const Dtype d : all_dtypes) {
    for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 3}, Shape{0, 4}}) {
      const Tensor x = counted(shape, d);
      save_npy(path, x);
      CHECK(same(load_npy(path), x));
      CHECK((read(path).find('\n') + 1) % 64 == 0);
    }
  }
  save_npy(path, floats({1}));
  CHECK(read(path).substr(10, 58) == "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } ");
}

namespace {

std::string npy(int version, const std::string& header, const std::string& data) {
  std::string s = "\x93NUMPY";
  s += static_cast<char>(version);
  s += '\0';
  const std::size_t n = header.size();
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) s += static_cast<char>(n >> (8 * i));
  return s + header + data;
}
std::string npy_header(const std::string& descr, bool fortran, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + "}\n";
}

}  // namespace

TEST_CASE("npy: versions, Fortran order, big endian, other spellings") {
  const Folder folder;
  const std::string path = folder.file("x.npy");
  const std::string six("\0\1\2\3\4\5", 6);
  for (int version : {1, 2, 3}) {
    write(path, npy(version, npy_header("|u1", true, "(2, 3)"), six));
    const Tensor x = load_npy(path);
    CHECK(x.shape() == Shape{2, 3});
    CHECK(x.to_vector<int>() == std::vector<int>{0, 2, 4, 1, 3, 5});
  }
  write(path, npy(1, npy_header(">u2", false, "(3,)"), six));
  CHECK(load_npy(path).to_vector<int>() == std::vector<int>{1, 0x203, 0x405});
  write(path, npy(1, npy_header(">u2", true, "(3, 1)"), six));
  CHECK(load_npy(path).to_vector<int>() == std::vector<int>{1, 0x203, 0x405});
  write(path, npy(1, "{\"shape\": (3L,), \"descr\": \"=i2\", \"fortran_order\": False, }", six));
  CHECK(load_npy(path).to_vector<int>() == std::vector<int>{0x100, 0x302, 0x504});
}

TEST_CASE("npy: malformed files") {
  const Folder folder;
  const std::string path = folder.file("bad.npy");
  const std::string four(4, '\0');
  const auto f4 = [](const std::string& shape) { return npy_header("<f4", false, shape); };
  const std::vector<Bad> cases = {
      {"", "it is not a .npy file"},
      {"PK\x03\x04 something else", "it is not a .npy file"},
      {npy(4, f4("(1,)"), four), "version 4 is not known"},
      {npy(1, f4("(1,)"), "").substr(0, 30), "which the file has not"},
      {npy(2, f4("(1,)"), "").substr(0, 11), "which the file has not"},
      {npy(1, "", four), "the header lacks '{' at its byte 0"},
      {npy(1, "{'descr': '<f4'}", four), "the header lacks one of descr, fortran_order and shape"},
      {npy(1, "{'descr': '<f4', 'descr': '<f4'}", four), "the header has 'descr' twice"},
      {npy(1, "{'more': '<f4'}", four), "the header has the unknown key 'more'"},
      {npy(1, "{'descr", four), "the header has a string without an end"},
      {npy(1, f4("(1,)") + "x", four), "the header goes on after its dictionary"},
      {npy(1, npy_header("|O", false, "(1,)"), four), "arrays of Python objects are not supported"},
      {npy(1, npy_header("<c8", false, "(1,)"), four), "there is no dtype for '<c8'"},
      {npy(1, npy_header("<U1", false, "(1,)"), four), "there is no dtype for '<U1'"},
      {npy(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", four),
       "arrays of structures are not supported"},
      {npy(1, "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", four), "fortran_order is neither True nor False"},
      {npy(1, f4("(-1,)"), four), "its shape has something that is no size"},
      {npy(1, f4("(1.5,)"), four), "the header lacks ')'"},
      {npy(1, f4("(99999999999999999999,)"), four), "its shape is too large"},
      {npy(1, f4("(4294967296, 4294967296)"), four), "is too large"},
      {npy(1, f4("(4294967296, 4294967296, 0)"), ""), "is too large"},
      {npy(1, f4("(1,1,1,1,1,1,1,1,1,1,1,1,1)"), four), "it has more than 12 axes"},
      {npy(1, f4("(2,)"), four), "float32 [2] is 8 bytes, the file has 4"},
      {npy(1, f4("(1,)"), four + "x"), "float32 [1] is 4 bytes, the file has 5"},
      {npy(1, npy_header("|b1", false, "(4,)"), "\1\1\1\5"), "the array is bool, but one of its bytes is 5"},
  };
  for (const Bad& bad : cases) {
    write(path, bad.bytes);
    INFO(bad.message);
    CHECK_THROWS_AS(load_npy(path), IoError);
    CHECK_THROWS_WITH(load_npy(path), Catch::StartsWith("load_npy: " + path + ": ") && Catch::Contains(bad.message));
  }
  save_npy(path, counted({3, 4}, int16));
  fuzz(
      path, read(path), [&] { load_npy(path).to_vector<double>(); }, 3000);
}
