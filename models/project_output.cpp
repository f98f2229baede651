// The projection of a network's output: an eigenproblem, by Jacobi's cyclic method (Golub and Van Loan, Matrix Computations,
// section 8.5). Compiled without fused multiply-add: templates of two machines must be the same projection.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/conv_graph.hpp"

namespace menshen::models {
namespace {

/// A symmetric matrix, by rows.
struct Square {
    std::size_t side;
    std::vector<double> values;
    explicit Square(std::size_t size) : side(size), values(size * size) {}
    double& at(std::size_t row, std::size_t column) { return values[row * side + column]; }
    [[nodiscard]] double at(std::size_t row, std::size_t column) const { return values[row * side + column]; }
};

constexpr std::size_t kMaxSide = 1024;
constexpr int kMaxSweeps = 60;

/// W W^T + b b^T: its eigenvectors are the left singular vectors of the weights with the biases as one more column.
Square gram(const ConvNode& layer) {
    const auto outputs = layer.biases.size();
    const auto inputs = layer.weights.size() / outputs;
    Square out(outputs);
    for (std::size_t a = 0; a < outputs; ++a) {
        for (std::size_t b = 0; b <= a; ++b) {
            double sum = static_cast<double>(layer.biases[a]) * layer.biases[b];
            for (std::size_t i = 0; i < inputs; ++i)
                sum += static_cast<double>(layer.weights[a * inputs + i]) * layer.weights[b * inputs + i];
            out.at(a, b) = out.at(b, a) = sum;
        }
    }
    return out;
}

/// Turns rows and columns p and q so that their element vanishes, and the vectors with them.
void rotate(Square& matrix, Square& vectors, std::size_t p, std::size_t q) {
    const double theta = (matrix.at(q, q) - matrix.at(p, p)) / (2 * matrix.at(p, q));
    const double t = (theta >= 0 ? 1.0 : -1.0) / (std::abs(theta) + std::sqrt(theta * theta + 1));
    const double c = 1 / std::sqrt(t * t + 1), s = t * c;
    for (std::size_t k = 0; k < matrix.side; ++k) {
        const double one = matrix.at(k, p), other = matrix.at(k, q);
        matrix.at(k, p) = c * one - s * other;
        matrix.at(k, q) = s * one + c * other;
    }
    for (std::size_t k = 0; k < matrix.side; ++k) {
        const double one = matrix.at(p, k), other = matrix.at(q, k);
        matrix.at(p, k) = c * one - s * other;
        matrix.at(q, k) = s * one + c * other;
        const double x = vectors.at(p, k), y = vectors.at(q, k);  // Vectors are rows.
        vectors.at(p, k) = c * x - s * y;
        vectors.at(q, k) = s * x + c * y;
    }
}

/// Leaves the eigenvalues on the diagonal of `matrix`; the rows of the result are the vectors.
Square eigenvectors(Square& matrix) {
    Square vectors(matrix.side);
    double scale = 0;
    for (std::size_t i = 0; i < matrix.side; ++i) {
        vectors.at(i, i) = 1;
        scale = std::max(scale, matrix.at(i, i));
    }
    for (int sweep = 0; sweep < kMaxSweeps; ++sweep) {
        bool turned = false;
        for (std::size_t p = 0; p < matrix.side; ++p) {
            for (std::size_t q = p + 1; q < matrix.side; ++q) {
                if (std::abs(matrix.at(p, q)) <= 1e-15 * scale) continue;
                rotate(matrix, vectors, p, q);
                turned = true;
            }
        }
        if (!turned) break;
    }
    return vectors;
}

/// layer := basis * layer, where `basis` is rows of `vectors`, strongest first.
ConvNode projected(const ConvNode& layer, const Square& vectors, const std::vector<std::size_t>& order, std::size_t dim) {
    const auto outputs = layer.biases.size();
    const auto inputs = layer.weights.size() / outputs;
    ConvNode out = layer;
    out.out.channels = static_cast<int>(dim);
    out.weights.assign(dim * inputs, 0);
    out.biases.assign(dim, 0);
    for (std::size_t d = 0; d < dim; ++d) {
        std::vector<double> row(inputs);
        double bias = 0;
        for (std::size_t o = 0; o < outputs; ++o) {
            const double share = vectors.at(order[d], o);
            bias += share * layer.biases[o];
            for (std::size_t i = 0; i < inputs; ++i) row[i] += share * layer.weights[o * inputs + i];
        }
        std::transform(row.begin(), row.end(), out.weights.begin() + static_cast<std::ptrdiff_t>(d * inputs),
                       [](double value) { return static_cast<float>(value); });
        out.biases[d] = static_cast<float>(bias);
    }
    return out;
}

}  // namespace

Result<void> project_output(ConvGraph& graph, int dim) {
    if (graph.nodes.empty() || dim < 1) return fail("there is nothing to project");
    auto& last = graph.nodes.back();
    if (!last.is_pointwise() || last.out.height != 1 || last.out.width != 1)
        return fail("the network does not end in a linear layer, so its output cannot be projected");
    const auto outputs = last.biases.size(), wanted = static_cast<std::size_t>(dim);
    if (outputs <= wanted || outputs > kMaxSide) return fail("{} numbers cannot be projected to {}", outputs, dim);
    Square matrix = gram(last);
    const Square vectors = eigenvectors(matrix);
    std::vector<std::size_t> order(outputs);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return matrix.at(a, a) > matrix.at(b, b); });
    last = projected(last, vectors, order, wanted);
    return {};
}

}  // namespace menshen::models
