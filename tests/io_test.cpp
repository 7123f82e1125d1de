// Files: safetensors there and back, whole trees, and every way a file can be malformed: an IoError each time, never a
// crash or a wild read (the address sanitizer runs this too).
#include <sys/stat.h>

#include "strata/functorch/vmap_level.hpp"
#include "strata/io/npy.hpp"
#include "strata/io/tree_file.hpp"
#include "strata/tests/files.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

/// A safetensors file of a header and data.
std::string file_of(const std::string& header, const std::string& data) {
  const std::uint64_t n = header.size();
  std::string s(reinterpret_cast<const char*>(&n), 8);
  return s + header + data;
}

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
