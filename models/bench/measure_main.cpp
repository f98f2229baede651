// menshen-measure-faces FOLDER: what a threshold costs, measured on photographs with one folder for each person.
//
// Persons are split in two by the order of their names: thresholds are read off the even half and checked on the odd one. One
// JSON object a line. It is how models/calibration.cpp got its numbers; it needs photographs that never enter the product.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <random>
#include <vector>

#include "models/cache.hpp"
#include "models/pipeline.hpp"

namespace {

namespace fs = std::filesystem;
using namespace menshen;
using namespace menshen::models;

using Person = std::vector<Template>;

struct Half {
    const char* name;
    std::vector<Person> persons;
};

struct Scores {
    std::vector<float> same, other;  ///< Descending.
};

std::vector<fs::path> sorted(const fs::path& folder) {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(folder)) out.push_back(entry.path());
    std::sort(out.begin(), out.end());
    return out;
}

Person embed_folder(Pipeline& pipeline, const fs::path& folder, int& pictures) {
    Person out;
    for (const auto& path : sorted(folder)) {
        const auto file = read_file(path.string(), kMaxEncodedBytes);
        if (!file) continue;
        const auto picture = decode({reinterpret_cast<const std::uint8_t*>(file->data()), file->size()});
        if (!picture) continue;
        ++pictures;
        // The picture is of the face nearest its middle, not of bystanders.
        auto faces = pipeline.find(*picture);
        if (!faces || faces->empty()) continue;
        const auto from_middle = [&](const FoundFace& face) {
            const auto& box = face.box;
            return std::hypot(box.x + box.width / 2 - picture->width / 2, box.y + box.height / 2 - picture->height / 2);
        };
        const auto middle = std::min_element(faces->begin(), faces->end(), [&](const FoundFace& a, const FoundFace& b) {
            return from_middle(a) < from_middle(b);
        });
        if (auto face = pipeline.embed(*picture, *middle)) out.push_back(std::move(*face));
    }
    return out;
}

Scores all_pairs(const std::vector<Person>& persons) {
    Scores out;
    for (std::size_t p = 0; p < persons.size(); ++p) {
        for (std::size_t i = 0; i < persons[p].size(); ++i) {
            for (std::size_t j = i + 1; j < persons[p].size(); ++j) out.same.push_back(cosine(persons[p][i], persons[p][j]));
            for (std::size_t q = p + 1; q < persons.size(); ++q)
                for (const auto& other : persons[q]) out.other.push_back(cosine(persons[p][i], other));
        }
    }
    std::sort(out.same.rbegin(), out.same.rend());
    std::sort(out.other.rbegin(), out.other.rend());
    return out;
}

double share_above(const std::vector<float>& descending, float threshold) {
    const auto end = std::partition_point(descending.begin(), descending.end(), [&](float score) { return score >= threshold; });
    return static_cast<double>(end - descending.begin()) / static_cast<double>(descending.size());
}

float threshold_at(const std::vector<float>& descending, double rate) {
    return descending.at(static_cast<std::size_t>(rate * static_cast<double>(descending.size())));
}

void report_pairs(const Half& half, const Scores& scores, float threshold, double wanted) {
    fmt::print(
        "{{\"figure\": \"face.pairs\", \"half\": \"{}\", \"wanted_fmr\": {:.0e}, \"threshold\": {:.4f}, \"fmr\": {:.2e}, "
        "\"fnmr\": {:.4f}, "
        "\"impostor_pairs\": {}, \"genuine_pairs\": {}}}\n",
        half.name, wanted, threshold, share_above(scores.other, threshold), 1 - share_above(scores.same, threshold),
        scores.other.size(), scores.same.size());
}

/// One search of a face in a gallery: the best person's score and the second-best's.
struct Search {
    float best = -1, second = -1;
    bool right = false;
};

Search search(const std::vector<const Person*>& gallery, std::size_t templates, const Template& face, const Person* owner) {
    Search out;
    for (const auto* person : gallery) {
        float score = -1;
        for (std::size_t i = 0; i < std::min(templates, person->size()); ++i) score = std::max(score, cosine((*person)[i], face));
        if (score > out.best) {
            out.second = out.best;
            out.best = score;
            out.right = person == owner;
        } else {
            out.second = std::max(out.second, score);
        }
    }
    return out;
}

/// Galleries of `size` persons drawn again and again; the others knock at the door.
void report_gallery(const Half& half, std::size_t size, std::size_t templates, float threshold, float margin) {
    std::mt19937 random(7);
    std::vector<const Person*> all;
    for (const auto& person : half.persons)
        if (!person.empty()) all.push_back(&person);
    std::size_t strangers = 0, taken_for = 0, residents = 0, known = 0, wrong = 0;
    std::vector<float> stranger_best;
    for (int round = 0; round < 20; ++round) {
        std::shuffle(all.begin(), all.end(), random);
        const std::vector<const Person*> gallery(all.begin(), all.begin() + static_cast<long>(std::min(size, all.size() - 20)));
        for (std::size_t p = 0; p < all.size(); ++p) {
            const bool enrolled = p < gallery.size();
            for (std::size_t i = enrolled ? templates : 0; i < all[p]->size(); ++i) {
                const auto found = search(gallery, templates, (*all[p])[i], all[p]);
                const bool accepted = found.best >= threshold && found.best - found.second >= margin;
                (enrolled ? residents : strangers) += 1;
                if (!enrolled) {
                    stranger_best.push_back(found.best);
                    taken_for += accepted ? 1 : 0;
                } else {
                    known += accepted && found.right ? 1 : 0;
                    wrong += accepted && !found.right ? 1 : 0;
                }
            }
        }
    }
    std::sort(stranger_best.rbegin(), stranger_best.rend());
    const auto rate = [](std::size_t count, std::size_t of) {
        return of == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(of);
    };
    fmt::print(
        "{{\"figure\": \"face.gallery\", \"half\": \"{}\", \"persons\": {}, \"templates_each\": {}, \"threshold\": {:.3f}, "
        "\"margin\": {:.3f}, "
        "\"fpir\": {:.4f}, \"tpir\": {:.4f}, \"wrong_person\": {:.5f}, \"threshold_at_fpir_1pc\": {:.4f}, \"at_0.1pc\": {:.4f}, "
        "\"stranger_searches\": {}}}\n",
        half.name, size, templates, threshold, margin, rate(taken_for, strangers), rate(known, residents), rate(wrong, residents),
        threshold_at(stranger_best, 0.01), threshold_at(stranger_best, 0.001), strangers);
}

int run(const std::string& folder) {
    auto pipeline = Pipeline::open({models_dir(), 2});
    if (!pipeline) {
        fmt::print(stderr, "{}\n", pipeline.error().message);
        return 1;
    }
    std::array<Half, 2> halves = {{{"fit", {}}, {"check", {}}}};
    int pictures = 0, found = 0;
    std::size_t index = 0;
    for (const auto& person : sorted(folder)) {
        if (!fs::is_directory(person)) continue;
        auto templates = embed_folder(*pipeline, person, pictures);
        found += static_cast<int>(templates.size());
        halves.at(index++ % 2).persons.push_back(std::move(templates));
    }
    fmt::print("{{\"figure\": \"face.found\", \"pictures\": {}, \"faces\": {}, \"persons\": {}}}\n", pictures, found, index);
    const std::array<Scores, 2> scores = {all_pairs(halves[0].persons), all_pairs(halves[1].persons)};
    if (scores[0].other.empty() || scores[0].same.empty()) return 1;
    for (const double rate : {1e-3, 1e-4, 1e-5}) {
        const float threshold = threshold_at(scores[0].other, rate);
        for (std::size_t half = 0; half < 2; ++half) report_pairs(halves.at(half), scores.at(half), threshold, rate);
    }
    const auto calibration = calibration_of(manifest().with_role("embed")->name);
    for (const std::size_t size : {5, 20, 50, 100, 200, 280})
        for (const std::size_t templates : {1, 3})
            for (const auto& half : halves)
                report_gallery(half, size, templates, calibration ? calibration->threshold_for(size) : 1.0F,
                               calibration ? calibration->margin : 0.0F);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "menshen-measure-faces FOLDER\n");
        return 2;
    }
    try {
        return run(argv[1]);
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 1;
    }
}
