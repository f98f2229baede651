#include "models/landmarks.hpp"

#include <dlib/image_processing.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "models/align.hpp"

namespace menshen::models {
namespace {

constexpr std::size_t kPoints = 5;
using Shape = std::array<Point, kPoints>;

/// A square with its upper left corner, between pixels too.
struct Square {
    float x = 0, y = 0, side = 0;
    /// A place that is given as a share of the square.
    [[nodiscard]] Point at(Point share) const { return {x + share.x * side, y + share.y * side}; }
};

struct Split {
    std::uint16_t one = 0, other = 0;  ///< Of the pixels that were sampled: which two are compared.
    float threshold = 0;
};

/// One step of the cascade. All trees have the same depth, so that they lie one behind the other.
struct Step {
    std::vector<std::uint16_t> anchors;  ///< For each sampled pixel: the point that it is near to...
    std::vector<Point> offsets;          ///< ...and where from there, in the mean shape.
    std::size_t splits_each = 0;
    std::vector<Split> splits;
    std::vector<Shape> leaves;
};

Shape shape_from(const dlib::matrix<float, 0, 1>& values) {
    if (values.size() != 2 * kPoints) throw std::runtime_error("the landmark model has not five points");
    Shape out;
    for (std::size_t i = 0; i < kPoints; ++i) out[i] = {values(static_cast<long>(2 * i)), values(static_cast<long>(2 * i + 1))};
    return out;
}

Step step_from(const std::vector<dlib::impl::regression_tree>& trees, const std::vector<unsigned long>& anchors,
               const std::vector<dlib::vector<float, 2>>& offsets) {
    Step out;
    if (anchors.size() != offsets.size() || anchors.size() > 65536 || trees.empty())
        throw std::runtime_error("the landmark model does not fit together");
    for (std::size_t i = 0; i < anchors.size(); ++i) {
        if (anchors[i] >= kPoints) throw std::runtime_error("the landmark model does not fit together");
        out.anchors.push_back(static_cast<std::uint16_t>(anchors[i]));
        out.offsets.push_back({offsets[i].x(), offsets[i].y()});
    }
    out.splits_each = trees.front().splits.size();
    for (const auto& tree : trees) {
        // A full binary tree: one leaf more than splits, or walking down it would end beyond the leaves.
        const bool full = tree.splits.size() == out.splits_each && tree.leaf_values.size() == out.splits_each + 1;
        if (!full || (tree.leaf_values.size() & (tree.leaf_values.size() - 1)) != 0)
            throw std::runtime_error("the landmark model does not fit together");
        for (const auto& split : tree.splits) {
            if (split.idx1 >= anchors.size() || split.idx2 >= anchors.size())
                throw std::runtime_error("the landmark model does not fit together");
            out.splits.push_back({static_cast<std::uint16_t>(split.idx1), static_cast<std::uint16_t>(split.idx2), split.thresh});
        }
        for (const auto& leaf : tree.leaf_values) out.leaves.push_back(shape_from(leaf));
    }
    return out;
}

/// The grey of a pixel as dlib takes it, 0 outside of the picture.
float grey_at(const Image& picture, Point at) {
    const float x = std::floor(at.x + 0.5F), y = std::floor(at.y + 0.5F);
    if (!(x >= 0 && y >= 0 && x < static_cast<float>(picture.width) && y < static_cast<float>(picture.height))) return 0;
    const auto* pixel = picture.rgb.data() + (static_cast<std::size_t>(y) * picture.width + static_cast<std::size_t>(x)) * 3;
    return static_cast<float>((pixel[0] + pixel[1] + pixel[2]) / 3);
}

/// Where the boxes of a pass are, as shares of the spread: the middle, then a spiral around it that fills a disc evenly.
Point place_of(int look, int looks) {
    constexpr float kGoldenAngle = 2.399963F;
    if (look == 0) return {0, 0};
    const float radius = std::sqrt(static_cast<float>(look) / static_cast<float>(looks - 1));
    const float angle = kGoldenAngle * static_cast<float>(look);
    return {radius * std::cos(angle), radius * std::sin(angle)};
}

}  // namespace

struct Landmarks::Model {
    Shape mean;
    std::vector<Step> steps;

    /// The points as shares of the square.
    [[nodiscard]] Shape run(const Image& picture, const Square& square, std::vector<float>& pixels) const {
        Shape now = mean;
        for (const auto& step : steps) {
            // Turned and scaled from the mean shape to where the points are now.
            const auto turn = similarity(mean, now);
            pixels.resize(step.offsets.size());
            for (std::size_t i = 0; i < pixels.size(); ++i) {
                const Point offset = step.offsets[i], anchor = now[step.anchors[i]];
                pixels[i] = grey_at(picture, square.at({turn.a * offset.x - turn.b * offset.y + anchor.x,
                                                        turn.b * offset.x + turn.a * offset.y + anchor.y}));
            }
            descend(step, pixels, now);
        }
        return now;
    }

    static void descend(const Step& step, const std::vector<float>& pixels, Shape& shape) {
        const std::size_t splits = step.splits_each;
        for (std::size_t tree = 0; tree * (splits + 1) < step.leaves.size(); ++tree) {
            const Split* split = step.splits.data() + tree * splits;
            std::size_t at = 0;
            while (at < splits) at = 2 * at + (pixels[split[at].one] - pixels[split[at].other] > split[at].threshold ? 1 : 2);
            const Shape& leaf = step.leaves[tree * (splits + 1) + at - splits];
            for (std::size_t i = 0; i < kPoints; ++i) {
                shape[i].x += leaf[i].x;
                shape[i].y += leaf[i].y;
            }
        }
    }

    /// The mean of the looks.
    [[nodiscard]] FacePoints pass(const Image& picture, const Square& square, const LandmarkEffort& effort,
                                  std::vector<float>& pixels) const {
        FacePoints out{};
        const int looks = std::clamp(effort.looks, 1, 25);
        for (int look = 0; look < looks; ++look) {
            const auto place = place_of(look, looks);
            const float reach = effort.spread * square.side;
            const Square shifted{square.x + reach * place.x, square.y + reach * place.y, square.side};
            const auto found = run(picture, shifted, pixels);
            for (std::size_t i = 0; i < kPoints; ++i) {
                const auto at = shifted.at(found[i]);
                out.all[i].x += at.x / static_cast<float>(looks);
                out.all[i].y += at.y / static_cast<float>(looks);
            }
        }
        return out;
    }

    /// The square in which the mean shape lies where these points are.
    [[nodiscard]] Square square_around(const FacePoints& points) const {
        const auto fit = similarity(mean, points.all);
        const float side = std::hypot(fit.a, fit.b);
        const auto middle = fit({0.5F, 0.5F});
        return {middle.x - side / 2, middle.y - side / 2, side};
    }
};

Landmarks::Landmarks(const std::string& dat) : model_(std::make_unique<Model>()) {
    // The file as dlib's shape_predictor writes it; its own type does not let anybody see what it holds.
    std::istringstream in(dat);
    int version = 0;
    dlib::matrix<float, 0, 1> mean;
    std::vector<std::vector<dlib::impl::regression_tree>> forests;
    std::vector<std::vector<unsigned long>> anchors;
    std::vector<std::vector<dlib::vector<float, 2>>> offsets;
    dlib::deserialize(version, in);
    if (version != 1) throw std::runtime_error("the landmark model has another format");
    dlib::deserialize(mean, in);
    dlib::deserialize(forests, in);
    dlib::deserialize(anchors, in);
    dlib::deserialize(offsets, in);
    if (forests.size() != anchors.size() || forests.size() != offsets.size())
        throw std::runtime_error("the landmark model does not fit together");
    model_->mean = shape_from(mean);
    for (std::size_t i = 0; i < forests.size(); ++i) model_->steps.push_back(step_from(forests[i], anchors[i], offsets[i]));
}
Landmarks::~Landmarks() = default;
Landmarks::Landmarks(Landmarks&&) noexcept = default;
Landmarks& Landmarks::operator=(Landmarks&&) noexcept = default;

FacePoints Landmarks::find(const Image& picture, const Box& box, const LandmarkEffort& effort) const {
    // dlib's rectangles end on their last pixel, not behind it.
    Square square{static_cast<float>(box.x), static_cast<float>(box.y), static_cast<float>(box.width - 1)};
    std::vector<float> pixels;
    FacePoints out{};
    for (int pass = 0; pass < std::clamp(effort.passes, 1, 4); ++pass) {
        if (pass > 0) square = model_->square_around(out);
        out = model_->pass(picture, square, effort, pixels);
    }
    return out;
}

}  // namespace menshen::models
