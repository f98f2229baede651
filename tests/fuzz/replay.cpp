// Runs a fuzz target over every file of a folder, and then over inputs made from them and from nothing by a seeded generator: the
// same inputs on every machine. usage: replay FOLDER COUNT [SEED]

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

std::vector<Input> read_folder(const std::string& folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.is_regular_file()) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::vector<Input> inputs;
    for (const auto& path : paths) {
        std::ifstream file(path, std::ios::binary);
        inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return inputs;
}

Input invent(const std::vector<Input>& seeds, std::mt19937_64& random) {
    Input input;
    if (random() % 4 != 0) {
        input = seeds[random() % seeds.size()];
        if (random() % 2 == 0) {
            const auto& other = seeds[random() % seeds.size()];
            input.insert(input.end(), other.begin(), other.end());
        }
        for (auto changes = random() % 8; changes > 0 && !input.empty(); --changes) {
            const auto at = random() % input.size();
            switch (random() % 3) {
                case 0:
                    input[at] = static_cast<std::uint8_t>(random());
                    break;
                case 1:
                    input[at] = static_cast<std::uint8_t>(input[at] ^ 1u << random() % 8);
                    break;
                default:
                    input.erase(input.begin() + static_cast<std::ptrdiff_t>(at));
                    break;
            }
        }
    } else {
        input.resize(random() % 600);
        for (auto& byte : input) byte = static_cast<std::uint8_t>(random());
    }
    return input;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return std::fprintf(stderr, "usage: replay FOLDER COUNT [SEED]\n"), 2;
    const auto seeds = read_folder(argv[1]);
    if (seeds.empty()) return std::fprintf(stderr, "%s: holds no seeds\n", argv[1]), 2;
    const unsigned long long seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
    const unsigned long long count = std::strtoull(argv[2], nullptr, 10);
    for (const auto& input : seeds) LLVMFuzzerTestOneInput(input.data(), input.size());
    std::mt19937_64 random(seed);
    for (unsigned long long i = 0; i < count; ++i) {
        const Input input = invent(seeds, random);
        // Left behind when the target aborts: the input that did it.
        if (const char* keep = std::getenv("REPLAY_KEEP"); keep != nullptr) {
            std::ofstream(keep, std::ios::binary)
                .write(reinterpret_cast<const char*>(input.data()), static_cast<std::streamsize>(input.size()));
        }
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    std::printf("%zu seeds and %llu inputs of seed %llu: every promise held\n", seeds.size(), count, seed);
    return 0;
}
